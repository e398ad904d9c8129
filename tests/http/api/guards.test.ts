import { type Web, startWeb } from '../../../src/http/index.ts';
import { sql } from '../../../src/platform/database/index.ts';
import { apiClient, tokenFor } from '../../support/api.ts';
import { addAccount, csrfOf, enterDesk } from '../../support/desk.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../../support/house.ts';

// What a role may, but not in this way.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let api: ReturnType<typeof apiClient>;
let editor: ReturnType<typeof apiClient>;

beforeAll(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  api = apiClient(web, await tokenFor(house));
  editor = apiClient(web, await tokenFor(house, { role: 'editor' }));
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  await addReaders(db, 1, 2);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

test('THREATS 9: an editor points no source at the private network, and takes no key to another host', async () => {
  const local = await api('POST', '/sources', { name: 'Inside', url: 'http://cms.internal/feed', isLocal: true });
  const path = `/sources/${String(local.body.id)}`;
  expect((await editor('PATCH', path, { url: 'http://127.0.0.1:6379/' })).status).toBe(403);
  expect((await editor('PATCH', path, { isLocal: true })).status).toBe(403);
  expect((await editor('PATCH', path, { name: 'The inside' })).status).toBe(200);
  expect((await api('PATCH', path, { url: 'http://cms2.internal/feed' })).status).toBe(200);

  const ghost = { name: 'Ghost', url: 'https://ghost.example/', kind: 'ghost', key: 'a'.repeat(26) };
  const { body } = await api('POST', '/sources', ghost);
  const moved = await editor('PATCH', `/sources/${String(body.id)}`, { url: 'https://evil.example/' });
  expect([moved.status, moved.body.detail]).toEqual([400, expect.stringContaining('ghost.example')]);
  expect((await editor('PATCH', `/sources/${String(body.id)}`, { url: 'https://ghost.example/blog' })).status).toBe(
    200,
  );
});

test('a newsletter takes sources that there are, each once', async () => {
  const { body } = await api('GET', '/newsletters/1');
  const { id: _id, slug: _slug, name, sourceIds: _ids, scheduleSince: _since, nextSlotAt: _next, ...settings } = body;
  const put = (sourceIds: number[]) => api('PUT', '/newsletters/1', { name, settings, sourceIds }, { 'if-match': '*' });
  expect((await put([999])).body).toMatchObject({ status: 400, detail: 'There is no source 999.' });
  const twice = await put([1, 1]);
  expect([twice.status, twice.body.sourceIds]).toEqual([200, [1]]);
});

test('administrators of some newsletters see their own tokens, and neither the inbox nor the queue', async () => {
  const person = { address: 'part@review.example', newsletterIds: [1] };
  const account = await addAccount(house, person);
  const cookie = await enterDesk(house, web, person);
  const own = await tokenFor(house, person, { scopes: ['editions:read'] });
  const headers = { cookie };
  const listed = (await (await fetch(`${web.deskUrl}/api/v1/tokens`, { headers })).json()) as {
    items: { id: number; accountId: number }[];
  };
  expect(listed.items.map(({ accountId }) => accountId)).toEqual([account.id]);
  const others = await fetch(`${web.deskUrl}/api/v1/tokens/1`, {
    method: 'DELETE',
    headers: { ...headers, origin: web.deskUrl, 'x-csrf-token': await csrfOf(web, cookie) },
  });
  expect(others.status).toBe(404);
  for (const page of ['/inbox', '/queue', '/accounts', '/audit'])
    expect((await fetch(web.deskUrl + page, { headers })).status).toBe(403);
  expect(await (await fetch(`${web.deskUrl}/account`, { headers })).text()).not.toContain('href="/inbox"');
  expect((await apiClient(web, own)('GET', '/editions')).status).toBe(200);
});

test('what was read is what is approved, and an If-Match that says nothing is refused', async () => {
  const { body: edition } = await api<{ id: number }>('POST', '/newsletters/1/editions', {});
  const approve = (match: string) => api('POST', `/editions/${edition.id}/approval`, undefined, { 'if-match': match });
  expect((await approve('1')).body).toMatchObject({ status: 400, code: 'input-invalid' });
  expect((await approve('"7"')).body).toMatchObject({ status: 412, code: 'revision-changed' });
  expect((await approve('"1"')).status).toBe(201);
});

test('an idempotency key is its token’s own, and answers that another state changes are not kept', async () => {
  const key = { 'idempotency-key': 'k1' };
  const limited = apiClient(web, await tokenFor(house, {}, { newsletterIds: [999] }));
  const first = await api('POST', '/editions/1/comments', { comment: 'once' }, key);
  expect(first.status).toBe(201);
  expect((await limited('POST', '/editions/1/comments', { comment: 'once' }, key)).status).toBe(404);
  const again = await api('POST', '/editions/1/comments', { comment: 'once' }, key);
  expect([again.status, again.headers.get('idempotency-replayed'), again.headers.get('cache-control')]).toEqual([
    201,
    'true',
    'no-store',
  ]);
  const restore = (match: Record<string, string>) =>
    api('POST', '/editions/1/recompositions', undefined, { 'idempotency-key': 'k2', ...match });
  expect((await restore({})).status).toBe(428);
  expect((await restore({ 'if-match': '"1"' })).status).toBe(200);
});

test('a test goes to nobody who is suppressed, and the audit log says to whom it went', async () => {
  await sql`insert into suppressions (address_key, reason, detail) values ('left@readers.example', 'complaint', '')`.execute(
    house.database.db,
  );
  const test = (to: string) => api('POST', '/editions/1/test-sends', { to });
  expect((await test('Left@Readers.example')).body).toMatchObject({ status: 409, code: 'state-refused' });
  expect((await test('me@readers.example')).status).toBe(201);
  const { body } = await api<{ items: { detail: object }[] }>('GET', '/audit?act=test');
  expect(body.items[0]!.detail).toMatchObject({ to: 'me@readers.example' });
});

test('an account follows so many sends at once, and none once it is shut out', async () => {
  const person = { role: 'viewer' as const, address: 'watch@review.example' };
  const secret = await tokenFor(house, person);
  const follow = async () => {
    const gone = new AbortController();
    const answer = await fetch(`${web.deskUrl}/api/v1/editions/1/events`, {
      headers: { authorization: `Bearer ${secret}` },
      signal: gone.signal,
    });
    return { answer, gone };
  };
  const lines = [];
  for (let count = 0; count < 21; count++) lines.push(await follow());
  expect(lines.map(({ answer }) => answer.status)).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
  for (const { gone } of lines.slice(1)) gone.abort();
  await sql`update accounts set disabled_at = now() where address = 'watch@review.example'`.execute(house.database.db);
  // The line ends by itself.
  expect(await lines[0]!.answer.text()).toContain('event: sums');
}, 20_000);
