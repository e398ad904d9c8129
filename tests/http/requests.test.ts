import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { tokenFor } from '../support/api.ts';
import { PASSWORD, addAccount, cookieOf, csrfOf, enterDesk, postForm } from '../support/desk.ts';
import { openHouse } from '../support/house.ts';

// What comes in, before anybody knows what it is about.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let cookie: string;

beforeAll(async () => {
  house = await openHouse({ inbox: true, config: { trustProxy: 1, deskUrl: 'https://desk.example.org' } });
  web = await startWeb(house);
  cookie = await enterDesk(house, web);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(web.deskUrl + path, { redirect: 'manual', headers: { cookie, ...headers } });

test('a character that cannot be kept is refused wherever it comes', async () => {
  const nul = 'a\0b';
  const _csrf = await csrfOf(web, cookie);
  const answers = await Promise.all([
    postForm(web, '/sign-in', { address: nul, password: 'x' }),
    postForm(web, '/forgotten', { address: nul }),
    postForm(web, '/join/abc', { name: nul, password: PASSWORD, again: PASSWORD }),
    postForm(web, '/account/tokens', { name: nul, days: '1', _csrf }, { cookie }),
    postForm(web, '/account/sessions/%00/end', { _csrf }, { cookie }),
    get('/audit?actor=%00'),
    get('/enter/%00'),
    get(`/api/v1/me/sessions?cursor=${Buffer.from(JSON.stringify([nul])).toString('base64url')}`),
    get(`/api/v1/suppressions?cursor=${Buffer.from(JSON.stringify([nul])).toString('base64url')}`),
    fetch(`http://127.0.0.1:${web.port}/u/%00`),
  ]);
  expect(answers.map(({ status }) => status).filter((status) => status < 400 || status >= 500)).toEqual([]);
});

test('a body that is nested a hundred thousand times is refused, with and without a key', async () => {
  const secret = await tokenFor(house);
  const body = `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  for (const extra of [{}, { 'idempotency-key': 'deep' }] as Record<string, string>[]) {
    const answer = await fetch(`${web.deskUrl}/api/v1/sources`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...extra },
      body,
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'input-invalid']);
  }
});

test('what a proxy wrote that is no address does not count, and a network of IPv6 has one limit', async () => {
  await addAccount(house, { address: 'ana@review.example' });
  const from = (forwarded: string) =>
    postForm(web, '/sign-in', { address: 'ana@review.example', password: 'wrong' }, { 'x-forwarded-for': forwarded });
  expect((await from('x'.repeat(4_000))).status).toBe(401);
  for (let host = 1; host <= 5; host++) expect((await from(`2001:db8::${host}`)).status).toBe(401);
  expect((await from('2001:db8::6')).status).toBe(429);
  const { rows } = await sql<{ key: string }>`select key from rate_limits where key like 'sign-in from%'`.execute(
    house.database.db,
  );
  expect(rows.map(({ key }) => key).toSorted()).toEqual(['sign-in from 127.0.0.1', 'sign-in from 2001:db8:0:0::/64']);
  // A stranger's wrong tries do not keep her out where she is.
  const right = { address: 'ana@review.example', password: PASSWORD };
  expect((await postForm(web, '/sign-in', right, { 'x-forwarded-for': '192.0.2.9' })).status).toBe(303);
});

test('another scheme in Authorization is a proxy’s own, and the session counts', async () => {
  expect((await get('/account', { authorization: 'Basic YTpi' })).status).toBe(200);
  expect((await get('/account', { authorization: 'Bearer nonsense' })).status).toBe(303);
});

test('a form from the desk’s own address is taken, behind a proxy that asks for it by another name', async () => {
  const form = { address: 'ana@review.example', password: PASSWORD };
  const own = await postForm(web, '/sign-in', form, { origin: 'https://desk.example.org' });
  expect(own.status).toBe(303);
  expect(own.headers.get('set-cookie')).toMatch(/^__Host-roundup_session_desk=.*; Secure$/);
  expect(cookieOf(own)).not.toBe('');
  expect((await postForm(web, '/sign-in', form, { origin: 'https://desk.example.org.evil.example' })).status).toBe(403);
  expect((await postForm(web, '/sign-in', form, { origin: 'http://desk.example.org' })).status).toBe(403);
});

test('CSV and event streams go out with the same protections as all the rest', async () => {
  const csv = await get('/api/v1/audit/export');
  const facts = ['x-content-type-options', 'cache-control'].map((name) => csv.headers.get(name));
  expect(facts).toEqual(['nosniff', 'no-store']);
  expect(csv.headers.get('content-security-policy')).toContain("default-src 'none'");
});
