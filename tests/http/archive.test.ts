import sharp from 'sharp';
import { deliverBatch } from '../../src/dispatch/index.ts';
import { getNewsletter } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { approveEdition, proposeEdition, reviseEdition, sendEdition, tick } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { parseFeed } from '../../src/sources/feed/index.ts';
import { clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let sink: SmtpSink;
const clock = clockAt('2026-11-25T09:00:00Z');
const SUBJECT = 'Ünïcode & “the sea” $& $1';

beforeAll(async () => {
  sink = await startSmtpSink();
  house = await openHouse({ relay: sink.relay, clock });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, { archive: 'public' });
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'closed');
  for (const slug of ['weekly', 'closed']) {
    const newsletter = await getNewsletter(db, slug);
    if (slug === 'weekly') await addReaders(db, newsletter.id, 2);
    else
      await sql`insert into subscriptions (newsletter_id, subscriber_id, state) select 2, id, 'active' from subscribers`.execute(
        db,
      );
    await addPieces(db, [{ slug: `${slug}-piece`, publishedAt: '2026-11-25T08:00:00Z', title: 'Whales over Oslo' }]);
    const { edition } = await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'a test' }));
    const newsroom = await house.newsroom();
    await reviseEdition(newsroom, edition.id, { subject: SUBJECT, preheader: 'A week at sea' }, 'a test');
    await approveEdition(newsroom, edition.id, 'a test');
    await sendEdition(newsroom, edition.id, 'a test');
    await deliverBatch(house.dispatchDeps(), edition.id, 0);
  }
  await sql`update editions set state = 'sent', finished_at = now()`.execute(db);
  await tick(await house.newsroom());
});
afterAll(async () => {
  await web.close();
  await house.remove();
  await sink.close();
});

const get = (path: string) => fetch(`http://127.0.0.1:${web.port}${path}`, { redirect: 'manual' });
const text = async (path: string) => (await get(path)).text();

test('an edition at its address, with nothing of a reader, in a sandbox', async () => {
  const answer = await get('/archive/weekly/1');
  const html = await answer.text();
  expect(answer.status).toBe(200);
  expect(html).toContain('Whales over Oslo');
  for (const personal of [
    '/u/',
    '/p/',
    '/e/',
    'reader.',
    'This mail went to',
    'somebodys',
    'Unsubscribe',
    'Preferences',
  ])
    expect(html).not.toContain(personal);
  expect(answer.headers.get('content-security-policy')).toMatch(/sandbox(?!.*allow-scripts)/);
  expect(html).toContain('<meta property="og:image" content="https://news.example.org/archive/weekly/1/share.jpg">');
  expect(html).toContain('<meta property="og:title" content="Ünïcode &amp; “the sea” $&amp; $1">');
  expect(html).toContain('<link rel="canonical" href="https://news.example.org/archive/weekly/1">');
  const { rows } = await sql<{ text: string }>`select text from archive where newsletter_id = 1`.execute(
    house.database.db,
  );
  expect(rows[0]!.text).not.toMatch(/\/[upe]\/|somebodys|reader\./);
});

test('an index by year, with search; a newsletter that is off is not there at all', async () => {
  const index = await text('/archive/weekly');
  expect(index).toContain('href="/archive/weekly/1"');
  expect(index).not.toContain('noindex');
  expect(await text('/archive/weekly?q=whal osl')).toContain('/archive/weekly/1');
  expect(await text('/archive/weekly?q=zebra')).toContain('Nothing here yet');
  expect(await text('/archive/weekly?year=1999')).toContain('Nothing here yet');
  for (const query of ['q=%27%29%20or%201=1', 'q=a&q=b', 'year=1&year=2'])
    expect([query, (await get(`/archive/weekly?${query}`)).status]).toEqual([query, 200]);
  for (const path of [
    '/archive/closed',
    '/archive/closed/1',
    '/archive/closed/feed.rss',
    '/archive/closed/1/share.jpg',
  ])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  for (const path of ['/archive/weekly/2', '/archive/weekly/01', '/archive/weekly/x', '/archive/none/1'])
    expect([path, (await get(path)).status]).toEqual([path, 404]);
  expect((await get('/archive')).headers.get('location')).toBe('/archive/weekly');
});

test('RSS and JSON feeds that our own collector reads, and a sitemap', async () => {
  const rss = await get('/archive/weekly/feed.rss');
  expect(rss.headers.get('content-type')).toContain('application/rss+xml');
  const xml = await rss.text();
  expect(xml).toContain('Ünïcode &amp; “the sea” $&amp; $1');
  expect(xml).toContain('<guid isPermaLink="true">https://news.example.org/archive/weekly/1</guid>');
  const found = parseFeed(xml, 'https://news.example.org/archive/weekly/feed.rss');
  expect(found.ok && found.pieces[0]).toMatchObject({
    title: SUBJECT,
    url: 'https://news.example.org/archive/weekly/1',
  });
  const json = (await (await get('/archive/weekly/feed.json')).json()) as { items: object[] };
  expect(json.items).toEqual([expect.objectContaining({ title: SUBJECT, summary: 'A week at sea' })]);
  const sitemap = await text('/sitemap.xml');
  expect(sitemap).toContain('<loc>https://news.example.org/archive/weekly/1</loc>');
  expect(sitemap).not.toContain('closed');
  expect(await text('/robots.txt')).toContain('Sitemap: https://news.example.org/sitemap.xml');
});

test('a picture for whoever shares it', async () => {
  const answer = await get('/archive/weekly/1/share.jpg');
  const { width, height, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  expect([answer.headers.get('content-type'), width, height, format]).toEqual(['image/jpeg', 1200, 630, 'jpeg']);
});
