import { chmodSync, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { startWeb } from '../src/http/index.ts';
import { importList, previewImport, sendReaderLetters } from '../src/newsroom/index.ts';
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

const large = await openHouse(0);
const small = await openHouse(0);
try {
  const { db } = large.app.database;
  await sql`update newsletters set settings = settings || '{"isPublic": true}'::jsonb`.execute(db);
  log(`a list of ${ROWS.toLocaleString('en-US')} rows is written`);
  const file = await listOf(ROWS, 'large.csv');
  const copyMs = await bareCopy(db, file);
  log(`  bare COPY      ${Math.round(ROWS / (copyMs / 1_000)).toLocaleString('en-US')} rows/s`);

  let peak = 0;
  let early = 0;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);
  const began = performance.now();
  const parts = { db, clock: large.app.clock };
  const wish = {
    newsletterId: large.newsletterId,
    ground: 'a benchmark',
    onProgress: (share: number) => {
      if (share > 0.1 && early === 0) early = process.memoryUsage().rss;
    },
  };
  const { report } = await importList(parts, file, wish, 'the benchmark');
  const importMs = performance.now() - began;
  clearInterval(watch);
  const imported = {
    rows: report.subscribed,
    megabytes: statSync(file).size / 1e6,
    perSecond: ROWS / (importMs / 1_000),
    barePerSecond: ROWS / (copyMs / 1_000),
    ratio: copyMs / importMs,
    peakMegabytes: peak / 1e6,
    earlyMegabytes: early / 1e6,
  };
  log(
    `  import         ${Math.round(imported.perSecond).toLocaleString('en-US')} rows/s, ${imported.ratio.toFixed(2)} × (aim ≥ 0.25); ${imported.peakMegabytes.toFixed(0)} MB at most, ${imported.earlyMegabytes.toFixed(0)} MB at a tenth of it`,
  );
  const again = performance.now();
  const preview = await previewImport(parts, file, wish);
  log(`  dry run again  ${((performance.now() - again) / 1_000).toFixed(1)} s, ${preview.alreadySubscribed} known`);

  const smallFile = await listOf(SMALL, 'small.csv');
  await importList(
    { db: small.app.database.db, clock: small.app.clock },
    smallFile,
    { ...wish, newsletterId: small.newsletterId },
    'x',
  );
  await sql`vacuum analyze`.execute(db);
  await sql`vacuum analyze`.execute(small.app.database.db);
  const queries = [
    { name: 'a page', query: (id: number) => ({ limit: 51, newsletterId: id }) },
    {
      name: 'a page far in',
      query: (id: number) => ({ limit: 51, newsletterId: id, after: { id: SMALL - 100, addressKey: '' } }),
    },
    { name: 'search', query: () => ({ limit: 51, address: 'reader.77' }) },
  ];
  const lists = [];
  for (const { name, query } of queries) {
    const times = { small: [] as number[], large: [] as number[] };
    for (let n = 0; n < 320; n++)
      for (const side of ['small', 'large'] as const) {
        const house = side === 'small' ? small : large;
        const start = performance.now();
        await pageOfSubscribers(house.app.database.db, query(house.newsletterId));
        if (n >= 20) times[side].push(performance.now() - start);
      }
    const [few, many] = [p95(times.small), p95(times.large)];
    lists.push({ name, smallP95Ms: few, largeP95Ms: many, ratio: many / few });
    log(`  ${name.padEnd(14)} ${few.toFixed(2)} ms, ${many.toFixed(2)} ms: ${(many / few).toFixed(2)} × (aim ≤ 2)`);
  }

  await sql`create table bare_rows (id bigint generated always as identity primary key, body text)`.execute(db);
  const web = await startWeb(Object.assign(large.app, { config: { ...large.app.config, trustProxy: 1 } }));
  const bare = Fastify();
  bare.post('/bare', async (request) => {
    await sql`insert into bare_rows (body) values (${JSON.stringify(request.body)})`.execute(db);
    return { state: 'kept' };
  });
  await bare.listen({ host: '127.0.0.1', port: 0 });
  const bareUrl = `http://127.0.0.1:${(bare.server.address() as { port: number }).port}/bare`;
  const url = `http://127.0.0.1:${web.port}/subscribe`;
  const post = (to: string, n: number) =>
    fetch(to, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
      },
      body: JSON.stringify({ address: `new.${n}@fresh.example`, newsletters: ['weekly'] }),
    });
  const SIGN_UPS = Number(options.signUps);
  const spent = { signUp: 0, bare: 0 };
  let refused = 0;
  await sql`delete from rate_limits`.execute(db);
  for (let n = 0; n < SIGN_UPS; n += 16) {
    // The limit of all networks together is another matter.
    await sql`delete from rate_limits where key = 'sign-ups'`.execute(db);
    for (const [side, to] of [
      ['signUp', url],
      ['bare', bareUrl],
    ] as const) {
      const start = performance.now();
      const answers = await Promise.all(Array.from({ length: 16 }, (_, m) => post(to, n + m)));
      spent[side] += performance.now() - start;
      if (side === 'signUp') refused += answers.filter(({ status }) => status !== 202).length;
      await Promise.all(answers.map((answer) => answer.text()));
    }
  }
  const signUps = {
    perSecond: SIGN_UPS / (spent.signUp / 1_000),
    barePerSecond: SIGN_UPS / (spent.bare / 1_000),
    ratio: spent.bare / spent.signUp,
    refused,
  };
  log(
    `  sign-ups       ${signUps.perSecond.toFixed(0)}/s beside ${signUps.barePerSecond.toFixed(0)}/s bare: ${signUps.ratio.toFixed(2)} × (aim ≥ 0.3), ${refused} refused`,
  );

  const bombing = Number(options.bombing);
  const victims = 50;
  await sql`delete from sign_ups`.execute(db);
  const { askToSubscribe } = await import('../src/newsroom/index.ts');
  const start = performance.now();
  for (let n = 0; n < bombing; n += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, m) =>
        askToSubscribe(parts, {
          address: `victim.${(n + m) % victims}@victims.example`,
          name: '',
          language: 'en',
          newsletterIds: [large.newsletterId],
          topics: [],
          form: 'page',
          words: '',
          from: '10.0.0.1',
        }),
      ),
    );
  while ((await sendReaderLetters(await large.app.newsroom())) > 0);
  const { rows: mails } = await sql<{ most: number; sum: number }>`
    select max(mails)::int as most, sum(mails)::int as sum from sign_ups where address like 'victim.%'`.execute(db);
  log(
    `  bombing        ${bombing.toLocaleString('en-US')} sign-ups for ${victims} addresses in ${((performance.now() - start) / 1_000).toFixed(0)} s: ${mails[0]?.most} mail to one at most (aim ≤ 1)`,
  );
  await bare.close();
  await web.close();
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ imported, lists, signUps, bombing: { signUps: bombing, victims, mostMails: mails[0]?.most } })}\n`,
    );
} finally {
  await large.remove();
  await small.remove();
  rmSync(folder, { recursive: true, force: true });
}
