import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sumsOf, workersPresent } from '../src/dispatch/index.ts';
import { getEdition, sendEdition } from '../src/newsroom/index.ts';
import { sql } from '../src/platform/database/index.ts';
import { mailable } from '../src/subscribers/index.ts';
import { openHouse } from './house.ts';
import { startSink } from './sink.ts';
import { startWorker } from './worker.ts';

// What a large list costs: freezing its audience, beside the bare statement that copies the same rows, and sending to it, beside
// sending to a small one.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    readers: { type: 'string', default: '1000000' },
    small: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
  },
});
const MANY = Number(options.readers);
const FEW = Number(options.small);
const CONNECTIONS = 32;
const PATIENCE_MS = 1_800_000;

const log = (line: string) => process.stderr.write(`${line}\n`);
log(`${MANY.toLocaleString('en-US')} readers are made`);
const house = await openHouse(MANY);
const { db, url } = house.app.database;
const sink = await startSink();

const summary = { plan: await comparePlanning(), few: await send(FEW), many: await send(MANY) };
await sink.close();
await house.remove();
log('');
log(`  planning / bare insert … select      ${summary.plan.ratio.toFixed(2)}  (aim ≤ 4)`);
log(
  `  cost of a message, many / few        ${(summary.many.cpuMicrosPerMessage / summary.few.cpuMicrosPerMessage).toFixed(2)}  (aim 0.9 to 1.1)`,
);
log(
  `  peak memory, many / few              ${(summary.many.peakMb / summary.few.peakMb).toFixed(2)}  (aim 0.9 to 1.1)`,
);
if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);

/** Seconds of each, taking turns; the medians. */
async function comparePlanning(): Promise<{ bareSeconds: number; planSeconds: number; ratio: number }> {
  const bare: number[] = [];
  const plan: number[] = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    await sql`create table bare (like deliveries including defaults) with (fillfactor = 60)`.execute(db);
    bare.push(
      await seconds(() =>
        sql`insert into bare (edition_id, batch, subscriber_id, address, name, hash)
          select 1, (row_number() over (order by m.subscriber_id) - 1) / 250, m.subscriber_id, m.address, m.name, ${'b'.repeat(64)}
          from (${mailable(house.newsletterId)}) m`.execute(db),
      ),
    );
    await sql`drop table bare`.execute(db);
    const editionId = await house.addEdition();
    const newsroom = await house.app.newsroom();
    // Without the nudges, which are no part of it.
    const silent = { ...newsroom, dispatchQueue: { ...newsroom.dispatchQueue, add: async () => {} } };
    plan.push(await seconds(() => sendEdition(silent, editionId, 'a benchmark')));
    await sql`update editions set state = 'cancelled' where id = ${editionId}`.execute(db);
    await sql.raw(`drop table deliveries_${editionId}`).execute(db);
    await sql`delete from batches where edition_id = ${editionId}`.execute(db);
    log(`bare ${bare.at(-1)?.toFixed(1)} s, planned ${plan.at(-1)?.toFixed(1)} s`);
  }
  return { bareSeconds: middle(bare), planSeconds: middle(plan), ratio: middle(plan) / middle(bare) };
}

function middle(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

async function send(readers: number): Promise<{ perSecond: number; cpuMicrosPerMessage: number; peakMb: number }> {
  const worker = startWorker({
    databaseUrl: url,
    cwd: house.app.config.dataDir,
    port: sink.port,
    connections: CONNECTIONS,
  });
  while ((await workersPresent(db)) === 0) await sleep(50);
  // What V8 has to learn, it has learned by then.
  await limitAudience(FEW);
  await sendOne();
  await limitAudience(readers);
  const before = worker.cpuMicros();
  await sink.report();
  const accepted = await sendOne();
  const { messages, micros } = await sink.report();
  if (accepted !== readers || messages !== readers)
    throw new Error(`${accepted} accepted, ${messages} arrived, of ${readers}`);
  const result = {
    perSecond: (messages / micros) * 1e6,
    cpuMicrosPerMessage: (worker.cpuMicros() - before) / messages,
    peakMb: worker.peakMb(),
  };
  await worker.stop();
  log(
    `${readers.toLocaleString('en-US')}: ${result.perSecond.toFixed(0)}/s, ${result.cpuMicrosPerMessage.toFixed(0)} µs, ${result.peakMb} MB`,
  );
  return result;
}

/** Returns how many were accepted. */
async function sendOne(): Promise<number> {
  const editionId = await house.addEdition();
  await sendEdition(await house.app.newsroom(), editionId, 'a benchmark');
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(500))
    if ((await getEdition(db, editionId)).state === 'sent') break;
  return (await sumsOf(db, editionId)).accepted;
}

/** The first so many readers are the ones who are subscribed. */
async function limitAudience(readers: number): Promise<void> {
  await sql`update subscriptions set state = case when subscriber_id <= ${readers} then 'active' else 'unsubscribed' end::subscription_state
    where (state = 'active') <> (subscriber_id <= ${readers})`.execute(db);
  await sql`vacuum analyze subscriptions`.execute(db);
}

async function seconds(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1_000;
}
