import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { collectAll } from '../../src/newsroom/index.ts';
import { collectSource } from '../../src/newsroom/collect.ts';
import { silentLog } from '../../src/platform/log.ts';
import { insertSource, listSources, sealKey } from '../../src/sources/index.ts';
import { clockAt } from '../support/clock.ts';
import { openHouse } from '../support/house.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// Sources that misbehave, all at once, among one that does not: each is reported in a sentence, and the good one is read.

let house: Awaited<ReturnType<typeof openHouse>>;
let server: WebServer;
const clock = clockAt('2026-11-20T12:00:00Z');
const asked: string[] = [];

const item = (slug: string) =>
  `<item><title>${slug}</title><link>https://site.example/${slug}</link><guid>${slug}</guid></item>`;
const rss = (items: string, head = '') =>
  `<?xml version="1.0"?>${head}<rss version="2.0"><channel><title>F</title>${items}</channel></rss>`;
const bomb = `<!DOCTYPE lolz [<!ENTITY a "ha">${Array.from({ length: 10 }, (_, n) => `<!ENTITY ${String.fromCharCode(98 + n)} "${`&${String.fromCharCode(97 + n)};`.repeat(10)}">`).join('')}]>`;
const external = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
const fifty = Buffer.alloc(50 * 1024 * 1024, 0x20);

beforeAll(async () => {
  server = await startWebServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    asked.push(url.pathname + url.search);
    const xml = (body: string | Buffer, headers = {}) =>
      response.writeHead(200, { 'content-type': 'application/rss+xml', ...headers }).end(body);
    switch (url.pathname) {
      case '/good':
        return void xml(rss(item('good')));
      case '/bomb':
        return void xml(rss(item('&k;'), bomb));
      case '/external':
        return void xml(rss(item('&x;').replace('<title>', '<title>secret:'), external));
      case '/large':
        return void xml(fifty);
      case '/packed':
        return void xml(gzipSync(fifty), { 'content-encoding': 'gzip' });
      case '/packed-br':
        return void xml(brotliCompressSync(fifty), { 'content-encoding': 'br' });
      case '/broken-gzip':
        return void xml(gzipSync(rss(item('x'))).subarray(0, 30), { 'content-encoding': 'gzip' });
      case '/drip': {
        response.writeHead(200, { 'content-type': 'application/rss+xml' });
        const timer = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(timer));
        return;
      }
      case '/loop':
        return void response.writeHead(302, { location: `/loop?${Number(url.search.slice(1) || 0) + 1}` }).end();
      case '/charset':
        return void xml(Buffer.from(rss(item('caf\xe9')).replace('F', 'Caf\xe9'), 'latin1'), {
          'content-type': 'application/rss+xml; charset=utf-8',
        });
      case '/wall':
        return void response
          .writeHead(200, { 'content-type': 'text/html' })
          .end('<!doctype html><html><title>Just a moment...</title></html>');
      case '/patience':
        return void response.writeHead(429, { 'retry-after': '3600' }).end();
      case '/cut':
        return void response.writeHead(200, { 'content-length': '1000' }).end('<rss', () => response.destroy());
      case '/next':
        return void response.writeHead(200, { 'content-type': 'application/feed+json' }).end(
          JSON.stringify({
            version: 'https://jsonfeed.org/version/1.1',
            title: 'J',
            next_url: url.search === '' ? '/next?2' : '/next',
            items: [
              {
                id: url.search,
                url: `https://site.example/j${url.search}`,
                title: 'J',
                date_published: '2026-11-20T08:00:00Z',
              },
            ],
          }),
        );
      case '/moved/ghost/api/content/posts/':
        return void response.writeHead(301, { location: `/now${url.pathname}${url.search}` }).end();
      case '/now/moved/ghost/api/content/posts/':
        return void response.end(
          JSON.stringify({ posts: [{ id: '1', url: 'https://site.example/g', title: 'G', visibility: 'public' }] }),
        );
      case '/ghost/api/content/posts/':
        return void response.writeHead(500).end('broken');
    }
    response.writeHead(404).end();
  });
  house = await openHouse({ clock });
});
afterAll(async () => {
  await house.remove();
  await server.close();
});

test('each is reported in a sentence, and the others are unaffected', async () => {
  const { db } = house.database;
  const paths = 'good bomb external large packed packed-br broken-gzip loop charset wall patience cut next'.split(' ');
  for (const path of paths) await insertSource(db, { name: path, url: `${server.url}/${path}`, isLocal: true });
  await insertSource(db, {
    name: 'ghost',
    url: `${server.url}/ghost/api/content/posts/`,
    kind: 'ghost',
    isLocal: true,
    secret: sealKey(house.config.keys, 'f00dfacef00dfacef00dfacef0'),
  });
  const logged: string[] = [];
  const write = (message: string, facts?: object) => void logged.push(message + JSON.stringify(facts));
  const log = { error: write, warn: write, info: write, debug: write };
  const began = performance.now();
  const results = await collectAll({ db, clock, log, keys: house.config.keys });
  const by = Object.fromEntries(
    results.map(({ source, outcome, new: fresh, problem }) => [source.name, problem ?? `${outcome}: ${fresh} new`]),
  );
  expect(by).toEqual({
    good: 'read: 1 new',
    bomb: expect.stringContaining('entities made of entities (an XML bomb?)'),
    external: expect.stringContaining('asks for files from elsewhere (external entities)'),
    large: `${server.url}/large: it is larger than 10 MB`,
    packed: `${server.url}/packed: it is larger than 10 MB`,
    'packed-br': `${server.url}/packed-br: it is larger than 10 MB`,
    'broken-gzip': `${server.url}/broken-gzip: its compressed body is broken`,
    loop: `${server.url}/loop: it redirects more than 5 times`,
    charset: 'read: 1 new',
    wall: expect.stringContaining('a bot wall of Cloudflare'),
    patience: expect.stringContaining('the server answered 429 (too many requests)'),
    cut: `${server.url}/cut: the connection was cut`,
    next: 'read: 2 new',
    ghost: expect.stringContaining('the server answered 500'),
  });
  // The others ran beside each other: the time is not the sum of theirs.
  expect(performance.now() - began).toBeLessThan(20_000);
  const { rows } = await (await import('kysely')).sql<{ title: string }>`select title from pieces`.execute(db);
  const titles = rows.map(({ title }) => title).join('\n');
  expect(titles).toContain('café');
  expect(titles).not.toMatch(/root:|haha/);
  expect(asked.filter((path) => path.startsWith('/next'))).toHaveLength(2);
  // The key went to the server, and nowhere else.
  expect(asked.join()).toContain('key=f00dface');
  expect(logged.join() + JSON.stringify(results) + JSON.stringify(await listSources(db))).not.toContain('f00dface');
}, 60_000);

test('a slow drip ends at the time limit, and does not hold the others', async () => {
  const { db } = house.database;
  const drip = await insertSource(db, { name: 'drip', url: `${server.url}/drip`, isLocal: true });
  const limits = { timeMs: 400, sizeBytes: 1_000_000, redirects: 5 };
  const reading = collectSource({ db, clock, log: silentLog, keys: house.config.keys }, drip!, { limits });
  await sleep(50);
  const good = (await listSources(db)).find(({ name }) => name === 'good')!;
  expect((await collectSource({ db, clock, log: silentLog, keys: house.config.keys }, good)).outcome).toBe('read');
  expect((await reading).problem).toBe(`${server.url}/drip: it took longer than 0.4 seconds`);
});

test('a server that asked for patience is left alone until then, and the memory of it outlives the process', async () => {
  const { db } = house.database;
  const before = asked.filter((path) => path === '/patience').length;
  const source = (await listSources(db)).find(({ name }) => name === 'patience')!;
  expect(source.waitUntil!.getTime() - Date.now()).toBeGreaterThan(3_000_000);
  const later = clockAt(new Date(source.waitUntil!.getTime() - 1_000).toISOString());
  expect((await collectSource({ db, clock: later, log: silentLog, keys: house.config.keys }, source)).outcome).toBe(
    'waiting',
  );
  expect(asked.filter((path) => path === '/patience')).toHaveLength(before);
});

test('a server that redirects with our query does not make the key a part of an address', async () => {
  const { db } = house.database;
  const source = await insertSource(db, {
    name: 'moved ghost',
    url: `${server.url}/moved/ghost/api/content/posts/?page=1`,
    kind: 'ghost',
    isLocal: true,
    secret: sealKey(house.config.keys, 'f00dfacef00dfacef00dfacef0'),
  });
  const collected = await collectSource({ db, clock, log: silentLog, keys: house.config.keys }, source!);
  expect(collected).toMatchObject({ outcome: 'read', new: 1 });
  const after = (await listSources(db)).find(({ name }) => name === 'moved ghost')!;
  expect(after.url).toBe(`${server.url}/now/moved/ghost/api/content/posts/?page=1`);
  expect(asked.at(-1)).toContain('key=f00dface');
});
