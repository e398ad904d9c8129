import { type App, QUEUE } from '../src/app.ts';
import { endPresence, reportPresence } from '../src/dispatch/index.ts';
import { reasonOf } from '../src/platform/errors.ts';
import { clockProcessor } from './clock.ts';
import { collectProcessor } from './collect.ts';
import { dispatchProcessor } from './dispatch.ts';

export interface Workers {
  /** Finishes what is under way and gives back the rest. */
  close(): Promise<void>;
}

/** Batches of one process at the same time: while the last mails of one are under way, the next one has begun. */
const BATCHES = 2;
const COLLECTORS = 4;
const PRESENCE_MS = 4_000;

/** All workers of this process, and its sign of life. */
export async function startWorkers(app: App): Promise<Workers> {
  const queues = await app.queues();
  const newsroom = await app.newsroom();
  const { db } = app.database;
  const id = app.processId;
  const signal = () =>
    reportPresence(db, id, app.isSending()).catch((error: unknown) =>
      app.log.warn('could not report presence', { reason: reasonOf(error) }),
    );
  await signal();
  const presence = setInterval(() => void signal(), PRESENCE_MS);
  const workers = [
    queues.worker(QUEUE.dispatch, dispatchProcessor(app.dispatchDeps()), { concurrency: BATCHES }),
    queues.worker(QUEUE.collect, collectProcessor(newsroom, queues.queue(QUEUE.collect)), { concurrency: COLLECTORS }),
    queues.worker(QUEUE.clock, clockProcessor(newsroom), { concurrency: 1 }),
  ];
  return {
    close: async () => {
      clearInterval(presence);
      app.stopSending();
      await Promise.all(workers.map((worker) => worker.close()));
      await endPresence(db, id).catch(() => {});
    },
  };
}
