import { createHash } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { getNewsletter } from '../src/editions/index.ts';
import { MINUTE_MS } from '../src/lib/time.ts';
import { collectAll, proposeEdition } from '../src/newsroom/index.ts';
import { silentLog } from '../src/platform/log.ts';
import { sql } from '../src/platform/database/index.ts';
import { insertSource } from '../src/sources/index.ts';
import { openHouse } from './house.ts';

// What collecting and composing cost: many sources for the first time and again unchanged, on servers that take their time to
// answer; one more source beside few and beside many; an edition from a pool that remembers little and one that remembers much.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    sources: { type: 'string', default: '200' },
    pieces: { type: 'string', default: '50' },
    'delay-ms': { type: 'string', default: '100' },
    few: { type: 'string', default: '1000' },
    many: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '9' },
  },
});
const SOURCES = Number(options.sources);
const PIECES = Number(options.pieces);
const DELAY_MS = Number(options['delay-ms']);
const ROUNDS = Number(options.rounds);
const BEGAN = Date.now();
const SMALLER = [Math.ceil(SOURCES / 8), Math.ceil(SOURCES / 2)];

const log = (line: string) => process.stderr.write(`${line}\n`);
const seconds = async (act: () => Promise<unknown>) => {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1_000;
};
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const site = await startSite();
const summary = { collecting: await benchCollecting(), composing: await benchComposing() };
await site.close();
report();
if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);

function report(): void {
  const { collecting, composing } = summary;
  log('');
  log(`  ${SOURCES} sources of ${PIECES} pieces, ${DELAY_MS} ms an answer`);
  log(
    `  first run                            ${collecting.firstSeconds.toFixed(1)} s, ${mb(collecting.firstBytes)} MB`,
  );
  log(
    `  second run, unchanged                ${collecting.secondSeconds.toFixed(1)} s, ${mb(collecting.secondBytes)} MB`,
  );
  log(`  bytes, second / first                ${(100 * collecting.bytesRatio).toFixed(2)} %  (aim < 2 %)`);
  log(
    `  second run / one after the other     ${collecting.againstSerial.toFixed(2)}  (1 would be one after the other)`,
  );
  for (const { sources, secondsEach } of collecting.scaling)
    log(`  a source of ${String(sources).padEnd(4)}                     ${(secondsEach * 1_000).toFixed(1)} ms`);
  log(`  composing, ${composing.few.remembered} remembered          ${(composing.few.seconds * 1_000).toFixed(1)} ms`);
  log(`  composing, ${composing.many.remembered} remembered        ${(composing.many.seconds * 1_000).toFixed(1)} ms`);
  log(`  composing, many / few                ${composing.ratio.toFixed(2)}  (aim ≤ 2)`);
}

function mb(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(2);
}

async function benchCollecting() {
  const scaling = [];
  for (const sources of SMALLER) scaling.push(await collect(sources));
  const all = await collect(SOURCES);
  const { firstSeconds, firstBytes, secondSeconds, secondBytes } = all;
  return {
    firstSeconds,
    firstBytes,
    secondSeconds,
    secondBytes,
    bytesRatio: secondBytes / firstBytes,
    againstSerial: secondSeconds / ((SOURCES * DELAY_MS) / 1_000),
    scaling: [...scaling, all].map(({ sources, firstSeconds: first }) => ({ sources, secondsEach: first / sources })),
  };
}

/** In an installation of its own. */
async function collect(sources: number) {
  log(`${sources} sources are collected`);
  const house = await openHouse(0);
  const { app } = house;
  const { db } = app.database;
  for (let n = 0; n < sources; n++)
    await insertSource(db, { name: `Source ${n}`, url: `${site.url}/${n}.rss`, isLocal: true, completes: false });
  const parts = { db, clock: app.clock, log: silentLog, keys: app.config.keys };
  const run = async () => {
    const before = site.bytesSent();
    const took = await seconds(() => collectAll(parts));
    return { took, bytes: site.bytesSent() - before };
  };
  const first = await run();
  const second = await run();
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from pieces`.execute(db);
  if (rows[0]?.count !== sources * PIECES) throw new Error(`${rows[0]?.count} pieces instead of ${sources * PIECES}`);
  await house.remove();
  return {
    sources,
    firstSeconds: first.took,
    firstBytes: first.bytes,
    secondSeconds: second.took,
    secondBytes: second.bytes,
  };
}

async function benchComposing() {
  const few = await compose(Number(options.few));
  const many = await compose(Number(options.many));
  return { few, many, ratio: many.seconds / few.seconds };
}

/** A window of the same size in each; the rest is memory: older pieces, a third of which ran in earlier editions. */
async function compose(remembered: number) {
  log(`an edition is composed with ${remembered} pieces remembered`);
  const house = await openHouse(0);
  const { db } = house.app.database;
  const windowed = 200;
  const source = await insertSource(db, { name: 'S', url: 'https://example.org/feed', isLocal: false });
  await sql`insert into pieces (url_key, url, source_id, title, deck, kind, region, authors, image, published_at, first_seen_at, changed_at)
    select 'example.org/' || n, 'https://example.org/' || n, ${source?.id}, 'Headline number ' || n || ' of many', 'A deck.',
      (array['Analysis', 'Reporting', 'Opinion', 'Dispatch', 'Video'])[1 + n % 5], (array['Europe', 'Africa', 'Asia-Pacific'])[1 + n % 3],
      array['Author ' || n % 97], '{"url": "https://example.org/i.jpg", "alt": "", "credit": ""}'::jsonb, t, t, t
    from (select n, case when n <= ${windowed} then now() - n * interval '40 minutes' else now() - interval '8 days' - n * interval '9 minutes' end as t
      from generate_series(1, ${remembered}) n) x`.execute(db);
  await sql`insert into piece_addresses (url_key, piece_id, url, since) select url_key, id, url, first_seen_at from pieces`.execute(
    db,
  );
  await sql`insert into piece_sources (source_id, piece_id, published_at) select source_id, id, published_at from pieces`.execute(
    db,
  );
  await sql`insert into piece_likeness (piece_id, other_id, score, reason, found_at)
    select id, id + 1, 0.9, 'their headlines are the same', now() from pieces where id % 20 = 0 and id < ${remembered}`.execute(
    db,
  );
  const editions = Math.ceil(remembered / 60);
  await sql`insert into editions (newsletter_id, number, state, window_from, window_to, created_at)
    select ${house.newsletterId}, n, 'sent', now() - interval '30 days', now() - interval '8 days', now() from generate_series(1, ${editions}) n`.execute(
    db,
  );
  await sql`insert into edition_pieces (edition_id, newsletter_id, piece_id, section)
    select e.id, ${house.newsletterId}, p.id, 'analysis' from pieces p join editions e on e.number = 1 + p.id / 3 % ${editions}
    where p.id % 3 = 0 and p.id > ${windowed}`.execute(db);
  await sql`vacuum analyze`.execute(db);
  const newsletter = await getNewsletter(db, 'weekly');
  const times: number[] = [];
  const now = new Date(Date.now() + MINUTE_MS);
  for (let round = 0; round < ROUNDS; round++) {
    const rollback = new Error('only to see how long it takes');
    times.push(
      await seconds(() =>
        db
          .transaction()
          .execute(async (tx) => {
            const { composition } = await proposeEdition(tx, newsletter, { slotAt: null, now, by: 'a benchmark' });
            if (composition.choices.length < windowed) throw new Error('the window is not what it should be');
            throw rollback;
          })
          .catch((error: unknown) => {
            if (error !== rollback) throw error;
          }),
      ),
    );
  }
  await house.remove();
  // The first ones warm the program up.
  return { remembered, seconds: median(times.slice(2)) };
}

/** Feeds that answer conditional requests, each after a while, and how many bytes have left. */
async function startSite(): Promise<{ url: string; bytesSent(): number; close(): Promise<void> }> {
  let closed = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    const body = feed(Number(/^\/(\d+)\.rss$/.exec(request.url ?? '')?.[1] ?? 0));
    const etag = `"${createHash('sha1').update(body).digest('hex')}"`;
    setTimeout(() => {
      if (request.headers['if-none-match'] === etag) response.writeHead(304, { etag }).end();
      else response.writeHead(200, { 'content-type': 'application/rss+xml', etag }).end(body);
    }, DELAY_MS);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      closed += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bytesSent: () => closed + [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function feed(source: number): string {
  // Words as they come, the same ones for the same piece each time.
  const words = (n: number) => {
    let state = (source * PIECES + n + 1) * 2_654_435_761;
    const next = () => (state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) >>> 0);
    return Array.from({ length: 150 }, () => `w${next() % 9_973}`).join(' ');
  };
  const items = Array.from(
    { length: PIECES },
    (
      _,
      n,
    ) => `<item><title>Piece ${n} of source ${source}: ${words(n).slice(0, 40)}</title><link>https://s${source}.example/${n}</link>
      <guid isPermaLink="false">${source}-${n}</guid><pubDate>${new Date(BEGAN - n * 90 * MINUTE_MS).toUTCString()}</pubDate>
      <dc:creator>Author ${n % 9}</dc:creator><category>Analysis</category><category>Europe</category><description>The deck of piece ${n}.</description>
      <content:encoded><![CDATA[<p>${words(n)}</p>]]></content:encoded></item>`,
  );
  return `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Source ${source}</title>${items.join('')}</channel></rss>`;
}
