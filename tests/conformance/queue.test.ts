import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '../../src/platform/log.ts';
import { type Queues, openQueues } from '../../src/platform/queue/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { freePort } from '../support/ports.ts';

// One suite for both backends of the queue: whatever the product asks of it, both must do.

const redisMissing = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
})();

interface Backend {
  options: { databaseUrl: string; redisUrl: string | undefined };
  close(): Promise<void>;
}

async function postgres(): Promise<Backend> {
  const database: TestDatabase = await freshDatabase();
  return {
    options: { databaseUrl: database.url, redisUrl: undefined },
    close: () => database.drop(),
  };
}

async function redis(): Promise<Backend> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-redis-'));
  const port = await freePort();
  const server: ChildProcess = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--maxmemory-policy', 'noeviction'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await once(server.stdout!, 'data');
  return {
    options: { databaseUrl: '', redisUrl: `redis://127.0.0.1:${port}` },
    close: async () => {
      server.kill();
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const backends: [string, () => Promise<Backend>, boolean][] = [
  ['PostgreSQL', postgres, false],
  ['Redis', redis, redisMissing],
];

for (const [name, makeBackend, missing] of backends) {
  const suite = missing ? describe.skip : describe;
  suite(`the queue on ${name}${missing ? ' (no redis-server here)' : ''}`, () => {
    let backend: Backend;
    let queues: Queues;
    beforeAll(async () => {
      backend = await makeBackend();
    });
    afterAll(() => backend.close());
    beforeEach(async () => {
      queues = await openQueues(backend.options, silentLog);
    });
    afterEach(() => queues.close());

    /** Collects what a worker is given, until it has `count`. */
    const collect = (queue: string, count: number) =>
      new Promise<[string, unknown][]>((resolve) => {
        const seen: [string, unknown][] = [];
        queues.worker(queue, async (job, data) => void (seen.push([job, data]) === count && resolve(seen)), {
          concurrency: 4,
        });
      });

    test('each nudge reaches a worker once, with its name and data', async () => {
      await queues
        .queue('each')
        .add(Array.from({ length: 50 }, (_, n) => ({ name: 'batch', data: { editionId: 1, batch: n } })));
      const seen = await collect('each', 50);
      expect(seen.map(([, data]) => (data as { batch: number }).batch).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, n) => n),
      );
      expect(seen[0]![0]).toBe('batch');
    });

    test('a second nudge of an id is dropped while the first waits, and counts again once it is done', async () => {
      const queue = queues.queue('ids');
      await queue.add([{ name: 'source', id: 'source-1', data: { n: 1 } }]);
      await queue.add([{ name: 'source', id: 'source-1', data: { n: 2 } }]);
      expect((await queue.counts()).waiting).toBe(1);
      await collect('ids', 1);
      for (let i = 0; i < 100 && (await queue.counts()).active > 0; i++) await sleep(10);
      await queue.add([{ name: 'source', id: 'source-1', data: { n: 3 } }]);
      for (let i = 0; i < 100 && (await queue.counts()).waiting > 0; i++) await sleep(10);
      expect(await queue.counts()).toMatchObject({ waiting: 0 });
    });

    test('a delayed nudge comes later', async () => {
      const began = performance.now();
      await queues.queue('later').add([{ name: 'x', data: {}, delayMs: 400 }]);
      await collect('later', 1);
      expect(performance.now() - began).toBeGreaterThanOrEqual(390);
    });

    test('a job that throws is tried again', async () => {
      let tries = 0;
      const done = new Promise<void>((resolve) => {
        queues.worker(
          'again',
          async () => {
            if (++tries < 2) throw new Error('the first time fails');
            resolve();
          },
          { concurrency: 1 },
        );
      });
      await queues.queue('again').add([{ name: 'x', data: {} }]);
      await done;
      expect(tries).toBe(2);
    });

    test('a schedule every so often wakes a worker again and again', async () => {
      await queues.queue('tick').schedule('tick', { everyMs: 200 }, { name: 'tick', data: {} });
      expect((await collect('tick', 3)).map(([job]) => job)).toEqual(['tick', 'tick', 'tick']);
    });

    test('a schedule by cron and time zone is set once, however often it is asserted, and can be taken away', async () => {
      const queue = queues.queue('cron');
      const assert = () =>
        queue.schedule(
          'newsletter-1',
          { cron: '0 9 * * 4', timeZone: 'Europe/London' },
          { name: 'slot', data: { newsletterId: 1 } },
        );
      await Promise.all([assert(), assert(), assert()]);
      expect((await queue.counts()).delayed).toBe(1);
      await queue.schedule(
        'newsletter-1',
        { cron: '30 9 * * 5', timeZone: 'America/New_York' },
        { name: 'slot', data: { newsletterId: 1 } },
      );
      expect((await queue.counts()).delayed).toBe(1);
      await queue.unschedule('newsletter-1');
      expect((await queue.counts()).delayed).toBe(0);
    });

    test('closing a worker waits for what is under way and takes no more', async () => {
      const begun = deferred();
      let finished = 0;
      const worker = queues.worker(
        'drain',
        async () => {
          begun.resolve();
          await sleep(200);
          finished++;
        },
        { concurrency: 1 },
      );
      await queues.queue('drain').add([
        { name: 'x', data: {} },
        { name: 'x', data: {} },
      ]);
      await begun.promise;
      await worker.close();
      expect(finished).toBe(1);
      expect((await queues.queue('drain').counts()).waiting).toBe(1);
    });

    test('what a worker held that was killed comes to another one', async () => {
      const args = [
        '--import',
        'tsx',
        path.join(import.meta.dirname, '../support/stuckWorker.ts'),
        JSON.stringify(backend.options),
        'lost',
      ];
      const other = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await queues.queue('lost').add([{ name: 'x', data: {} }]);
      await once(other.stdout, 'data');
      other.kill('SIGKILL');
      await once(other, 'exit');
      const job = await new Promise<string>((resolve) => {
        queues.worker('lost', async (taken) => resolve(taken), { concurrency: 1, lockMs: 1_000 });
      });
      expect(job).toBe('x');
    });
  });
}

function deferred() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
