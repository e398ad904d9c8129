import { chmodSync, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { startWeb } from '../src/http/index.ts';
import {
  askToSubscribe,
  choosePublic,
  countSegment,
  importList,
  previewImport,
  sendReaderLetters,
} from '../src/newsroom/index.ts';
import { type Database, sql } from '../src/platform/database/index.ts';
import { pageOfSubscribers } from '../src/subscribers/index.ts';
import { openHouse } from './house.ts';

// What the list costs: an import beside a bare COPY of the same rows, a page and a search at two sizes, a sign-up beside a bare route
// that inserts one row, and what a bombing run costs its victims.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rows: { type: 'string', default: '2000000' },
    signUps: { type: 'string', default: '3000' },
    bombing: { type: 'string', default: '100000' },
  },
});
const ROWS = Number(options.rows);
const SMALL = ROWS / 100;
const log = (line: string) => process.stderr.write(`${line}\n`);
const folder = mkdtempSync(path.join(tmpdir(), 'roundup-bench-audience-'));
// As root, PostgreSQL runs as another user, and reads the list for COPY.
chmodSync(folder, 0o755);

async function listOf(rows: number, name: string): Promise<string> {
  const file = path.join(folder, name);
  const out = createWriteStream(file);
  out.write('Email,First Name,Last Name,Status,Created At\n');
  for (let n = 0; n < rows; n += 1_000) {
    let text = '';
    for (let m = n; m < Math.min(rows, n + 1_000); m++)
      text += `reader.${m}@d${m % 500}.example,Reader,Number ${m},subscribed,2024-01-01 10:00:00\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return file;
}

const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] as number;

/** The least that the same rows can cost: PostgreSQL's own COPY of the file into a table without an index. */
async function bareCopy(db: Database, file: string): Promise<number> {
  await sql`create table bare (email text, first_name text, last_name text, status text, at timestamptz)`.execute(db);
  const began = performance.now();
  await sql`copy bare from ${sql.lit(file)} with (format csv, header)`.execute(db);
  const ms = performance.now() - began;
  await sql`drop table bare`.execute(db);
  return ms;
}

type Bench = Awaited<ReturnType<typeof openHouse>>;

const partsOf = ({ app }: Bench) => ({ db: app.database.db, clock: app.clock });

async function measureImport(house: Bench, file: string) {
  const { db } = house.app.database;
  const copyMs = await bareCopy(db, file);
  log(`  bare COPY      ${Math.round(ROWS / (copyMs / 1_000)).toLocaleString('en-US')} rows/s`);
  const memory = { peak: 0, early: 0 };
  const watch = setInterval(() => (memory.peak = Math.max(memory.peak, process.memoryUsage().rss)), 100);
  const onProgress = (share: number) => {
    if (share > 0.1 && memory.early === 0) memory.early = process.memoryUsage().rss;
  };
  const wish = { newsletterId: house.newsletterId, ground: 'a benchmark', onProgress };
  const began = performance.now();
  const { report } = await importList(partsOf(house), file, wish, 'the benchmark');
  const importMs = performance.now() - began;
  clearInterval(watch);
  const imported = {
    rows: report.subscribed,
    megabytes: statSync(file).size / 1e6,
    perSecond: ROWS / (importMs / 1_000),
    barePerSecond: ROWS / (copyMs / 1_000),
    ratio: copyMs / importMs,
    peakMegabytes: memory.peak / 1e6,
    earlyMegabytes: memory.early / 1e6,
  };
  log(
    `  import         ${Math.round(imported.perSecond).toLocaleString('en-US')} rows/s, ${imported.ratio.toFixed(3)} × (aim ≥ 0.25); ${imported.peakMegabytes.toFixed(0)} MB at most, ${imported.earlyMegabytes.toFixed(0)} MB at a tenth of it`,
  );
  const again = performance.now();
  const preview = (await previewImport(partsOf(house), file, wish, 'the benchmark')).report;
  log(`  dry run again  ${((performance.now() - again) / 1_000).toFixed(1)} s, ${preview.alreadySubscribed} known`);
  return imported;
}

type Query = Parameters<typeof pageOfSubscribers>[1];
const list = (query: (id: number, size: number) => Query) => (house: Bench, size: number) =>
  pageOfSubscribers(house.app.database.db, query(house.newsletterId, size));
const LISTS = [
  { name: 'a page', run: list((newsletterId) => ({ limit: 51, newsletterId })) },
  {
    name: 'a page far in',
    run: list((newsletterId, size) => ({ limit: 51, newsletterId, after: { id: size - 100, addressKey: '' } })),
  },
  { name: 'search', run: list(() => ({ limit: 51, address: 'reader.77' })) },
];

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function measureLists(few: Bench, many: Bench) {
  const lists = [];
  for (const { name, run } of LISTS) {
    const times: { few: number[]; many: number[] } = { few: [], many: [] };
    for (let n = 0; n < 320; n++) {
      const [a, b] = [await timed(() => run(few, SMALL)), await timed(() => run(many, ROWS))];
      if (n < 20) continue;
      times.few.push(a);
      times.many.push(b);
    }
    const [a, b] = [p95(times.few), p95(times.many)];
    lists.push({ name, smallP95Ms: a, largeP95Ms: b, ratio: b / a });
    log(`  ${name.padEnd(14)} ${a.toFixed(2)} ms, ${b.toFixed(2)} ms: ${(b / a).toFixed(2)} × (aim ≤ 2)`);
  }
  return lists;
}

/** How many are meant by a filter: about, at once, and counted. */
async function measureSegment(many: Bench) {
  const { app, newsletterId: id } = many;
  const { db } = app.database;
  await sql`analyze subscriptions`.execute(db);
  const newsletter = { id, language: 'en', timeZone: 'UTC' };
  const filter = 'domain ends with "7.example" and subscribed before 2026-01-01';
  const times: number[] = [];
  for (let n = 0; n < 20; n++)
    times.push(await timed(() => countSegment({ db }, newsletter, filter, { exact: false })));
  const about = await countSegment({ db }, newsletter, filter, { exact: false });
  const began = performance.now();
  const exact = await countSegment({ db }, newsletter, filter, { exact: true });
  const segment = { about: about.count, aboutMs: p95(times), exact: exact.count, exactMs: performance.now() - began };
  log(
    `  segment        ≈ ${segment.about} in ${segment.aboutMs.toFixed(0)} ms, exactly ${segment.exact} in ${segment.exactMs.toFixed(0)} ms`,
  );
  return segment;
}

/** Each from another network: the limit of one is another matter. */
function post(url: string, n: number): Promise<Response> {
  const from = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
    body: JSON.stringify({ address: `new.${n}@fresh.example`, newsletters: ['weekly'] }),
  });
}

async function atOnce(url: string, n: number): Promise<{ ms: number; refused: number }> {
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, m) => post(url, n + m)));
  await Promise.all(answers.map((answer) => answer.text()));
  return { ms: performance.now() - began, refused: answers.filter(({ ok }) => !ok).length };
}

const AT_ONCE = 16;

async function measureSignUps(house: Bench) {
  const { db } = house.app.database;
  await sql`create table bare_rows (id bigint generated always as identity primary key, body text)`.execute(db);
  const web = await startWeb(Object.assign(house.app, { config: { ...house.app.config, trustProxy: 1 } }));
  const bare = Fastify();
  bare.post('/bare', async (request) => {
    await sql`insert into bare_rows (body) values (${JSON.stringify(request.body)})`.execute(db);
    return { state: 'kept' };
  });
  await bare.listen({ host: '127.0.0.1', port: 0 });
  const bareUrl = `http://127.0.0.1:${(bare.server.address() as { port: number }).port}/bare`;
  const count = Number(options.signUps);
  const spent = { signUp: 0, bare: 0, refused: 0 };
  for (let n = 0; n < count; n += AT_ONCE) {
    // So is the limit of all networks together.
    await sql`delete from rate_limits where key = 'sign-ups'`.execute(db);
    const { ms, refused } = await atOnce(`http://127.0.0.1:${web.port}/subscribe`, n);
    spent.signUp += ms;
    spent.refused += refused;
    spent.bare += (await atOnce(bareUrl, n)).ms;
  }
  await bare.close();
  await web.close();
  const perSecond = (ms: number) => count / (ms / 1_000);
  const ratio = spent.bare / spent.signUp;
  log(
    `  sign-ups       ${perSecond(spent.signUp).toFixed(0)}/s beside ${perSecond(spent.bare).toFixed(0)}/s bare: ${ratio.toFixed(2)} × (aim ≥ 0.3), ${spent.refused} refused`,
  );
  return {
    perSecond: perSecond(spent.signUp),
    barePerSecond: perSecond(spent.bare),
    ratio,
    refused: spent.refused,
  };
}

const VICTIMS = 50;

/** Straight at what keeps a sign-up, past the limits that would stop most of it. */
async function measureBombing(house: Bench) {
  const { db } = house.app.database;
  const signUps = Number(options.bombing);
  const began = performance.now();
  const newsletters = await choosePublic(db, ['weekly']);
  const ask = (n: number) =>
    askToSubscribe(partsOf(house), newsletters, {
      address: `victim.${n % VICTIMS}@victims.example`,
      name: '',
      language: 'en',
      topics: [],
      form: 'page',
      words: '',
      from: '10.0.0.1',
    });
  for (let n = 0; n < signUps; n += VICTIMS) await Promise.all(Array.from({ length: VICTIMS }, (_, m) => ask(n + m)));
  while ((await sendReaderLetters(await house.app.newsroom())) > 0);
  const { rows } = await sql<{ most: number }>`
    select max(mails)::int as most from sign_ups where address like 'victim.%'`.execute(db);
  const mostMails = rows[0]?.most ?? 0;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  log(
    `  bombing        ${signUps.toLocaleString('en-US')} sign-ups for ${VICTIMS} addresses in ${seconds} s: ${mostMails} mail to one at most (aim ≤ 1)`,
  );
  return { signUps, victims: VICTIMS, mostMails };
}

const large = await openHouse(0);
const small = await openHouse(0);
try {
  const { db } = large.app.database;
  await sql`update newsletters set settings = settings || '{"isPublic": true}'::jsonb`.execute(db);
  log(`a list of ${ROWS.toLocaleString('en-US')} rows is written`);
  const imported = await measureImport(large, await listOf(ROWS, 'large.csv'));
  const wish = { newsletterId: small.newsletterId, ground: 'a benchmark' };
  await importList(partsOf(small), await listOf(SMALL, 'small.csv'), wish, 'the benchmark');
  await sql`vacuum analyze`.execute(db);
  await sql`vacuum analyze`.execute(small.app.database.db);
  const lists = await measureLists(small, large);
  const segment = await measureSegment(large);
  const signUps = await measureSignUps(large);
  const bombing = await measureBombing(large);
  if (options.json) process.stdout.write(`${JSON.stringify({ imported, lists, segment, signUps, bombing })}\n`);
} finally {
  await large.remove();
  await small.remove();
  rmSync(folder, { recursive: true, force: true });
}
