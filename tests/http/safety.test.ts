import { request } from 'node:http';
import sharp from 'sharp';
import { type Web, startWeb } from '../../src/http/index.ts';
import { csvLine } from '../../src/lib/csv.ts';
import { getEdition, proposeEdition, renderNow } from '../../src/newsroom/index.ts';
import { readerToken } from '../../src/subscribers/index.ts';
import { apiClient, tokenFor } from '../support/api.ts';
import { addAccount, enterDesk } from '../support/desk.ts';
import { zipOf } from '../support/zip.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';

// What broke at peers, held against both servers.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let api: ReturnType<typeof apiClient>;
const readers = () => `http://127.0.0.1:${web.port}`;

beforeAll(async () => {
  house = await openHouse({ inbox: true, config: { trustProxy: 1 } });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  await addReaders(db, newsletter.id, 2);
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  api = apiClient(web, await tokenFor(house));
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

test('THREATS 1, 18, 19: what looks like a template is text, and reads neither environment, files nor prototypes', async () => {
  process.env.ROUNDUP_TEST_SECRET = 'very-secret-indeed';
  const payload =
    '{{env "ROUNDUP_TEST_SECRET"}} {{process.env.ROUNDUP_TEST_SECRET}} {{constructor.constructor}} {{__proto__}} {{lookup this "constructor"}} ' +
    '{{#with "s" as |string|}}{{string.sub.apply 0}}{{/with}} {{> @partial-block}} {{{raw}}} <mj-include path="/etc/passwd" />';
  expect(
    (
      await api(
        'PATCH',
        '/editions/1',
        { subject: payload.slice(0, 290), preheader: payload.slice(0, 290), note: payload },
        { 'if-match': '*' },
      )
    ).status,
  ).toBe(200);
  const { body } = await api<{ html: string; text: string; subject: string }>('GET', '/editions/1/preview');
  expect(body.subject).toContain('{{env');
  expect(body.text).toContain('{{constructor.constructor}}');
  for (const leak of ['very-secret-indeed', 'root:x:0', 'function Object()', 'native code'])
    expect(body.html + body.text + body.subject).not.toContain(leak);
});

test('THREATS 2, 11: a mail is shown in a sandbox without scripts, by itself and in its frame', async () => {
  const cookie = await enterDesk(house, web);
  const frame = await fetch(`${web.deskUrl}/editions/1/frame`, { headers: { cookie } });
  const policy = frame.headers.get('content-security-policy')!;
  expect(policy).toContain("script-src 'none'");
  expect(policy).toMatch(/sandbox (?!.*allow-scripts)(?!.*allow-same-origin)/);
  const page = await (await fetch(`${web.deskUrl}/editions/1`, { headers: { cookie } })).text();
  expect(page).toMatch(/<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
  const answer = await fetch(`${web.deskUrl}/api/v1/editions/1/preview`, { headers: { cookie } });
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
});

test('THREATS 5, 6: of an archive the lists are read, and nothing is unpacked', async () => {
  // Only lists are read from an archive, nothing of it goes to disk, and what would unfold without end is refused.
  const refused = async (bytes: Buffer) => {
    const type = { 'content-type': 'application/zip' };
    const { status, body } = await api<{ detail: string }>('POST', '/newsletters/1/imports?ground=x', bytes, type);
    return `${status} ${body.detail}`;
  };
  expect(await refused(zipOf({ '../../evil.sh': 'x', 'photo.svg': '<svg/>' }))).toContain(
    '400 The list cannot be imported: there is no .csv',
  );
  expect(await refused(zipOf({ 'bomb.csv': 'a'.repeat(30_000_000) }))).toMatch(/^400 .*far larger than any list/);
  // What is not open to all is not on the public pages, by whatever number or name.
  expect(await (await fetch(`${readers()}/subscribe?newsletter=weekly`)).text()).not.toContain('<form');
  for (const newsletter of ['weekly', '1']) {
    const body = new URLSearchParams({ newsletter, address: 'a@readers.example' });
    expect((await fetch(`${readers()}/subscribe`, { method: 'POST', body })).status).toBe(400);
  }
});

test('THREATS 6, 11: an upload is what its bytes are, encoded anew, and shown in nobody’s name', async () => {
  const upload = (bytes: Uint8Array, type: string) =>
    api<{ url: string; type: string; code: string }>('POST', '/media', bytes, { 'content-type': type });
  const drawings = [
    '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    '<!doctype html><script>alert(1)</script>',
    '%PDF-1.7',
    '',
  ];
  for (const text of drawings)
    for (const type of ['image/png', 'image/svg+xml', 'image/jpeg'])
      expect((await upload(Buffer.from(text), type)).status).toBeGreaterThanOrEqual(400);
  const picture = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#336699' } })
    .withExif({ IFD0: { Copyright: '<script>alert(1)</script>' } })
    .jpeg()
    .toBuffer();
  // With a script behind its end: what is not the picture does not come along.
  const kept = await upload(Buffer.concat([picture, Buffer.from('<script>alert(1)</script>')]), 'image/png');
  expect([kept.status, kept.body.type]).toEqual([201, 'image/jpeg']);
  expect(kept.body.url).toMatch(/^https:\/\/news\.example\.org\/media\/[0-9a-f]{40}\.jpg$/);
  const shown = await fetch(readers() + new URL(kept.body.url).pathname);
  expect(Buffer.from(await shown.arrayBuffer()).includes('script')).toBe(false);
  expect(shown.headers.get('x-content-type-options')).toBe('nosniff');
  expect(shown.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
  expect(shown.headers.get('set-cookie')).toBeNull();
  expect((await api('POST', '/media', Buffer.alloc(26 * 1024 * 1024), { 'content-type': 'image/png' })).status).toBe(
    413,
  );
});

test('THREATS 6, 21: no cell of an export is a formula', async () => {
  await addAccount(house, {
    role: 'viewer',
    address: 'formula@review.example',
    name: '=HYPERLINK("http://evil.example")',
  });
  const { headers, body } = await api<{ text: string }>('GET', '/audit/export');
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  for (const line of body.text.split('\r\n')) for (const cell of line.split(',')) expect(cell).not.toMatch(/^"?[=+@-]/);
  expect(csvLine(['=1+1', '@x', '-2', '\tx', '＝1', 'a "b", c'])).toBe('\'=1+1,\'@x,\'-2,\'\tx,\'＝1,"a ""b"", c"\r\n');
});

test('THREATS 10: a field that nobody asked for is refused, wherever it stands', async () => {
  await addAccount(house, { role: 'viewer', address: 'v@review.example' });
  for (const [method, path, body] of [
    ['POST', '/editions/1/comments', { comment: 'x', role: 'administrator' }],
    ['PATCH', '/editions/1', { subject: 'x', state: 'sent' }],
    ['PATCH', '/accounts/1', { passwordHash: 'x' }],
    [
      'POST',
      '/newsletters',
      { slug: 'x', name: 'x', settings: { sender: { name: 'x', address: 'x@y.example', admin: true }, sections: [] } },
    ],
  ] as const) {
    const answer = await api(method, path, body, { 'if-match': '*' });
    expect([path, answer.status]).toEqual([path, 400]);
  }
  expect((await api('GET', '/editions?isAdmin=1')).status).toBe(400);
  const polluted = await fetch(`${web.deskUrl}/api/v1/editions/1/comments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await tokenFor(house)}`, 'content-type': 'application/json' },
    body: '{"comment":"x","__proto__":{"isAdmin":true}}',
  });
  expect(polluted.status).toBe(400);
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

/** With headers that fetch would not send. */
function raw(
  port: number | string,
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('THREATS 23: whatever Host comes, links begin with the configured address, and the desk is not there for other names', async () => {
  const deskPort = new URL(web.deskUrl).port;
  for (const headers of [
    { host: 'evil.example' },
    { host: `127.0.0.1:${deskPort}.evil.example` },
    { host: 'evil.example', 'x-forwarded-host': 'localhost' },
  ] as Record<string, string>[])
    expect((await raw(deskPort, '/sign-in', headers)).status).toBe(403);
  expect(
    (await raw(deskPort, '/sign-in', { host: 'localhost:8081', 'x-forwarded-host': 'evil.example' })).body,
  ).not.toContain('evil');
  const edition = await getEdition(house.database.db, 1);
  const { sample } = await renderNow(await house.newsroom(), edition);
  const links = [...sample.html.matchAll(/href="([^"]+\/(?:u|p|e)\/[^"]+)"/g)].map(
    (match) => new URL(match[1]!).origin,
  );
  expect(new Set(links)).toEqual(new Set(['https://news.example.org']));
  const token = readerToken(house.config.keys, 'preferences', { newsletterId: 1, subscriberId: 1, editionId: 1 });
  const page = await raw(web.port, `/p/${token}`, {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
  });
  expect(page.body).not.toContain('evil.example');
});

test('TRUST_PROXY is honoured exactly: one proxy is believed for the last address, and for no other', async () => {
  const authorization = `Bearer ${await tokenFor(house)}`;
  const answer = await fetch(`${web.deskUrl}/api/v1/editions/1/comments`, {
    method: 'POST',
    headers: { authorization, 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'content-type': 'application/json' },
    body: JSON.stringify({ comment: 'from behind a proxy' }),
  });
  expect(answer.status).toBe(201);
  const { body } = await api<{ items: { address: string }[] }>('GET', '/audit?act=edition%20commented');
  expect(body.items[0]!.address).toBe('203.0.113.9');
});

test('requests, bodies and headers have limits, and what is beyond them is told so', async () => {
  const small = await openHouse({ config: { requestLimit: { count: 5, perMs: 60_000 } } });
  const server = await startWeb(small);
  const statuses = [];
  for (let count = 0; count < 8; count++) statuses.push(await fetch(`${server.deskUrl}/sign-in`));
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  expect(Number(statuses.at(-1)!.headers.get('retry-after'))).toBeGreaterThan(0);
  // Whoever wants to leave is not told to wait.
  const readerPort = server.port;
  const token = readerToken(small.config.keys, 'unsubscribe', { newsletterId: 1, subscriberId: 1, editionId: 1 });
  for (let count = 0; count < 8; count++)
    expect((await fetch(`http://127.0.0.1:${readerPort}/u/${token}`, { method: 'POST' })).status).toBe(200);
  await server.close();
  await small.remove();
  expect((await api('POST', '/editions/1/comments', { comment: 'x'.repeat(2 * 1024 * 1024) })).status).toBe(413);
  expect(
    (await raw(new URL(web.deskUrl).port, '/sign-in', { host: 'localhost', cookie: 'x'.repeat(20_000) })).status,
  ).toBe(431);
});

test('every answer of both servers says how it may be used', async () => {
  const cookie = await enterDesk(house, web);
  for (const url of [
    `${web.deskUrl}/`,
    `${web.deskUrl}/account`,
    `${web.deskUrl}/api`,
    `${web.deskUrl}/nothing`,
    `${web.deskUrl}/api/v1/editions`,
    `${web.deskUrl}/api/v1/nothing`,
    `${readers()}/`,
    `${readers()}/nothing`,
  ]) {
    const { headers } = await fetch(url, { headers: { cookie } });
    expect([url, headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual([
      url,
      'nosniff',
      expect.stringMatching(/^(no-referrer|same-origin)$/),
    ]);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(headers.get('x-powered-by')).toBeNull();
  }
});
