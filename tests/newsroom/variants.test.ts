import { deliverBatch, sumsOf } from '../../src/dispatch/index.ts';
import { sparedSets, withoutPieces } from '../../src/editions/index.ts';
import { approveEdition, getEdition, previewOf, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { startWeb } from '../../src/http/index.ts';
import { readerToken } from '../../src/subscribers/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { clockAt } from '../support/clock.ts';
import { editionContent } from '../support/edition.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { startSmtpSink } from '../support/smtpSink.ts';

// Readers of two newsletters of one house, spared what one of them has brought already: a variant for each set of readers.

test('a lead that is spared makes room for the next, in the subject too', () => {
  const content = editionContent({ subject: 'A headline', preheader: 'mine' });
  const titled = {
    ...content,
    sections: content.sections.map((section) => ({
      ...section,
      pieces: section.pieces.map((piece) => ({ ...piece, title: `Headline ${piece.pieceId}` })),
    })),
    subject: 'Headline 1',
  };
  const variant = withoutPieces(titled, new Set([1, 4]));
  expect(variant.sections.map(({ key, pieces }) => [key, pieces.map(({ pieceId }) => pieceId)])).toEqual([
    ['lead', [2]],
    ['analysis', [3]],
    ['opinion', [5]],
    ['shorts', [6, 7]],
  ]);
  expect([variant.subject, variant.preheader]).toEqual(['Headline 2', 'mine']);
  // What an editor wrote over it stays.
  expect(withoutPieces({ ...titled, subject: 'By hand' }, new Set([1])).subject).toBe('By hand');
});

test('a set for each way to have had some of it, none for whom too little would be left', () => {
  const content = editionContent();
  expect(sparedSets(content, [[1], [1, 2], [3, 4, 5, 6, 7]], 3)).toEqual([
    { spares: [1], masks: [1] },
    { spares: [1, 2], masks: [2, 3] },
  ]);
});

test('two newsletters that share pieces: who had them elsewhere gets the edition without them', async () => {
  const sink = await startSmtpSink();
  const clock = clockAt('2026-11-26T08:00:00Z');
  const app = await openHouse({ relay: sink.relay, clock });
  const { db } = app.database;
  await addPublication(db);
  const settings = {
    sections: [{ key: 'all', title: 'All', layout: 'list', max: 9 }],
    minimumPieces: 2,
    diversity: { minRegions: 1 },
  };
  const daily = await addNewsletter(db, { ...settings, minimumPieces: 1 }, undefined, 'daily');
  const weekly = await addNewsletter(db, { ...settings, sparesRepeats: true }, undefined, 'weekly');
  await addPieces(db, [{ slug: 'shared', title: 'The shared story', publishedAt: '2026-11-25T08:00:00Z' }]);
  await addReaders(db, weekly.id, 600);
  // Every other reader of the weekly has the daily too.
  await sql`insert into subscriptions (newsletter_id, subscriber_id, state) select ${daily.id}, id, 'active' from subscribers where id % 2 = 0`.execute(
    db,
  );
  const newsroom = await app.newsroom();
  const issue = async (newsletter: typeof daily) => {
    const { edition } = await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'an editor' }));
    await approveEdition(newsroom, edition.id, 'an editor');
    await sendEdition(newsroom, edition.id, 'an editor');
    const { rows } = await sql<{
      batch: number;
    }>`select batch from batches where edition_id = ${edition.id} order by 1`.execute(db);
    for (const { batch } of rows) await deliverBatch(app.dispatchDeps(), edition.id, batch);
    return edition.id;
  };
  await issue(daily);
  expect(sink.mails).toHaveLength(300);
  clock.moveTo('2026-11-26T09:00:00Z');
  await addPieces(db, [
    { slug: 'a', title: 'Story A', publishedAt: '2026-11-26T08:10:00Z' },
    { slug: 'b', title: 'Story B', publishedAt: '2026-11-26T08:20:00Z' },
  ]);
  const id = await issue(weekly);
  expect(await sumsOf(db, id)).toMatchObject({ audience: 600, accepted: 600 });
  const mails = sink.mails.slice(300);
  const withShared = (half: number) =>
    mails.filter(
      ({ to, message }) =>
        Number(/reader\.(\d+)@/.exec(to)?.[1]) % 2 === half && message.toString().includes('The shared story'),
    ).length;
  expect([mails.length, withShared(0), withShared(1)]).toEqual([600, 0, 300]);
  expect(mails.every(({ message }) => message.toString().includes('Story A'))).toBe(true);
  const { rows: batches } = await sql<{ variant: number; readers: number }>`
    select b.variant, count(*)::int as readers from batches b join deliveries d on d.edition_id = b.edition_id and d.batch = b.batch
    where b.edition_id = ${id} group by 1 order by 1`.execute(db);
  expect(batches).toEqual([
    { variant: 0, readers: 300 },
    { variant: 1, readers: 300 },
  ]);
  // What a reader sees in the browser is what that reader got.
  const web = await startWeb(app);
  const page = async (subscriberId: number) => {
    const token = readerToken(app.config.keys, 'view', { newsletterId: weekly.id, subscriberId, editionId: id });
    return (await fetch(`http://127.0.0.1:${web.port}/e/${token}`)).text();
  };
  expect((await page(2)).includes('The shared story')).toBe(false);
  expect((await page(3)).includes('The shared story')).toBe(true);
  // And so does an editor who looks, whatever those readers have had since.
  await sql`update deliveries set state = 'refused' where edition_id = 1`.execute(db);
  const seenBy = async (readerId: number) =>
    (
      await previewOf(newsroom, await getEdition(db, id), {
        reader: { id: readerId, name: '', address: 'a@b.example' },
      })
    ).html.includes('The shared story');
  expect([await seenBy(2), await seenBy(3)]).toEqual([false, true]);
  await web.close();
  await app.remove();
  await sink.close();
}, 60_000);
