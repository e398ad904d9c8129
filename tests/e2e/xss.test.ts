import { readFileSync } from 'node:fs';
import path from 'node:path';
import PostalMime from 'postal-mime';
import type { Browser } from 'playwright-core';
import { publicationSchema, savePublication } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { approveEdition, getEdition, proposeEdition, renderNow, sendEdition } from '../../src/newsroom/index.ts';
import { deliverBatch } from '../../src/dispatch/index.ts';
import { recordPieces } from '../../src/pieces/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { insertSource } from '../../src/sources/index.ts';
import { foundPiece } from '../support/found.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { apiClient, tokenFor } from '../support/api.ts';
import { deskLink } from '../support/desk.ts';
import { addNewsletter, addReaders, openHouse } from '../support/house.ts';
import { HOSTILE } from '../support/xss.ts';

// THREATS 2: payloads in every field of a piece, all the way to the mail and to the pages, in a real Chromium: text, never run.

const corpora = process.env.ROUNDUP_CORPORA;
const payloads = [
  ...HOSTILE,
  ...(corpora === undefined ? [] : readFileSync(path.join(corpora, 'xss.txt'), 'utf8').split('\n').filter(Boolean)),
];
const suite = browserMissing === undefined ? describe : describe.skip;

suite(`hostile text in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;

  beforeAll(async () => {
    house = await openHouse({ inbox: true });
    web = await startWeb(house);
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await web?.close();
    await house?.remove();
  });

  test(`${payloads.length} payloads in every field of a piece, in the mail and on every page: none runs`, async () => {
    const { db } = house.database;
    const name = '</title><script>window.__xss=1</script>';
    await savePublication(
      db,
      publicationSchema.parse({
        name,
        tagline: '"><img src=x onerror=window.__xss=1>',
        homeUrl: 'https://example.org/',
        postalAddress: '<svg onload=window.__xss=1>',
      }),
    );
    const sections = [
      { key: 'lead', title: '', layout: 'lead', max: 1 },
      ...['cards', 'list', 'shorts'].map((layout) => ({
        key: layout,
        title: `<script>window.__xss=1</script> ${layout}`,
        layout,
        max: 50,
      })),
    ];
    const newsletter = await addNewsletter(db, {
      sections,
      diversity: { perAuthor: null },
      why: '<script>window.__xss=1</script>',
    });
    const source = await insertSource(db, {
      name: '<img src=x onerror=window.__xss=1>',
      url: 'https://example.org/feed',
      isLocal: false,
    });
    const now = new Date();
    const reports = payloads.map((text, n) =>
      foundPiece({
        guid: text,
        url: `https://example.org/${n}?q=${encodeURIComponent(text)}`,
        title: text,
        deck: text,
        kind: text,
        region: text,
        authors: [text],
        tags: [text],
        image: { url: `https://example.org/i.jpg?q=${encodeURIComponent(text)}`, alt: text, credit: text },
        readingMinutes: 1,
        language: '',
        publishedAt: new Date(now.getTime() - n * 60_000 - 1),
      }),
    );
    await recordPieces(db, source!.id, reports, now);
    // Many of them look like one story; here each has to run.
    await sql`delete from piece_likeness`.execute(db);
    await sql`insert into subscribers (address, address_key, domain, name) values ('x@readers.example', 'x@readers.example', 'readers.example', '<script>window.__xss=1</script>')`.execute(
      db,
    );
    await addReaders(db, newsletter.id, 1);
    const { edition } = await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now, by: 'a test' }));
    await sql`update edition_revisions set content = jsonb_set(content, '{note}', ${JSON.stringify(payloads.join('\n\n'))}::jsonb)`.execute(
      db,
    );
    const context = await browser.newContext();
    const page = await context.newPage();
    const executed = async () => {
      const marks = await Promise.all(page.frames().map((frame) => frame.evaluate('window.__xss')));
      return marks.filter((mark) => mark !== undefined);
    };
    await page.goto(await deskLink(house, web));
    for (const url of [
      '/',
      `/editions/${edition.id}`,
      `/editions/${edition.id}?view=phone`,
      `/editions/${edition.id}/pool`,
      `/editions/${edition.id}/revisions`,
      `/editions/${edition.id}?view=text`,
      `/editions/${edition.id}/frame`,
    ]) {
      await page.goto(web.deskUrl + url, { waitUntil: 'load' });
      await page.waitForTimeout(150);
      expect(await executed()).toEqual([]);
    }
    // The same as a mail, without any of our protections around it: what a mail program would be given.
    const { sample } = await renderNow(await house.newsroom(), edition);
    const mail = await PostalMime.parse(sample.message);
    const bare = await browser.newContext();
    const open = await bare.newPage();
    await open.setContent(mail.html ?? '', { waitUntil: 'domcontentloaded' });
    await open.waitForTimeout(300);
    expect(await open.evaluate('window.__xss')).toBeUndefined();
    expect(await open.evaluate('document.scripts.length')).toBe(0);
    const shown = ((await open.evaluate('document.body.textContent')) as string).replace(/\s+/g, '');
    for (const payload of payloads) expect(shown).toContain(payload.replace(/\s+/g, ''));
    expect(mail.text?.replace(/\s+/g, '')).toContain('<script>window.__xss=1</script>');
    await Promise.all([context.close(), bare.close()]);
  }, 120_000);

  test('and one of them goes all the way to the inbox', async () => {
    const { db } = house.database;
    const newsletter = await addNewsletter(
      db,
      { sections: [{ key: 'lead', title: '', layout: 'lead', max: 1 }] },
      '2026-01-01T00:00:00Z',
      'small',
    );
    await addReaders(db, newsletter.id, 0);
    await sql`insert into subscriptions (newsletter_id, subscriber_id, state) select ${newsletter.id}, id, 'active' from subscribers`.execute(
      db,
    );
    const { edition } = await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
    const newsroom = await house.newsroom();
    await approveEdition(newsroom, edition.id, 'an editor');
    await sendEdition(newsroom, edition.id, 'an editor');
    await deliverBatch(house.dispatchDeps(), edition.id, 0);
    const [entry] = await house.inbox!.mail.list(0, 1);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(await deskLink(house, web, `/inbox/${entry!.id}`));
    await page.waitForTimeout(200);
    const marks = await Promise.all(page.frames().map((frame) => frame.evaluate('window.__xss')));
    expect(marks.filter((mark) => mark !== undefined)).toEqual([]);
    expect(await page.locator('h1').innerText()).toBe(HOSTILE[0]);
    await context.close();
  });

  test('the same by the API, into every text that it takes, shown by pages, previews and the mail: none runs', async () => {
    const { db } = house.database;
    const token = await tokenFor(house);
    const api = apiClient(web, token);
    const all = payloads.join('\n\n');
    const one = (n: number) => payloads[n % payloads.length]!;
    for (const [n, payload] of payloads.entries()) {
      const text = payload.replaceAll('\r\n', ' ');
      await api('PUT', `/suppressions/x${n}@readers.example`, { detail: text });
      await api('POST', '/accounts', { address: `p${n}@review.example`, name: text.slice(0, 100), role: 'viewer' });
      await api('POST', '/webhooks', { name: text.slice(0, 100), url: 'https://hooks.example/', events: ['test'] });
      await api('POST', '/sources', { name: `${text} ${n}`, url: `https://example.org/s${n}`, kind: 'feed' });
    }
    const { body: newsletter } = await api<{ id: number }>('POST', '/newsletters', {
      slug: 'by-the-api',
      name: one(0).slice(0, 200),
      sourceIds: [],
      settings: {
        sender: { name: one(1).slice(0, 100), address: 'news@example.org' },
        sections: [
          { key: 'lead', title: one(2).slice(0, 100), layout: 'lead', max: 3 },
          { key: 'more', title: one(3).slice(0, 100), layout: 'list', max: 20 },
        ],
        minimumPieces: 1,
        why: one(4),
      },
    });
    const { body: edition } = await api<{ id: number; content: { sections: { pieces: { pieceId: number }[] }[] } }>(
      'POST',
      `/newsletters/${newsletter.id}/editions`,
    );
    const seen = { 'if-match': '*' };
    expect(
      (
        await api(
          'PATCH',
          `/editions/${edition.id}`,
          { subject: one(5), preheader: one(6), note: all.slice(0, 19_000) },
          seen,
        )
      ).status,
    ).toBe(200);
    const pieces = edition.content.sections.flatMap((section) => section.pieces);
    for (const [n, { pieceId }] of pieces.entries()) {
      const text = one(n);
      const words = {
        title: text,
        deck: text,
        kind: text.slice(0, 100),
        region: text.slice(0, 100),
        authors: [text],
        alt: text,
        credit: text,
      };
      expect((await api('PATCH', `/editions/${edition.id}/pieces/${pieceId}`, words, seen)).status).toBe(200);
    }
    for (const payload of payloads) await api('POST', `/editions/${edition.id}/comments`, { comment: payload });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(await deskLink(house, web));
    const paths = [
      '/',
      '/accounts',
      '/audit',
      '/account',
      `/editions/${edition.id}`,
      `/editions/${edition.id}?view=text`,
      `/editions/${edition.id}/frame`,
      `/api/v1/editions/${edition.id}/preview`,
    ];
    for (const at of paths) {
      await page.goto(web.deskUrl + at, { waitUntil: 'load' });
      await page.waitForTimeout(150);
      const marks = await Promise.all(page.frames().map((frame) => frame.evaluate('window.__xss')));
      expect([at, marks.filter((mark) => mark !== undefined)]).toEqual([at, []]);
    }
    const { sample } = await renderNow(await house.newsroom(), await getEdition(db, edition.id));
    const open = await (await browser.newContext()).newPage();
    await open.setContent(sample.html, { waitUntil: 'domcontentloaded' });
    await open.waitForTimeout(300);
    expect(await open.evaluate('[window.__xss, document.scripts.length]')).toEqual([undefined, 0]);
    await open.context().close();
    await context.close();
  }, 180_000);
});
