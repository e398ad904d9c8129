import { request } from 'node:http';
import { sql } from '../../src/platform/database/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { proposeEdition, reviseEdition } from '../../src/newsroom/index.ts';
import { csrfOf, deskLink, enterDesk, postForm } from '../support/desk.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let cookie: string;

const get = (path: string, headers: Record<string, string> = { cookie }) =>
  fetch(web.deskUrl + path, { headers, redirect: 'manual' });

beforeAll(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  await addPieces(db, [
    { slug: 'a', title: '<script>window.__xss=1</script>', publishedAt: new Date(Date.now() - 1e6).toISOString() },
  ]);
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  cookie = await enterDesk(house, web);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

test('THREATS 20: without a session every page of the desk is closed', async () => {
  for (const path of [
    '/',
    '/editions/1',
    '/editions/1/frame',
    '/editions/1/ledger',
    '/editions/1/events',
    '/queue',
    '/inbox',
  ]) {
    for (const headers of [{} as Record<string, string>, { cookie: `${cookie.split('=')[0]}=forged` }]) {
      const answer = await get(path, headers);
      expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([303, '/sign-in']);
    }
  }
});

test('a link opens the desk once, leads where it says, and its cookie is for this server alone', async () => {
  const link = await deskLink(house, web, '/queue');
  const first = await fetch(link, { redirect: 'manual' });
  expect(first.status).toBe(303);
  expect(first.headers.get('location')).toBe('/queue');
  expect(first.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
  expect((await fetch(link, { redirect: 'manual' })).status).toBe(403);
});

test('a link is good for a day', async () => {
  const link = await deskLink(house, web);
  await sql`update account_links set expires_at = expires_at - interval '25 hours' where used_at is null`.execute(
    house.database.db,
  );
  expect((await fetch(link, { redirect: 'manual' })).status).toBe(403);
});

test('a web page that points its own name at loopback gets nothing', async () => {
  const status = await new Promise<number | undefined>((resolve) => {
    const { port } = new URL(web.deskUrl);
    request({ host: '127.0.0.1', port, path: '/', headers: { host: 'rebind.example', cookie } }, (response) =>
      resolve(response.statusCode),
    ).end();
  });
  expect(status).toBe(403);
});

test('THREATS 27: what changes something must come from a page of the desk', async () => {
  const _csrf = await csrfOf(web, cookie);
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    postForm(web, '/inbox/emptying', fields, { cookie, ...headers });
  expect((await post({ _csrf }, { origin: '' })).status).toBe(403);
  expect((await post({ _csrf }, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await post({ _csrf }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await post({})).status).toBe(403);
  expect((await post({ _csrf: 'guessed' })).status).toBe(403);
  expect((await post({ _csrf })).status).toBe(303);
});

test.each(['/', '/editions/1', '/editions/1?view=phone', '/editions/1?view=text', '/queue', '/inbox'])(
  '%s is a page, and what a source wrote is text on it',
  async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(page).not.toContain('<script>window');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
  },
);

test('the preview stands in a sandbox and shows the scheme that is asked for', async () => {
  const frame = await get('/editions/1/frame?view=dark');
  expect(frame.headers.get('content-security-policy')).toMatch(/sandbox(?!.*allow-scripts)/);
  expect(await frame.text()).toContain('@media all');
  expect((await get('/editions/1/frame?view=text')).headers.get('content-type')).toContain('text/plain');
});

test.each(['/editions/999', '/editions/abc', "/editions/1'--", '/inbox/..%2f..%2fetc%2fpasswd', '/inbox/nope'])(
  '%s is not found',
  async (path) => {
    expect((await get(path)).status).toBe(404);
  },
);

test('the figures are the ledger’s, and are told as they change, with who changed what', async () => {
  expect(await (await get('/editions/1/ledger')).text()).toMatch(/data-figure="audience">0</);
  const gone = new AbortController();
  const events = await fetch(`${web.deskUrl}/editions/1/events`, { headers: { cookie }, signal: gone.signal });
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  const heard = events.body!.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => JSON.parse(/data: (.*)/.exec((await heard.read()).value!)![1]!) as object;
  expect(await next()).toMatchObject({ state: 'draft', revision: 1, share: 0, sums: { audience: 0, accepted: 0 } });
  await reviseEdition({ db: house.database.db, clock: house.clock }, 1, { subject: 'Another' }, 'Ana');
  expect(await next()).toMatchObject({ revision: 2, madeBy: 'Ana' });
  gone.abort();
});
