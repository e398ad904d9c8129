import {
  type BackendFactory,
  type IQueueBackend,
  type Job,
  type Processor,
  type Queue,
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
  withBackend,
} from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { RoundupError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Board, openBoard } from './board.ts';

// BullMQ on either of its backends: PostgreSQL, so that one process and one database do, or Redis. The ledger is the truth
// and the queue a nudge: a job may be lost, run twice or come late, and no mail is lost, doubled or forgotten for it.

export interface Nudge {
  name: string;
  /** A second nudge of this id is dropped while the first one waits. No colons (BullMQ's rule). */
  id?: string;
  data: Record<string, string | number>;
  delayMs?: number;
}

export interface NudgeQueue {
  add(nudges: Nudge[]): Promise<void>;
  /** Wakes a worker with a nudge of this name at each time of a cron pattern, or every so often. */
  schedule(id: string, when: Wake, nudge: Pick<Nudge, 'name' | 'data'>): Promise<void>;
  unschedule(id: string): Promise<void>;
  counts(): Promise<QueueCounts>;
}

export type Wake = { cron: string; timeZone: string } | { everyMs: number };

export interface QueueCounts {
  waiting: number;
  active: number;
  delayed: number;
}

export interface QueueWorker {
  /** Takes no more, and resolves when what is under way is done. */
  close(): Promise<void>;
}

export type Handler = (name: string, data: Record<string, string | number>) => Promise<void>;

export interface WorkerOptions {
  concurrency: number;
  /** How long a job may be silent before another worker takes it over. */
  lockMs?: number;
}

export interface Queues {
  backend: 'postgres' | 'redis';
  queue(name: string): NudgeQueue;
  worker(name: string, handle: Handler, options: WorkerOptions): QueueWorker;
  /** bull-board over these queues, to look at. */
  board(names: string[]): Promise<Board>;
  close(): Promise<void>;
}

const OPEN_TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const LOCK_MS = 30_000;
/** Room for a listener a worker and for what they ask at the same time. */
const POOL_SIZE = 16;
/** BullMQ's own tables; its check of their version looks nowhere else. */
const SCHEMA = 'bullmq';
const SCHEDULE_LOCK = 7_275_002;

export async function openQueues(
  options: { databaseUrl: string; redisUrl: string | undefined },
  log: Log,
): Promise<Queues> {
  return options.redisUrl === undefined ? openOnPostgres(options.databaseUrl, log) : openOnRedis(options.redisUrl, log);
}

async function openOnPostgres(databaseUrl: string, log: Log): Promise<Queues> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    options: `-c search_path=${SCHEMA}`,
    max: POOL_SIZE,
    keepAlive: true,
  });
  // BullMQ adds a listener for each queue and worker to the pool that they share.
  pool.setMaxListeners(0);
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', quietly(log, 'lost a connection of the queue'));
  await onOneClient(pool, (client) => runMigrations(client));
  const exclusively = <T>(act: () => Promise<T>) =>
    onOneClient(pool, async (client) => {
      await client.query('select pg_advisory_lock($1)', [SCHEDULE_LOCK]);
      try {
        return await act();
      } finally {
        await client.query('select pg_advisory_unlock($1)', [SCHEDULE_LOCK]);
      }
    });
  const hub = makeHub(classesOn(createPostgresBackend as AnyBackend), pool, exclusively, log);
  return { backend: 'postgres', ...hub, close: () => hub.close().then(() => pool.end()) };
}

async function openOnRedis(redisUrl: string, log: Log): Promise<Queues> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  redis.on('error', quietly(log, 'Redis does not answer'));
  await reachable(redis, redisUrl);
  const hub = makeHub(classesOn(createRedisBackend as AnyBackend), redis, (act) => act(), log);
  return {
    backend: 'redis',
    ...hub,
    close: async () => {
      await hub.close();
      if (redis.status === 'ready') await redis.quit();
      else redis.disconnect();
    },
  };
}

/** Once it was there it may go and come as it likes; one that never was is a mistake to be told. */
async function reachable(redis: Redis, redisUrl: string): Promise<void> {
  const late = sleep(OPEN_TIMEOUT_MS).then(() => false);
  if (await Promise.race([redis.ping().then(() => true), late])) return;
  redis.disconnect();
  throw new RoundupError('queue-unavailable', `Redis at ${new URL(redisUrl).host} does not answer.`, {
    hint: 'Check REDIS_URL and that the server runs; leave it unset to keep the queue in PostgreSQL.',
  });
}

type AnyBackend = BackendFactory<IQueueBackend, unknown>;
type Classes = ReturnType<typeof classesOn>;
type Exclusively = <T>(act: () => Promise<T>) => Promise<T>;

function classesOn(backend: AnyBackend) {
  return withBackend<IQueueBackend, unknown>(backend);
}

function makeHub(classes: Classes, connection: unknown, exclusively: Exclusively, log: Log) {
  const queues = new Map<string, InstanceType<Classes['Queue']>>();
  const workers = new Set<QueueWorker>();
  const open = (name: string) => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue = new classes.Queue(name, { connection, defaultJobOptions: JOB_OPTIONS });
    queue.on('error', quietly(log, `the queue ${name} has a problem`));
    queues.set(name, queue);
    return queue;
  };
  return {
    queue: (name: string): NudgeQueue => nudgeQueue(open(name), exclusively),
    board: (names: string[]): Promise<Board> => openBoard(names.map(open) as unknown as Queue[]),
    worker(name: string, handle: Handler, options: WorkerOptions): QueueWorker {
      const processor: Processor = (job: Job) => handle(job.name, job.data as Record<string, string | number>);
      const lockDuration = options.lockMs ?? LOCK_MS;
      const worker = new classes.Worker(name, processor, {
        connection,
        concurrency: options.concurrency,
        lockDuration,
        stalledInterval: lockDuration / 2,
        // A worker may be killed as often as it likes: that says nothing about the batch.
        maxStalledCount: 1_000,
        runRetryDelay: 1_000,
      });
      worker.on('error', quietly(log, `the worker of ${name} has a problem`));
      worker.on('failed', (job: Job | undefined, error: Error) =>
        log.warn(`a job of ${name} failed`, { id: job?.id, reason: reasonOf(error) }),
      );
      const handleOf: QueueWorker = {
        close: async () => {
          await worker.close();
          workers.delete(handleOf);
        },
      };
      workers.add(handleOf);
      return handleOf;
    },
    async close(): Promise<void> {
      await Promise.all([...workers].map((worker) => worker.close()));
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: 1_000 },
  removeOnComplete: true,
  // A failed job that is kept would swallow the next nudge of its id; the log has the reason.
  removeOnFail: true,
} as const;

function nudgeQueue(queue: InstanceType<Classes['Queue']>, exclusively: Exclusively): NudgeQueue {
  return {
    async add(nudges) {
      await queue.addBulk(
        nudges.map(({ name, data, id, delayMs }) => ({ name, data, opts: { jobId: id, delay: delayMs } })),
      );
    },
    schedule: (id, when, nudge) =>
      exclusively(async () => {
        const repeat = 'cron' in when ? { pattern: when.cron, tz: when.timeZone } : { every: when.everyMs };
        // Upserting a pattern that is there already would drop a run that is overdue.
        const known = await queue.getJobScheduler(id);
        if (known !== undefined && isSame(known, repeat)) return;
        await queue.upsertJobScheduler(id, repeat, { ...nudge, opts: JOB_OPTIONS });
      }),
    unschedule: (id) => exclusively(async () => void (await queue.removeJobScheduler(id))),
    async counts() {
      const {
        wait = 0,
        prioritized = 0,
        active = 0,
        delayed = 0,
      } = await queue.getJobCounts('wait', 'prioritized', 'active', 'delayed');
      return { waiting: wait + prioritized, active, delayed };
    },
  };
}

function isSame(
  known: { pattern?: string; tz?: string; every?: number | string },
  repeat: { pattern?: string; tz?: string; every?: number },
): boolean {
  return known.pattern === repeat.pattern && known.tz === repeat.tz && Number(known.every ?? 0) === (repeat.every ?? 0);
}

async function onOneClient<T>(pool: pg.Pool, act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await act(client);
  } finally {
    client.release();
  }
}

/** While a server restarts, the same error comes hundreds of times a second: one line in ten seconds says it. */
function quietly(log: Log, message: string): (error: Error) => void {
  let said = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - said < 10_000) return;
    said = performance.now();
    log.warn(message, { reason: reasonOf(error) });
  };
}
