import { type App, QUEUE } from '../src/app.ts';
import { endPresence, reconcile, reportPresence } from '../src/dispatch/index.ts';
import { SECOND_MS } from '../src/lib/time.ts';
import { continueImport, fetchIncoming, sendReaderLetters } from '../src/newsroom/index.ts';
import { reasonOf } from '../src/platform/errors.ts';
import { deliverDue } from '../src/webhooks/index.ts';
import { collectProcessor } from './collect.ts';
import { dispatchProcessor } from './dispatch.ts';

export interface Workers {
  /** Finishes what is under way and gives back the rest. */
  close(): Promise<void>;
}

/** Batches of one process at the same time: while the last mails of one are under way, the next one has begun. */
const BATCHES = 2;
const COLLECTORS = 4;
const PRESENCE_MS = SECOND_MS;
const WEBHOOKS_MS = SECOND_MS;
const LETTERS_MS = SECOND_MS;
const IMPORTS_MS = SECOND_MS;
const FETCH_MS = 10 * SECOND_MS;

/** The workers of this process (`collects`: those that read sources and tell webhooks, too), its sign of life, and its look at the books, which needs no queue. */
export async function startWorkers(app: App, { collects = true } = {}): Promise<Workers> {
  const queues = await app.queues();
  const { db } = app.database;
  const signal = repeated(app, 'report presence', PRESENCE_MS, () =>
    reportPresence(db, app.processId, app.isSending()),
  );
  await signal.now();
  const dispatchQueue = queues.queue(QUEUE.dispatch);
  const reaper = repeated(app, 'look at what is being sent', reaperMs(app), async () => {
    for (const { id } of await reconcile(db, dispatchQueue, app.clock)) app.log.info(`edition ${id} is sent`);
  });
  const telling = { db, keys: app.config.keys, log: app.log, busy: new Set<number>() };
  const webhooks = repeated(app, 'look for what webhooks are to be told', WEBHOOKS_MS, async () => {
    // Not waited for: a slow one is told while the next look finds what is due to the others.
    if (collects) deliverDue(telling).catch((error: unknown) => unable(app, 'tell webhooks', error));
  });
  const newsroom = collects ? await app.newsroom() : undefined;
  const letters = repeated(app, 'send letters to readers', LETTERS_MS, async () => {
    if (newsroom !== undefined) while ((await sendReaderLetters(newsroom)) > 0);
  });
  const imports = repeated(app, 'take in lists', IMPORTS_MS, async () => {
    if (newsroom !== undefined) while (await continueImport(newsroom, () => !app.isStopping()));
  });
  const fetching = repeated(app, 'look into the mailboxes', FETCH_MS, async () => {
    if (newsroom !== undefined) await fetchIncoming(newsroom, app.config.incoming.mailboxes);
  });
  const workers = [queues.worker(QUEUE.dispatch, dispatchProcessor(app.dispatchDeps()), { concurrency: BATCHES })];
  if (newsroom !== undefined) {
    const collect = collectProcessor(newsroom, queues.queue(QUEUE.collect));
    workers.push(queues.worker(QUEUE.collect, collect, { concurrency: COLLECTORS }));
  }
  return {
    close: async () => {
      reaper.stop();
      signal.stop();
      webhooks.stop();
      letters.stop();
      imports.stop();
      fetching.stop();
      app.stopSending();
      await Promise.all([imports.settled(), ...workers.map((worker) => worker.close())]);
      await endPresence(db, app.processId).catch(() => {});
    },
  };
}

/** Often enough that what a lost worker held is not left alone for much longer than its lease. */
function reaperMs({ config }: App): number {
  return Math.min(2 * SECOND_MS, (config.leaseSeconds * SECOND_MS) / 4);
}

function unable(app: App, what: string, error: unknown): void {
  app.log.warn(`could not ${what}`, { reason: reasonOf(error) });
}

/** Does something now and then, one after the other; what fails is done again the next time. */
function repeated(app: App, what: string, everyMs: number, act: () => Promise<unknown>) {
  let busy: Promise<unknown> | undefined;
  const now = () =>
    (busy ??= act()
      .catch((error: unknown) => unable(app, what, error))
      .finally(() => (busy = undefined)));
  const timer = setInterval(() => void now(), everyMs);
  return { now, stop: () => clearInterval(timer), settled: () => busy ?? Promise.resolve() };
}
