import { deliverBatch } from '../../../src/dispatch/index.ts';
import { type Web, startWeb } from '../../../src/http/index.ts';
import { sql } from '../../../src/platform/database/index.ts';
import { apiClient, tokenFor } from '../../support/api.ts';
import { continueImport } from '../../../src/newsroom/index.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../../support/house.ts';

// A program that does an editor's week by the API alone.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let api: ReturnType<typeof apiClient>;
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

beforeAll(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  api = apiClient(web, await tokenFor(house));
  const { db } = house.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  await addPieces(
    db,
    ['a', 'b', 'c', 'd'].map((slug, index) => ({ slug, publishedAt: ago(60 + index), authors: [`Writer ${slug}`] })),
  );
  await addReaders(db, newsletter.id, 3);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

interface EditionBody {
  id: number;
  revision: number;
  state: string;
  content: { subject: string; sections: { key: string; pieces: { pieceId: number; title: string }[] }[] };
}

test('an edition’s whole way: proposed, changed, looked at, approved, sent, reported', async () => {
  const proposed = await api<EditionBody>('POST', '/newsletters/1/editions', {});
  expect(proposed.status).toBe(201);
  expect(proposed.headers.get('location')).toBe('/api/v1/editions/1');
  const etag = proposed.headers.get('etag')!;

  const written = await api('PATCH', '/editions/1', { subject: 'A week at sea' }, { 'if-match': etag });
  expect([written.status, written.headers.get('etag')]).toEqual([200, '"2"']);
  const late = await api('PATCH', '/editions/1', { subject: 'Another' }, { 'if-match': etag });
  expect([late.status, late.body.code]).toEqual([412, 'revision-changed']);
  const blind = await api('PATCH', '/editions/1', { subject: 'Another' });
  expect([blind.status, blind.body.code]).toEqual([428, 'precondition-required']);

  const { body: edition } = await api<EditionBody>('GET', '/editions/1');
  expect(edition.content.subject).toBe('A week at sea');
  const piece = edition.content.sections.flatMap(({ pieces }) => pieces).at(-1)!;
  const dropped = await api('DELETE', `/editions/1/pieces/${piece.pieceId}`, undefined, { 'if-match': '"2"' });
  expect(dropped.status).toBe(200);
  const back = await api(
    'PUT',
    `/editions/1/pieces/${piece.pieceId}`,
    { section: 'analysis', position: 1 },
    { 'if-match': '"3"' },
  );
  expect(back.status).toBe(200);
  const renamed = await api(
    'PATCH',
    `/editions/1/pieces/${piece.pieceId}`,
    { title: 'Our own headline' },
    { 'if-match': '*' },
  );
  expect(renamed.status).toBe(200);
  const { body: differences } = await api<{ items: { kind: string; after: string }[] }>(
    'GET',
    '/editions/1/revisions/5/differences',
  );
  expect(differences.items).toEqual([expect.objectContaining({ kind: 'edited', after: 'Our own headline' })]);

  expect((await api('POST', '/editions/1/comments', { comment: 'Is the lead right?' })).status).toBe(201);
  expect((await api('POST', '/editions/1/review', { comment: 'Please look' })).body.state).toBe('in_review');
  expect((await api('POST', '/editions/1/sending')).body).toMatchObject({ code: 'not-approved', status: 409 });
  const preview = await api<{ html: string; subject: string; hash: string }>('GET', '/editions/1/preview');
  expect(preview.body.html).toContain('Our own headline');
  expect((await api<{ items: unknown[] }>('GET', '/editions/1/findings')).status).toBe(200);
  await sql`update publication set name = 'The Other Review'`.execute(house.database.db);
  expect((await api('POST', '/editions/1/approval', { hash: preview.body.hash })).body).toMatchObject({
    code: 'revision-changed',
    status: 412,
  });
  const { hash } = (await api<{ hash: string }>('GET', '/editions/1/preview')).body;
  const approved = await api<{ approval: { approvedBy: string } }>('POST', '/editions/1/approval', { hash });
  expect(approved.body.approval.approvedBy).toBe('An administrator');
  const scheduled = await api('PUT', '/editions/1/schedule', { at: new Date(Date.now() + 3_600_000).toISOString() });
  expect(scheduled.body.state).toBe('scheduled');
  expect((await api('PUT', '/editions/1/schedule', { at: '2020-01-01T00:00:00Z' })).status).toBe(400);

  const sent = await api('POST', '/editions/1/sending');
  expect([sent.status, sent.body.audience]).toEqual([202, 3]);
  const events = fetch(`${web.deskUrl}/api/v1/editions/1/events`, {
    headers: { authorization: `Bearer ${await tokenFor(house)}` },
  });
  expect((await api('PATCH', '/editions/1/sending', { state: 'paused' })).body.state).toBe('paused');
  expect((await api('PATCH', '/editions/1/sending', { state: 'sending' })).body.state).toBe('sending');
  await deliverBatch(house.dispatchDeps(), 1, 0);
  expect((await (await events).text()).trim().split('\n\n').at(-1)).toBe('event: end\ndata: {}');
  expect((await api('GET', '/editions/1/sums')).body).toMatchObject({
    state: 'sent',
    sums: { audience: 3, accepted: 3 },
  });
  const who = await api<{ items: { address: string; state: string }[]; next: string | null }>(
    'GET',
    '/editions/1/deliveries?limit=2',
  );
  expect(who.body.items).toHaveLength(2);
  const rest = await api<{ items: unknown[]; next: string | null }>(
    'GET',
    `/editions/1/deliveries?limit=2&cursor=${who.body.next}`,
  );
  expect([rest.body.items.length, rest.body.next]).toEqual([1, null]);
  const found = await api<{ items: { address: string }[] }>(
    'GET',
    '/editions/1/deliveries?address=READER.2@readers.example',
  );
  expect(found.body.items.map(({ address }) => address)).toEqual(['reader.2@readers.example']);

  const { body: audit } = await api<{ items: { act: string; via: string; accountId: number; address: string }[] }>(
    'GET',
    '/audit?subject=edition%201&limit=200',
  );
  const acts = audit.items.map(({ act }) => act).toReversed();
  expect(acts.slice(0, 3)).toEqual(['edition proposed', 'edition revised', 'edition revised']);
  expect(acts).toEqual(
    expect.arrayContaining(['edition approved', 'edition scheduled', 'edition released', 'edition sent']),
  );
  expect(audit.items.find(({ act }) => act === 'edition approved')).toMatchObject({
    via: 'api',
    accountId: 1,
    address: '127.0.0.1',
  });
});

test('the same POST twice with one key is done once', async () => {
  const key = { 'idempotency-key': 'a-key-of-ours' };
  const body = { name: 'A hook', url: 'https://hooks.example/x', events: ['edition.sent'] };
  const first = await api<{ secret: string; webhook: { id: number } }>('POST', '/webhooks', body, key);
  const again = await api<{ secret: string; webhook: { id: number } }>('POST', '/webhooks', body, key);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  const other = await api('POST', '/webhooks', { ...body, name: 'Another' }, key);
  expect([other.status, other.body.code]).toEqual([409, 'idempotency-conflict']);
  const { body: list } = await api<{ items: unknown[] }>('GET', '/webhooks');
  expect(list.items).toHaveLength(1);
  const { rows } = await sql<{ answer: string }>`select answer from idempotency_keys`.execute(house.database.db);
  expect(rows[0]!.answer).not.toContain(first.body.secret);
});

test('many at once with one key do it once', async () => {
  const body = { name: 'At once', url: 'https://hooks.example/y', events: ['test'] };
  const all = await Promise.all(
    Array.from({ length: 8 }, () => api('POST', '/webhooks', body, { 'idempotency-key': 'at-once' })),
  );
  expect(all.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
  expect(all.every(({ status }) => status === 201 || status === 409)).toBe(true);
  const { body: list } = await api<{ items: { name: string }[] }>('GET', '/webhooks');
  expect(list.items.filter(({ name }) => name === 'At once')).toHaveLength(1);
});

test('a setting is not written over that somebody else has changed meanwhile', async () => {
  const { headers, body } = await api<{ name: string; sourceIds: number[] } & Record<string, unknown>>(
    'GET',
    '/newsletters/1',
  );
  const { id: _id, slug: _slug, name, sourceIds, scheduleSince: _since, nextSlotAt: _next, ...settings } = body;
  const seen = { 'if-match': headers.get('etag')! };
  const change = (why: string) => ({ name, sourceIds, settings: { ...settings, why } });
  const both = await Promise.all([
    api('PUT', '/newsletters/1', change('one'), seen),
    api('PUT', '/newsletters/1', change('two'), seen),
  ]);
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
  const { body: audit } = await api<{ items: { detail: Record<string, { before: unknown; after: unknown }> }[] }>(
    'GET',
    '/audit?act=newsletter%20changed',
  );
  expect(audit.items[0]!.detail.why).toEqual({ before: '', after: expect.stringMatching(/one|two/) });
  const publication = await api('GET', '/publication');
  expect(
    (await api('GET', '/publication', undefined, { 'if-none-match': publication.headers.get('etag')! })).status,
  ).toBe(304);
  expect((await api('PUT', '/publication', publication.body)).status).toBe(412);
  expect(
    (await api('PUT', '/publication', publication.body, { 'if-match': publication.headers.get('etag')! })).status,
  ).toBe(200);
});

test('subscribers: imported, listed a page at a time, ended, suppressed', async () => {
  const csv = Buffer.from('email,name\nnew.one@readers.example,New\nreader.1@readers.example,Old\nnot an address,\n');
  const done = await api<{ id: number }>('POST', '/newsletters/1/imports?ground=a%20test', csv, {
    'content-type': 'text/csv',
  });
  expect([done.status, done.body]).toEqual([202, expect.objectContaining({ state: 'running', people: 2, place: 0 })]);
  await continueImport(await house.newsroom(), () => true);
  const { body: taken } = await api<object>('GET', `/imports/${done.body.id}`);
  expect(taken).toMatchObject({ state: 'done', report: { subscribed: 1, alreadySubscribed: 1, invalid: 1 } });
  const looked = await api<{ id: number }>('POST', '/newsletters/1/import-previews', csv, {
    'content-type': 'text/csv',
  });
  expect(looked.body).toMatchObject({ state: 'ready', report: { subscribed: 0, alreadySubscribed: 2 } });
  expect((await api('POST', `/imports/${looked.body.id}/run`, { ground: 'they said so' })).status).toBe(202);
  expect((await api('POST', `/imports/${looked.body.id}/run`, { ground: 'they said so' })).status).toBe(409);
  expect((await api('DELETE', `/imports/${looked.body.id}`)).status).toBe(200);
  expect((await api<{ items: unknown[] }>('GET', '/imports')).body.items).toHaveLength(2);
  const seen: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: { body: { items: { id: number }[]; next: string | null } } = await api(
      'GET',
      `/subscribers?limit=2${cursor && `&cursor=${cursor}`}`,
    );
    seen.push(...body.items.map(({ id }) => id));
    cursor = body.next;
  }
  expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  expect(seen).toHaveLength(4);
  const byAddress: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: { body: { items: { address: string }[]; next: string | null } } = await api(
      'GET',
      `/subscribers?limit=2&newsletterId=1&address=Reader.${cursor && `&cursor=${cursor}`}`,
    );
    byAddress.push(...body.items.map(({ address }) => address));
    cursor = body.next;
  }
  expect(byAddress).toEqual([1, 2, 3].map((n) => `reader.${n}@readers.example`));
  expect((await api('DELETE', '/subscribers/2/subscriptions/1')).status).toBe(204);
  const left = await api<{ items: { id: number }[] }>('GET', '/subscribers?newsletterId=1&state=unsubscribed');
  expect(left.body.items.map(({ id }) => id)).toEqual([2]);
  expect((await api('PUT', '/suppressions/Reader.3@readers.example', {})).status).toBe(204);
  expect((await api<{ items: { address: string }[] }>('GET', '/suppressions')).body.items[0]!.address).toBe(
    'reader.3@readers.example',
  );
  expect((await api('DELETE', '/suppressions/reader.3@readers.example')).status).toBe(204);
  expect((await api('DELETE', '/suppressions/reader.3@readers.example')).status).toBe(404);
});

test('pieces are found by the beginnings of words, and marked', async () => {
  const all = await api<{ items: { id: number; title: string }[]; next: string }>('GET', '/pieces?limit=3');
  expect(all.body.items).toHaveLength(3);
  expect((await api<{ items: unknown[] }>('GET', `/pieces?limit=3&cursor=${all.body.next}`)).body.items).toHaveLength(
    1,
  );
  const found = await api<{ items: { title: string }[] }>('GET', '/pieces?words=writ%20b');
  expect(found.body.items.map(({ title }) => title)).toEqual(['Piece b']);
  const { id } = all.body.items[0]!;
  expect((await api('PUT', `/pieces/${id}/marks/1`, { mark: 'never' })).status).toBe(204);
  expect((await api<{ marks: { mark: string; madeBy: string }[] }>('GET', `/pieces/${id}`)).body.marks).toEqual([
    expect.objectContaining({ mark: 'never', madeBy: 'An administrator' }),
  ]);
  expect((await api('DELETE', `/pieces/${id}/marks/1`)).status).toBe(204);
});

test('errors are problems, with what is wrong and where', async () => {
  const { status, headers, body } = await api('POST', '/newsletters', {
    slug: 'No Good',
    name: '',
    settings: {},
    extra: 1,
  });
  expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
  expect(body).toMatchObject({ type: '/api#input-invalid', status: 400, code: 'input-invalid' });
  const paths = (body.errors as { path: string }[]).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['slug', 'name', 'settings.sender']));
  expect((await api('GET', '/editions?cursor=nonsense')).body).toMatchObject({
    code: 'input-invalid',
    detail: expect.stringContaining('cursor'),
  });
  expect((await api('GET', '/nothing')).status).toBe(404);
  expect(
    (await api('POST', '/source-discoveries', { url: 'http://169.254.169.254/latest' })).status,
  ).toBeGreaterThanOrEqual(200);
});

test('a second person is wanted where the newsletter says so, and the two are told apart by account', async () => {
  const { db } = house.database;
  const strict = await addNewsletter(db, { requiresTwoPeople: true }, '2026-01-01T00:00:00Z', 'strict');
  const ana = apiClient(web, await tokenFor(house, { role: 'editor', address: 'ana@review.example', name: 'Ana' }));
  const other = apiClient(web, await tokenFor(house, { role: 'editor', address: 'ana2@review.example', name: 'Ana' }));
  const { body: edition } = await ana<EditionBody>('POST', `/newsletters/${strict.id}/editions`);
  await ana('PATCH', `/editions/${edition.id}`, { subject: 'Mine' }, { 'if-match': '*' });
  expect((await ana('POST', `/editions/${edition.id}/approval`)).body).toMatchObject({
    code: 'two-people-wanted',
    status: 409,
  });
  expect((await other('POST', `/editions/${edition.id}/approval`)).status).toBe(201);
});

test('the document says what there is, and the reference shows it', async () => {
  const document = (await (await fetch(`${web.deskUrl}/api/v1/openapi.json`)).json()) as { openapi: string };
  expect(document.openapi).toBe('3.1.0');
  const page = await (await fetch(`${web.deskUrl}/api`)).text();
  expect(page).toContain('Approve it as it is');
  expect(page).not.toContain('<script>');
});
