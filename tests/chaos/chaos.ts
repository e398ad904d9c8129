import { parseArgs } from 'node:util';
import { planOf } from './plan.ts';
import { type SeedResult, playSeed, prepareTemplate } from './seed.ts';
import { type PostgresServer, type RedisServer, startPostgres, startRedis } from './servers.ts';
import { killSpare } from './workers.ts';

// npm run chaos -- --seeds 50 [--from 1] [--json]: editions are sent through faults, a seed each, and what the mail server has
// kept is held against the ledger. A seed whose faults hit no mail in flight does not count, and another one is played.

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    lanes: { type: 'string', default: '2' },
  },
});
const WANTED = Number(options.seeds);
/** Seeds that do not count are made up for, up to a point. */
const MOST = 2 * WANTED + 4;

const counted: SeedResult[] = [];
const problems: string[] = [];
let next = Number(options.from);
let played = 0;
// Ctrl-C: what has begun is played to its end, and summed up.
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());

await Promise.all(Array.from({ length: Number(options.lanes) }, lane));
await killSpare();

const sum = (of: (result: SeedResult) => number) => counted.reduce((total, result) => total + of(result), 0);
const summary = {
  seeds: counted.length,
  recipients: sum((one) => one.recipients),
  kills: sum((one) => one.kills),
  freezes: sum((one) => one.freezes),
  restarts: sum((one) => one.restarts),
  inFlightHits: sum((one) => one.inFlightHits),
  uncertain: sum((one) => one.uncertain),
  lost: sum((one) => one.lost.length),
  stuck: sum((one) => one.stuck.length),
  suppressedMailed: sum((one) => one.suppressedMailed.length),
  duplicatesExplained: sum((one) => one.duplicatesExplained),
  duplicatesUnexplained: sum((one) => one.duplicatesUnexplained.length),
};
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stderr.write(
  `${summary.seeds} seeds, ${played - summary.seeds} that hit nothing; ${summary.kills} kills, ${summary.freezes} freezes, ${summary.restarts} restarts, ` +
    `${summary.inFlightHits} mails hit in flight, ${summary.uncertain} in doubt\n` +
    `lost ${summary.lost}, stuck ${summary.stuck}, to suppressed ${summary.suppressedMailed}, ` +
    `duplicates ${summary.duplicatesExplained} explained, ${summary.duplicatesUnexplained} unexplained\n`,
);
if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
process.exitCode = problems.length === 0 && counted.length >= WANTED ? 0 : 1;

/** Seeds one after the other, on servers of its own. */
async function lane(): Promise<void> {
  const postgres = await startPostgres();
  const redis = await startRedis();
  try {
    await prepareTemplate(postgres.url);
    while (!stopping.signal.aborted && counted.length < WANTED && played < MOST) {
      played++;
      await play(next++, { postgres, redis });
    }
  } finally {
    await redis?.stop();
    await postgres.remove();
  }
}

async function play(
  seed: number,
  servers: { postgres: PostgresServer; redis: RedisServer | undefined },
): Promise<void> {
  const plan = planOf(seed, servers.redis !== undefined);
  const result = await playSeed(plan, servers);
  const counts = result.inFlightHits > 0;
  if (counts) counted.push(result);
  const wrong = problemsOf(result);
  problems.push(...wrong.map((problem) => `seed ${seed}: ${problem}`));
  const faults = plan.events.map(({ fault }) => fault).join(', ');
  process.stderr.write(
    `${wrong.length === 0 ? 'ok  ' : 'FAIL'} seed ${String(seed).padEnd(4)} ${result.seconds.toFixed(1).padStart(5)} s  ${plan.workers} workers, ${plan.backend}, ` +
      `tls ${plan.tls}: ${faults}; ${result.inFlightHits} in flight, ${result.uncertain} in doubt, ${result.duplicatesExplained} twice${counts ? '' : ' (does not count)'}\n`,
  );
  for (const problem of wrong) process.stderr.write(`     ${problem}\n`);
}

function problemsOf(result: SeedResult): string[] {
  const lists: [string, string[]][] = [
    ['lost', result.lost],
    ['stuck', result.stuck],
    ['mailed though they had left', result.suppressedMailed],
    ['twice without a doubt in the ledger', result.duplicatesUnexplained],
    ['twice and not the same', result.different],
  ];
  const problems = lists
    .filter(([, list]) => list.length > 0)
    .map(([what, list]) => `${what}: ${list.length}, such as ${list[0]}`);
  if (!result.addsUp) problems.push('the sums are not the audience');
  if (result.duplicatesExplained > result.explainable)
    problems.push(`${result.duplicatesExplained} twice, more than the ${result.explainable} that the faults explain`);
  return problems;
}
