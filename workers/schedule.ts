import { type App, QUEUE } from '../src/app.ts';
import { clockProcessor } from './clock.ts';
import { listNewsletters } from '../src/editions/index.ts';
import { reasonOf } from '../src/platform/errors.ts';

export interface Scheduler {
  close(): Promise<void>;
}

const TICK_MS = 5_000;
const COLLECT_MS = 15 * 60_000;
const ASSERT_MS = 60_000;

/**
 * Sets the schedulers in the queue, and sets them again every minute: a queue that was wiped, or a newsletter whose schedule
 * was changed, is right again by then. They only wake the clock worker, which is here too; what is due is decided from the rows.
 */
export async function startScheduler(app: App): Promise<Scheduler> {
  const clock = (await app.queues()).worker(QUEUE.clock, clockProcessor(await app.newsroom()), { concurrency: 1 });
  await assertSchedules(app);
  const again = () =>
    assertSchedules(app).catch((error: unknown) =>
      app.log.warn('could not set the schedules', { reason: reasonOf(error) }),
    );
  const timer = setInterval(() => void again(), ASSERT_MS);
  return {
    close: async () => {
      clearInterval(timer);
      await clock.close();
    },
  };
}

async function assertSchedules(app: App): Promise<void> {
  const queues = await app.queues();
  const clock = queues.queue(QUEUE.clock);
  await clock.schedule('tick', { everyMs: TICK_MS }, { name: 'tick', data: {} });
  await queues.queue(QUEUE.collect).schedule('collect', { everyMs: COLLECT_MS }, { name: 'all', data: {} });
  for (const { id, schedule, timeZone } of await listNewsletters(app.database.db)) {
    const name = `newsletter-${id}`;
    if (schedule === null) await clock.unschedule(name);
    else await clock.schedule(name, { cron: schedule.cron, timeZone }, { name: 'slot', data: { newsletterId: id } });
  }
}
