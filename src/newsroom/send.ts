import { MINUTE_MS, shortDateTime } from '../lib/time.ts';
import {
  freezeAudience,
  nudgeDueBatches,
  planRemaining,
  reopenBatches,
  sumsOf,
  withdrawRemaining,
  conditionOf,
} from '../dispatch/index.ts';
import {
  type Edition,
  type EditionState,
  editionsDue,
  findNewsletter,
  moveEdition,
  nextSlot,
  readContent,
  releasePieces,
  standingApproval,
  OPEN_STATES,
} from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { newsOf } from './changes.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { THE_SCHEDULE } from './propose.ts';
import { recordEditionAct } from './record.ts';

type Parts = Pick<Newsroom, 'db' | 'clock' | 'dispatchQueue'>;

/**
 * Sends an approved edition now: freezes its audience into the ledger, with the new state, in one transaction, then tells the
 * workers. One that was stopped and corrected goes on with those who were left over. Returns how many it goes to. Throws
 * `not-approved` or `state-refused`. `dueBy`: only if it is scheduled, and due by then: what was held back meanwhile stays.
 */
export async function sendEdition(
  { db, clock, dispatchQueue }: Parts,
  editionId: number,
  by: string,
  dueBy?: Date,
): Promise<number> {
  const audience = await db.transaction().execute(async (tx) => {
    const { startedAt } = await getEdition(tx, editionId);
    const times = startedAt === null ? { startedAt: clock.now() } : { retriedAt: clock.now() };
    const from: EditionState[] = dueBy === undefined ? ['approved', 'scheduled'] : ['scheduled'];
    const edition = await moveEdition(tx, editionId, from, 'sending', {
      ...times,
      ...(dueBy === undefined ? {} : { dueBy }),
    });
    if (edition === undefined) throw await refusal(tx, editionId, 'be sent');
    const approval = await standingApproval(tx, editionId);
    if (approval === undefined) throw notApproved(editionId);
    const content = await readContent(tx, edition);
    if ((await newsOf(tx, content)).length > 0) throw hasChanged(editionId);
    const { hash, others, variantOf } = approval;
    const size =
      startedAt === null
        ? await freezeAudience(tx, {
            ...edition,
            editionId,
            hash,
            others: others ?? [],
            variantOf: variantOf ?? {},
            only: conditionOf(content.audience, await findNewsletter(tx, edition.newsletterId)),
          })
        : await planRemaining(tx, editionId, hash);
    await recordEditionAct(tx, edition, {
      by,
      act: 'edition released',
      event: 'edition.released',
      detail: { audience: size, hash: approval.hash },
    });
    return size;
  });
  await nudgeDueBatches(db, dispatchQueue, editionId);
  return audience;
}

/** The condition of the segment that an edition is for. */
/** Sends what is scheduled and due; one that fails does not hold up the next. */
export async function releaseDue(newsroom: Parts & Pick<Newsroom, 'log'>): Promise<void> {
  const now = newsroom.clock.now();
  for (const edition of await editionsDue(newsroom.db, now)) {
    try {
      const audience = await sendEdition(newsroom, edition.id, THE_SCHEDULE, now);
      newsroom.log.info(`edition ${edition.id} goes out`, { audience });
    } catch (error) {
      newsroom.log.error(`edition ${edition.id} is due and could not be released`, { reason: reasonOf(error) });
    }
  }
}

/**
 * Schedules an approved edition: for `at`, else for its slot, else for the newsletter's next one. Throws `not-approved`, or
 * `input-invalid` where there is no time to go by or it is past.
 */
export async function scheduleEdition(
  { db, clock }: Parts,
  editionId: number,
  at: Date | undefined,
  by: string,
): Promise<Edition> {
  const releaseAt = at ?? (await usualTime(db, await getEdition(db, editionId), clock.now()));
  if (releaseAt <= clock.now()) {
    throw new RoundupError('input-invalid', `${shortDateTime(releaseAt, 'UTC')} is past.`, {
      hint: `Send it now with: roundup edition send ${editionId}`,
    });
  }
  return db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['approved', 'scheduled'], 'scheduled', { releaseAt });
    if (moved === undefined) throw await refusal(tx, editionId, 'be scheduled');
    await recordEditionAct(tx, moved, {
      by,
      act: 'edition scheduled',
      event: 'edition.scheduled',
      detail: { releaseAt: releaseAt.toISOString() },
    });
    return moved;
  });
}

/** How long a send that was asked for can be held back before it begins. */
const GRACE_MS = MINUTE_MS;

/** Sends an approved edition in a minute: the last way back. Throws as `scheduleEdition` does. */
export function sendSoon(parts: Parts, editionId: number, by: string): Promise<Edition> {
  return scheduleEdition(parts, editionId, new Date(parts.clock.now().getTime() + GRACE_MS), by);
}

export function pauseEdition({ db }: Parts, editionId: number, by: string): Promise<Edition> {
  return change(db, editionId, { from: ['sending'], to: 'paused', act: 'be paused', by });
}

/** Whoever was put off before the pause has the newsletter's longest time anew. */
export async function resumeEdition(
  { db, clock, dispatchQueue }: Parts,
  editionId: number,
  by: string,
): Promise<Edition> {
  const retriedAt = clock.now();
  const edition = await change(db, editionId, { from: ['paused'], to: 'sending', act: 'be resumed', by, retriedAt });
  await nudgeDueBatches(db, dispatchQueue, editionId);
  return edition;
}

/** Before sending: cancels it, and its pieces are free again. One that some have already is stopped. */
export async function cancelEdition(parts: Parts, editionId: number, by: string): Promise<Edition> {
  const { startedAt } = await getEdition(parts.db, editionId);
  if (startedAt !== null) return stopEdition(parts, editionId, by);
  return parts.db.transaction().execute(async (tx) => {
    const cancelled = await moveEdition(tx, editionId, OPEN_STATES, 'cancelled');
    if (cancelled === undefined) throw await refusal(tx, editionId, 'be cancelled');
    await releasePieces(tx, editionId);
    await recordEditionAct(tx, cancelled, { by, act: 'edition cancelled', event: 'edition.cancelled' });
    return cancelled;
  });
}

/** Ends a send: whoever is left is withdrawn, until it is corrected and sent again. Throws `state-refused`. */
export async function stopEdition({ db, clock }: Parts, editionId: number, by: string): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    const { startedAt } = await getEdition(tx, editionId);
    const from: EditionState[] = startedAt === null ? [] : ['sending', 'paused', ...OPEN_STATES];
    const stopped = await moveEdition(tx, editionId, from, 'stopped', { finishedAt: clock.now() });
    if (stopped === undefined) throw await refusal(tx, editionId, 'be stopped');
    await withdrawRemaining(tx, editionId);
    await reopenBatches(tx, editionId);
    await recordEditionAct(tx, stopped, {
      by,
      act: 'edition stopped',
      event: 'edition.stopped',
      detail: { sums: await sumsOf(tx, editionId) },
    });
    return stopped;
  });
}

async function change(
  db: Database,
  editionId: number,
  {
    from,
    to,
    act,
    by,
    ...times
  }: { from: EditionState[]; to: 'paused' | 'sending'; act: string; by: string; retriedAt?: Date },
): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, from, to, times);
    if (moved === undefined) throw await refusal(tx, editionId, act);
    const [done, event] =
      to === 'paused' ? (['paused', 'edition.paused'] as const) : (['resumed', 'edition.resumed'] as const);
    await recordEditionAct(tx, moved, { by, act: `edition ${done}`, event });
    return moved;
  });
}

async function usualTime(db: Database, edition: Edition, now: Date): Promise<Date> {
  if (edition.slotAt !== null && edition.slotAt > now) return edition.slotAt;
  const newsletter = await findNewsletter(db, edition.newsletterId);
  const next = newsletter?.schedule ? nextSlot(newsletter.schedule, newsletter.timeZone, now) : undefined;
  if (next !== undefined) return next;
  throw new RoundupError('input-invalid', 'The newsletter has no schedule, so the time must be given.', {
    hint: 'Add --at 2026-12-03T09:00:00Z',
  });
}

async function refusal(db: Database, editionId: number, act: string): Promise<RoundupError> {
  const { state } = await getEdition(db, editionId);
  const isDraft = state === 'draft' || state === 'in_review';
  if (isDraft && (act === 'be sent' || act === 'be scheduled')) return notApproved(editionId);
  return new RoundupError('state-refused', `Edition ${editionId} is ${state.replace('_', ' ')} and cannot ${act}.`, {
    hint: nextStep(editionId, state),
  });
}

function notApproved(editionId: number): RoundupError {
  return new RoundupError(
    'not-approved',
    `Nobody has approved edition ${editionId}, and nothing goes out unapproved.`,
    {
      hint: `Look at it with "roundup edition preview ${editionId}", then: roundup edition approve ${editionId}`,
    },
  );
}

function hasChanged(editionId: number): RoundupError {
  return new RoundupError('not-approved', `Pieces of edition ${editionId} have changed since it was approved.`, {
    hint: `See what, and decide: roundup edition changes ${editionId}`,
  });
}

function nextStep(editionId: number, state: EditionState): string {
  switch (state) {
    case 'paused':
      return `Carry it on with: roundup edition resume ${editionId}`;
    case 'sending':
      return `Hold it with: roundup edition pause ${editionId}`;
    case 'scheduled':
    case 'approved':
      return `Change it with "roundup edition edit ${editionId}", or call it off with: roundup edition cancel ${editionId}`;
    case 'draft':
    case 'in_review':
      return `It has not gone out. Look at it with: roundup edition preview ${editionId}`;
    case 'stopped':
      return `Correct it, for those it has not reached, with: roundup edition correct ${editionId}`;
    case 'sent':
    case 'cancelled':
      return `That is final. See how it went with: roundup edition show ${editionId}`;
  }
}
