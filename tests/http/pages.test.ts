import { randomId } from '../../src/lib/ids.ts';
import { approveEdition, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { countSubscriptions, readerToken } from '../../src/subscribers/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let base: string;
let newsletterId: number;
let subscriberId: number;

beforeAll(async () => {
  house = await openHouse({ config: { trustProxy: 1 } });
  web = await startWeb(house);
  base = `http://127.0.0.1:${web.port}`;
  await addPublication(house.database.db);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});
beforeEach(async () => {
  const { db } = house.database;
  newsletterId = (await addNewsletter(db, {}, '2026-01-01T00:00:00Z', `weekly-${randomId(4)}`)).id;
  await sql`delete from subscriptions`.execute(db);
  await sql`delete from subscribers`.execute(db);
  await addReaders(db, newsletterId, 1);
  subscriberId = (await sql<{ id: number }>`select id from subscribers`.execute(db)).rows[0]!.id;
});

const token = (purpose: 'unsubscribe' | 'preferences' = 'unsubscribe') =>
  readerToken(house.config.keys, purpose, { newsletterId, subscriberId, editionId: 7 });
const active = async () => (await countSubscriptions(house.database.db, newsletterId)).active;

describe('unsubscribing', () => {
  test('a GET changes nothing, however often a scanner follows the link', async () => {
    for (let i = 0; i < 3; i++) expect((await fetch(`${base}/u/${token()}`)).status).toBe(200);
    expect((await fetch(`${base}/u/${token()}`, { method: 'HEAD' })).status).toBe(200);
    expect(await active()).toBe(1);
  });

  test.each([
    [
      'form-encoded',
      () => ({ body: 'List-Unsubscribe=One-Click', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ],
    [
      'multipart',
      () => ({
        body: (() => {
          const form = new FormData();
          form.set('List-Unsubscribe', 'One-Click');
          return form;
        })(),
      }),
    ],
    ['empty', () => ({})],
  ])('one click by POST (RFC 8058), %s, is answered 200, without cookie or redirect', async (_how, init) => {
    const response = await fetch(`${base}/u/${token()}`, { method: 'POST', redirect: 'manual', ...init() });
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await active()).toBe(0);
  });

  test('twice is as good as once, and a mistaken click can be undone', async () => {
    const url = `${base}/u/${token()}`;
    await fetch(url, { method: 'POST' });
    expect((await fetch(url, { method: 'POST' })).status).toBe(200);
    expect(await (await fetch(`${url}/undo`, { method: 'POST' })).text()).toContain('Welcome back');
    expect(await active()).toBe(1);
    expect(await (await fetch(`${url}/undo`, { method: 'POST' })).text()).toContain('Nothing to undo');
  });

  test('a link cannot undo a leave that came another way', async () => {
    await sql`update subscriptions set state = 'unsubscribed', cause = 'asked by mail'`.execute(house.database.db);
    await fetch(`${base}/u/${token()}/undo`, { method: 'POST' });
    expect(await active()).toBe(0);
  });

  test.each(['', 'x', 'k1.1.1.1.forged', '../etc/passwd', 'a'.repeat(250), '%00', "'%20or%201=1"])(
    'the token %p is refused with a friendly page',
    async (forged) => {
      const response = await fetch(`${base}/u/${forged}`, { method: 'POST' });
      expect(response.status).toBe(404);
      expect(await active()).toBe(1);
    },
  );

  test('a token for preferences does not unsubscribe', async () => {
    expect((await fetch(`${base}/u/${token('preferences')}`, { method: 'POST' })).status).toBe(404);
  });
});

test('preferences show what is subscribed', async () => {
  const page = await (await fetch(`${base}/p/${token('preferences')}`)).text();
  // Whoever a mail was forwarded to does not learn what the address is now.
  expect(page).toContain('r…@readers.example');
  expect(page).not.toContain('reader.1@');
  expect(page).toMatch(/name="newsletter" value="\d+" checked/);
});

test('view in browser shows what was approved, in a sandbox where nothing runs', async () => {
  const { db } = house.database;
  await addPieces(db, [{ slug: randomId(4), publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  const newsletter = await addNewsletter(db, {}, '2026-01-01T00:00:00Z', `view-${randomId(4)}`);
  const { edition } = await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  const url = `${base}/e/${readerToken(house.config.keys, 'view', { newsletterId: newsletter.id, subscriberId, editionId: edition.id })}`;
  expect((await fetch(url)).status).toBe(404);
  await approveEdition(await house.newsroom(), edition.id, 'an editor');
  const response = await fetch(url);
  const page = await response.text();
  expect(page).toContain('The Test Review');
  // Whoever a mail was forwarded to does not learn what the address is now.
  expect(page).toContain('r…@readers.example');
  expect(page).not.toContain('reader.1@');
  const leaving = /href="https:\/\/news\.example\.org(\/u\/[^"]+)"/.exec(page)![1]!;
  expect((await fetch(base + leaving)).status).toBe(200);
  expect(response.headers.get('content-security-policy')).toMatch(/script-src 'none'.*sandbox allow-popups/);
});

test('THREATS 23: links are built from the base URL, whatever the Host says', async () => {
  const { db } = house.database;
  await addPieces(db, [{ slug: randomId(4), publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  const newsletter = await addNewsletter(db, {}, '2026-01-01T00:00:00Z', `host-${randomId(4)}`);
  await addReaders(db, newsletter.id, 0);
  const { edition } = await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  const newsroom = await house.newsroom();
  await approveEdition(newsroom, edition.id, 'an editor');
  await sendEdition(newsroom, edition.id, 'an editor');
  const response = await fetch(
    `${base}/e/${readerToken(house.config.keys, 'view', { newsletterId: newsletter.id, subscriberId, editionId: edition.id })}`,
    {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'ftp' },
    },
  );
  const page = await response.text();
  expect(page).not.toContain('evil.example');
  expect(page).toContain('https://news.example.org/u/');
});

test('every answer carries the headers that keep it in its place', async () => {
  for (const path of ['/', `/u/${token()}`, '/nothing-here']) {
    const { headers } = await fetch(base + path);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('errors tell nothing of our insides; what is too large is refused', async () => {
  const response = await fetch(`${base}/u/${token()}`, { method: 'POST', body: 'x'.repeat(70_000) });
  expect(response.status).toBe(413);
  expect(await (await fetch(`${base}/%`)).text()).not.toMatch(/node_modules|at \w+ \(/);
});

test('the desk is not on the readers’ port', async () => {
  for (const path of ['/editions/1', '/inbox', '/queue', '/enter/x'])
    expect((await fetch(base + path)).status).toBe(404);
});

test('the health check asks the database', async () => {
  expect(await (await fetch(`${base}/healthz`)).text()).toBe('ok\n');
});
