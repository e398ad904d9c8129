import { DAY_MS } from '../lib/time.ts';
import type { Database } from '../platform/database/index.ts';
import { type Edition, editionsIn, findNewsletter } from '../editions/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { NudgeQueue } from '../platform/queue/index.ts';
import { finishIfDone } from './finish.ts';
import { doubtSilentRows, expireDeferred, openBatches, replanUncertain, withdrawRemaining } from './store.ts';

// The reaper. It goes by the ledger alone, so that whatever was lost on the way, a worker, a job or the whole queue, the send
// goes on: silent hand-overs become uncertain, uncertain ones are sent again or held, what is due is nudged, and an edition
// with nobody left to reach is sent.

const MAX_NUDGES = 2_000;
const HALTED_LOOKBACK_MS = 2 * DAY_MS;

/** One look at every edition that is being sent. Returns the editions that this look found finished. */
export async function reconcile(db: Database, queue: NudgeQueue, clock: Clock): Promise<Edition[]> {
  const finished: Edition[] = [];
  await settleHalted(db, clock);
  for (const edition of await editionsIn(db, ['sending'])) {
    const newsletter = await findNewsletter(db, edition.newsletterId);
    if (newsletter === undefined) continue;
    const resend = newsletter.onUncertain === 'resend';
    await doubtSilentRows(db, edition.id);
    if (resend) await replanUncertain(db, edition.id);
    await expireDeferred(db, edition.id, newsletter.maxAgeHours);
    const done = await finishIfDone(db, edition.id, resend, clock);
    if (done !== undefined) finished.push(done);
    else await nudgeOpenBatches(db, queue, edition.id);
  }
  return finished;
}

/** What was under way when an edition was paused or stopped still finds its end in the books. */
async function settleHalted(db: Database, clock: Clock): Promise<void> {
  for (const edition of await editionsIn(db, ['paused', 'stopped'])) {
    const age = clock.now().getTime() - (edition.finishedAt ?? clock.now()).getTime();
    if (age > HALTED_LOOKBACK_MS) continue;
    await doubtSilentRows(db, edition.id);
    if (edition.state === 'stopped') await withdrawRemaining(db, edition.id, 'the edition was stopped');
  }
}

/** Tells the workers of every batch that has somebody due. Jobs that wait already are nudge enough. */
export async function nudgeOpenBatches(db: Database, queue: NudgeQueue, editionId: number): Promise<void> {
  if ((await queue.counts()).waiting > 0) return;
  const batches = await openBatches(db, editionId, MAX_NUDGES);
  await queue.add(batches.map((batch) => ({ name: 'batch', data: { editionId, batch } })));
}
