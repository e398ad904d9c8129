import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { newDkimKey, sumsOf, useDkimKey, workersPresent } from '../src/dispatch/index.ts';
import { getEdition, sendEdition } from '../src/newsroom/index.ts';
import { sql } from '../src/platform/database/index.ts';
import { FILLER, type House, openHouse } from './house.ts';
import { type Measured, cpuMicrosOf, start } from './processes.ts';
import { type Sink, startSink } from './sink.ts';
import { startWorker } from './worker.ts';

// How fast a worker sends, beside a naive loop and a C client, to the same sink, in one run, taking turns. See
// docs/benchmarks.md for what the figures mean.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string', default: '' },
    messages: { type: 'string', default: '20000' },
    /** For the workers' node, such as --node=--cpu-prof. */
    node: { type: 'string', multiple: true, default: [] },
    /** In place of those that docker-compose.yml has. */
    'node-options': { type: 'string' },
  },
});
const ROOT = path.resolve(import.meta.dirname, '..');
const CONNECTIONS = Number(options.connections);
const ROUNDS = Number(options.rounds);
const READERS = Number(options.messages);
const NAIVE_MESSAGES = 2_000;
const LATENCY_MS = 50;
const LATENCY_CONNECTIONS = 100;
const LATENCY_READERS = 8_000;
const PATIENCE_MS = 120_000;

interface Figures {
  perSecond: number;
  cpuMicrosPerMessage: number;
  peakMb: number;
  /** What the database and the sink used for it. */
  postgresMicrosPerMessage?: number;
  sinkMicrosPerMessage: number;
}

type Variant = () => Promise<Figures>;

let naiveStart: number | undefined;

const log = (line: string) => process.stderr.write(`${line}\n`);

const house = await openHouse(READERS);
const sink = await startSink();
const lateSink = await startSink(LATENCY_MS);
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const { db } = house.app.database;
await newDkimKey(db, house.app.config.keys, {
  domain: 'example.org',
  selector: 'bench',
  algorithm: 'rsa',
  now: new Date(),
});

const variants: Record<string, Variant> = {
  naive: () => naive(''),
  one: () => ours({ processes: 1 }),
  two: () => ours({ processes: 2 }),
  smtpSource,
  naiveDkim: () => naive(pem),
  oneDkim: () => ours({ processes: 1, dkim: true }),
  twoDkim: () => ours({ processes: 2, dkim: true }),
  latency: () => ours({ processes: 1, to: lateSink, connections: LATENCY_CONNECTIONS, readers: LATENCY_READERS }),
};

const hasSmtpSource = spawnSync('smtp-source', ['-h']).error === undefined;
const wanted = Object.keys(variants).filter(
  (name) => (options.only === '' || options.only.split(',').includes(name)) && (name !== 'smtpSource' || hasSmtpSource),
);
const figures: Record<string, Figures[]> = {};
try {
  for (let round = 1; round <= ROUNDS; round++) {
    for (const name of wanted) {
      const result = await (variants[name] as Variant)();
      (figures[name] ??= []).push(result);
      log(`${round}/${ROUNDS} ${name.padEnd(11)} ${lineOf(result)}`);
    }
  }
} finally {
  await sink.close();
  await lateSink.close();
  await house.remove();
}

const best = Math.max(
  ...Object.values(figures)
    .flat()
    .map(({ perSecond }) => perSecond),
);
const sinkCapacity = Math.round(
  1e6 /
    Math.min(
      ...Object.values(figures)
        .flat()
        .map(({ sinkMicrosPerMessage }) => sinkMicrosPerMessage),
    ),
);
const summary = {
  ...Object.fromEntries(Object.entries(figures).map(([name, results]) => [name, median(results)])),
  opensslRsa2048PerSecond: opensslRsa2048PerSecond(),
  connections: CONNECTIONS,
  latencyConnections: LATENCY_CONNECTIONS,
  latencyLimitPerSecond: LATENCY_CONNECTIONS / ((2 * LATENCY_MS) / 1_000),
  sinkCapacityPerSecond: sinkCapacity,
  bestPerSecond: Math.round(best),
};
report(summary as typeof summary & Record<string, Figures>);
if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);

async function naive(key: string): Promise<Figures> {
  await sink.report();
  const count = NAIVE_MESSAGES;
  const args = [
    '--import',
    'tsx',
    path.join(ROOT, 'benchmarks/naive.ts'),
    String(sink.port),
    String(count),
    String(CONNECTIONS),
    String(FILLER),
    key,
  ];
  const child = start(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  // From the first message on: what a program needs to start is not what is compared.
  const cpuBefore = await atFirstMessage(child);
  await once(child.child, 'exit');
  const { messages, micros, cpuMicros } = await sink.report();
  return {
    perSecond: (messages / micros) * 1e6,
    cpuMicrosPerMessage: (child.cpuMicros() - cpuBefore) / messages,
    peakMb: child.peakMb(),
    sinkMicrosPerMessage: cpuMicros / messages,
  };
}

/** Its start, in processor time; measured by a run that sends nothing. */
async function atFirstMessage(child: Measured): Promise<number> {
  if (naiveStart !== undefined) return naiveStart;
  const args = (child.child.spawnargs as string[]).slice(1);
  args[4] = '0';
  const idle = start(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
  await once(idle.child, 'exit');
  naiveStart = idle.cpuMicros();
  return naiveStart;
}

async function smtpSource(): Promise<Figures> {
  await sink.report();
  const args = [
    '-d',
    '-s',
    String(CONNECTIONS),
    '-m',
    String(READERS * 2),
    '-l',
    String(65_536),
    '-f',
    'a@example.org',
    '-t',
    'b@example.net',
    `127.0.0.1:${sink.port}`,
  ];
  const child = start('smtp-source', args, { stdio: 'ignore' });
  await once(child.child, 'exit');
  const { messages, micros, cpuMicros } = await sink.report();
  return {
    perSecond: (messages / micros) * 1e6,
    cpuMicrosPerMessage: child.cpuMicros() / messages,
    peakMb: child.peakMb(),
    sinkMicrosPerMessage: cpuMicros / messages,
  };
}

interface Ours {
  processes: number;
  dkim?: boolean;
  to?: Sink;
  connections?: number;
  readers?: number;
}

async function ours({
  processes,
  dkim = false,
  to = sink,
  connections = CONNECTIONS,
  readers = READERS,
}: Ours): Promise<Figures> {
  if (dkim) await useDkimKey(db, 'example.org', 'bench', new Date());
  else await sql`update dkim_keys set used_since = null`.execute(db);
  const editionId = await house.addEdition();
  const workers = Array.from({ length: processes }, () =>
    startWorker({
      databaseUrl: house.app.database.url,
      cwd: house.app.config.dataDir,
      port: to.port,
      connections,
      node: options.node,
      ...(options['node-options'] === undefined ? {} : { nodeOptions: options['node-options'] }),
    }),
  );
  await until(async () => (await workersPresent(db)) === processes);
  // What the start has left to do is done.
  await sleep(500);
  await limitAudience(house, readers);
  const before = workers.map((worker) => worker.cpuMicros());
  const postgresBefore = postgresMicros();
  await to.report();
  await sendEdition(await house.app.newsroom(), editionId, 'a benchmark');
  await until(async () => (await getEdition(db, editionId)).state === 'sent');
  const sums = await sumsOf(db, editionId);
  const { messages, micros, cpuMicros } = await to.report();
  if (sums.accepted !== readers || messages !== readers)
    throw new Error(`the books do not add up: ${JSON.stringify(sums)}, ${messages} arrived`);
  const cpu = workers.reduce((sum, worker, index) => sum + worker.cpuMicros() - (before[index] ?? 0), 0);
  const postgres = postgresMicros() - postgresBefore;
  const peakMb = Math.max(...workers.map((worker) => worker.peakMb()));
  await Promise.all(workers.map((worker) => worker.stop()));
  return {
    perSecond: (messages / micros) * 1e6,
    cpuMicrosPerMessage: cpu / messages,
    peakMb,
    postgresMicrosPerMessage: postgres / messages,
    sinkMicrosPerMessage: cpuMicros / messages,
  };
}

/** The first so many readers are the ones who are subscribed. */
async function limitAudience({ newsletterId }: House, readers: number): Promise<void> {
  await sql`update subscriptions set state = case when subscriber_id <= ${readers} then 'active' else 'unsubscribed' end::subscription_state
    where newsletter_id = ${newsletterId} and (state = 'active') <> (subscriber_id <= ${readers})`.execute(db);
}

/** Of all processes of the server: they are its children, and stay for as long as their connections. */
function postgresMicros(): number {
  const { stdout } = spawnSync('ps', ['-eo', 'pid,comm']);
  const pids = stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes('postgres'))
    .map((line) => Number(line.trim().split(/\s+/)[0]));
  return pids.reduce((sum, pid) => sum + (cpuMicrosOf(pid) ?? 0), 0);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + PATIENCE_MS; !(await holds()); await sleep(50)) {
    if (performance.now() > deadline) throw new Error('a worker did not come to its end');
  }
}

/** The round in the middle, by messages a second. */
function median(results: Figures[]): Figures {
  return results.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(results.length / 2)] as Figures;
}

/** Signatures of one core a second. */
function opensslRsa2048PerSecond(): number {
  const { stdout } = spawnSync('openssl', ['speed', '-seconds', '2', 'rsa2048'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Number(/rsa\s+2048 bits\s+\S+\s+\S+\s+([\d.]+)/.exec(stdout.toString())?.[1] ?? Number.NaN);
}

function lineOf({
  perSecond,
  cpuMicrosPerMessage,
  peakMb,
  postgresMicrosPerMessage,
  sinkMicrosPerMessage,
}: Figures): string {
  const postgres = postgresMicrosPerMessage?.toFixed(0) ?? '–';
  return `${perSecond.toFixed(0).padStart(7)}/s  ${cpuMicrosPerMessage.toFixed(0).padStart(5)} µs  ${peakMb} MB  postgres ${postgres} µs, sink ${sinkMicrosPerMessage.toFixed(0)} µs`;
}

function report(
  all: Record<string, Figures> & {
    opensslRsa2048PerSecond: number;
    latencyLimitPerSecond: number;
    sinkCapacityPerSecond: number;
    bestPerSecond: number;
  },
): void {
  const ratio = (what: string, value: number | undefined, aim: string) =>
    log(`  ${what.padEnd(44)} ${Number.isFinite(value) ? (value as number).toFixed(2) : '–'}  (aim ${aim})`);
  const of = (name: string) => all[name]?.perSecond ?? Number.NaN;
  log('');
  ratio('one worker / naive', of('one') / of('naive'), '≥ 15');
  ratio('one worker / smtp-source', of('one') / of('smtpSource'), '≥ 0.3');
  ratio('one worker with DKIM / RSA-2048 of a core', of('oneDkim') / all.opensslRsa2048PerSecond, '≥ 0.7');
  ratio('with 50 ms a reply / the arithmetic limit', of('latency') / all.latencyLimitPerSecond, '≥ 0.9');
  ratio('peak memory of a worker, MB', all.one?.peakMb, '≤ 150');
  ratio('sink capacity / best figure', all.sinkCapacityPerSecond / all.bestPerSecond, '≥ 2');
}
