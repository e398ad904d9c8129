import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import type { Database } from '../platform/database/index.ts';
import { type Edition, editionsIn, findNewsletter } from '../editions/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { NudgeQueue } from '../platform/queue/index.ts';
import { reopenBatches, withdrawRemaining } from './audience.ts';
import { doubtOrphans, dueBatches, expireDeferred, hasFreeBatches, reapSilentBatches } from './batches.ts';
import { finishIfDone } from './finish.ts';

// The reaper. It goes by the ledger alone, so that whatever was lost on the way, a worker, a job or the whole queue, the send
// goes on: what silent workers held is taken from them, what is due is nudged, and an edition with nobody left to reach is sent.

const MOST_NUDGES = 64;
const MOST_WAITING = 256;
const HALTED_LOOKBACK_MS = 2 * DAY_MS;

/** One look at every edition that is being sent. Returns the editions that this look found finished. */
export async function reconcile(db: Database, queue: NudgeQueue, clock: Clock): Promise<Edition[]> {
  const finished: Edition[] = [];
  await settleHalted(db, clock);
  for (const edition of await editionsIn(db, ['sending'])) {
    const newsletter = await findNewsletter(db, edition.newsletterId);
    if (newsletter === undefined) continue;
    await reapSilentBatches(db, edition.id);
    const since = edition.retriedAt ?? edition.startedAt ?? clock.now();
    const mayBeTooOld = clock.now().getTime() - since.getTime() > newsletter.maxAgeHours * HOUR_MS;
    if (mayBeTooOld && (await expireDeferred(db, edition.id, newsletter.maxAgeHours)))
      await reopenBatches(db, edition.id);
    const done = await finishIfDone(db, edition.id, newsletter.onUncertain === 'resend', clock);
    if (done !== undefined) finished.push(done);
    else await nudgeDueBatches(db, queue, edition.id);
  }
  return finished;
}

/** What was under way when an edition was paused or stopped still finds its end in the books. */
async function settleHalted(db: Database, clock: Clock): Promise<void> {
  for (const edition of await editionsIn(db, ['paused', 'stopped'])) {
    const age = clock.now().getTime() - (edition.finishedAt ?? clock.now()).getTime();
    if (age > HALTED_LOOKBACK_MS) continue;
    await reapSilentBatches(db, edition.id);
    if (edition.state === 'stopped') await closeStopped(db, edition.id);
  }
}

/** Rows that a worker gave back after the stop, or marked in the moment in which it lost their batch. */
async function closeStopped(db: Database, editionId: number): Promise<void> {
  if (!(await hasFreeBatches(db, editionId))) return;
  await doubtOrphans(db, editionId);
  await withdrawRemaining(db, editionId);
  await reopenBatches(db, editionId);
}

/**
 * Tells the workers of batches that have somebody due: some of each edition at a time, so that a small one does not wait behind
 * a large one. A batch that is announced twice is claimed once; with an id of its own a job would be swallowed for as long as the
 * queue believes in the job of a worker that was killed.
 */
export async function nudgeDueBatches(db: Database, queue: NudgeQueue, editionId: number): Promise<void> {
  if ((await queue.counts()).waiting >= MOST_WAITING) return;
  const batches = await dueBatches(db, editionId, MOST_NUDGES);
  if (batches.length === 0) return;
  await queue.add(batches.map((batch) => ({ name: 'batch', data: { editionId, batch } })));
}
