import { request } from 'node:http';
import { createDeskLink } from '../../src/accounts/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { proposeEdition } from '../../src/newsroom/index.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let cookie: string;

const enter = async (target = '/') => {
  const key = await createDeskLink(house.database.db, target, new Date());
  return fetch(`${web.deskUrl}/enter/${key}`, { redirect: 'manual' });
};
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
  cookie = (await enter()).headers.get('set-cookie')!.split(';')[0]!;
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

test('THREATS 20: without a session every page of the desk is closed', async () => {
  for (const path of ['/', '/editions/1', '/editions/1/frame', '/editions/1/figures', '/queue', '/inbox']) {
    expect((await get(path, {})).status).toBe(403);
    expect((await get(path, { cookie: `${cookie.split('=')[0]}=forged` })).status).toBe(403);
  }
});

test('a link opens the desk once, leads where it says, and its cookie is for this server alone', async () => {
  const key = await createDeskLink(house.database.db, '/queue', new Date());
  const first = await fetch(`${web.deskUrl}/enter/${key}`, { redirect: 'manual' });
  expect(first.status).toBe(303);
  expect(first.headers.get('location')).toBe('/queue');
  expect(first.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
  expect((await fetch(`${web.deskUrl}/enter/${key}`, { redirect: 'manual' })).status).toBe(403);
});

test('a link is good for a day', async () => {
  const key = await createDeskLink(house.database.db, '/', new Date(Date.now() - 25 * 3_600_000));
  expect((await fetch(`${web.deskUrl}/enter/${key}`, { redirect: 'manual' })).status).toBe(403);
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
  const post = (headers: Record<string, string>) =>
    fetch(`${web.deskUrl}/inbox/emptying`, { method: 'POST', redirect: 'manual', headers: { cookie, ...headers } });
  expect((await post({})).status).toBe(403);
  expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await post({ origin: web.deskUrl })).status).toBe(303);
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

test('the figures are the ledger’s', async () => {
  expect(await (await get('/editions/1/figures')).json()).toMatchObject({
    state: 'draft',
    sums: { audience: 0, accepted: 0 },
  });
});
