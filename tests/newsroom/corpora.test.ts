import { readFileSync } from 'node:fs';
import path from 'node:path';
import PostalMime from 'postal-mime';
import { deliverBatch } from '../../src/dispatch/index.ts';
import { PLAIN_SECTIONS } from '../../src/editions/index.ts';
import { httpUrl, urlKey } from '../../src/lib/url.ts';
import { approveEdition, collectAll, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { insertSource } from '../../src/sources/index.ts';
import { addNewsletter, addPublication, addReaders, openHouse } from '../support/house.ts';
import { startSmtpSink } from '../support/smtpSink.ts';
import { startWebServer } from '../support/webServer.ts';

// Real feeds, served on loopback as sources, go the whole way: into the pool, into an edition, into a mail.

const corpora = process.env.ROUNDUP_CORPORA;
const real = corpora === undefined ? '' : path.join(corpora, 'feeds');
const suite = corpora === undefined ? describe.skip : describe;

interface Expected {
  entries: { link: string; title: string; author: string | null; published: string }[];
}

const squeezed = (text: string) => text.replace(/\s+/g, '');

suite(`real feeds, to the inbox${corpora === undefined ? ' (ROUNDUP_CORPORA is not set)' : ''}`, () => {
  test('every RSS and Atom file of the corpus', async () => {
    const expectations = JSON.parse(readFileSync(path.join(real, 'real-expected.json'), 'utf8')) as Record<
      string,
      Expected
    >;
    const web = await startWebServer((request, response) =>
      response.end(readFileSync(path.join(real, 'real', path.basename(request.url ?? '')))),
    );
    const sink = await startSmtpSink();
    const house = await openHouse({ relay: sink.relay });
    const { db } = house.database;
    await addPublication(db);
    const files = Object.keys(expectations);
    for (const file of files) await insertSource(db, { name: file, url: `${web.url}/${file}`, isLocal: true });
    const newsroom = await house.newsroom();
    const collected = await collectAll(newsroom);
    expect(collected.map(({ outcome }) => outcome)).toEqual(files.map(() => 'read'));

    for (const [index, file] of files.entries()) {
      const { rows } = await sql<{ url: string; title: string; authors: string[]; publishedAt: Date }>`
        select url, title, authors, published_at as "publishedAt" from pieces where source_id = ${collected[index]!.source.id}`.execute(
        db,
      );
      const byUrl = new Map(rows.map((row) => [row.url, row]));
      const seen = new Set<string>();
      for (const entry of expectations[file]!.entries) {
        // Two entries on one page are one piece, as the first of them has it.
        const key = urlKey(entry.link);
        if (seen.has(key)) continue;
        seen.add(key);
        const piece = byUrl.get(httpUrl(entry.link)!);
        if (piece === undefined) throw new Error(`${file}: ${entry.link} is not in the pool`);
        if (entry.title !== '') expect(squeezed(piece.title)).toBe(squeezed(entry.title));
        if (entry.author !== null) expect(squeezed(entry.author)).toContain(squeezed(piece.authors[0] ?? 'nobody'));
        expect(Math.abs(piece.publishedAt.getTime() - Date.parse(entry.published))).toBeLessThan(1_000);
      }
    }

    // Old pieces and new: an edition over all of time, in the room of a mail.
    const newsletter = await addNewsletter(db, { sections: PLAIN_SECTIONS, windowDays: 365 });
    await sql`update pieces set published_at = now() - id * interval '1 minute'`.execute(db);
    await addReaders(db, newsletter.id, 3);
    const { edition, composition } = await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
    await approveEdition(newsroom, edition.id, 'an editor');
    await sendEdition(newsroom, edition.id, 'an editor');
    await deliverBatch(house.dispatchDeps(), edition.id, 0);
    expect(sink.mails).toHaveLength(3);
    const mail = await PostalMime.parse(sink.mails[0]!.message);
    for (const piece of composition.content.sections.flatMap(({ pieces }) => pieces)) {
      expect(squeezed(mail.text ?? '')).toContain(squeezed(piece.title));
      expect(mail.text).toContain(piece.url);
      expect(mail.html).toContain(piece.url.replaceAll('&', '&amp;').replaceAll('=', '&#x3D;'));
    }
    await house.remove();
    await sink.close();
    await web.close();
  }, 60_000);
});
