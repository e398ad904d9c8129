import { type Edition, type Review, insertReview, moveEdition, withdrawApproval } from '../editions/index.ts';
import { raiseEditionAlert } from '../letters/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { recordEditionAct } from './record.ts';
import { summaryOf } from './summary.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;
type Asking = Parts & Pick<Newsroom, 'keys' | 'baseUrl' | 'unsubscribeAddress'>;

/** Asks the editors to look at a draft; they get a letter with a summary. Again is another reminder. Throws `state-refused`. */
export async function askForReview(parts: Asking, editionId: number, comment: string, by: string): Promise<Edition> {
  const { db, clock } = parts;
  const summary = await summaryOf(parts, await getEdition(db, editionId));
  return db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['draft', 'in_review'], 'in_review');
    if (moved === undefined) throw await refusal(tx, editionId, 'be put to review');
    await insertReview(tx, editionId, said(moved, 'asked', { comment, by, at: clock.now() }));
    await recordEditionAct(tx, moved, {
      by,
      act: 'review asked for',
      event: 'edition.review-asked',
      detail: { comment },
    });
    const detail = { number: moved.number, by, comment, summary };
    await raiseEditionAlert(tx, editionId, 'review-asked', detail);
    return moved;
  });
}

/** Makes an edition that was put to review, or was approved, a draft again, with a word why. Throws `state-refused`. */
export async function sendBack({ db, clock }: Parts, editionId: number, comment: string, by: string): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['in_review', 'approved'], 'draft');
    if (moved === undefined) throw await refusal(tx, editionId, 'be sent back');
    const wasApproved = await withdrawApproval(tx, editionId, clock.now(), `${by} sent it back`);
    await insertReview(tx, editionId, said(moved, 'sent back', { comment, by, at: clock.now() }));
    const event = wasApproved ? 'edition.approval-withdrawn' : undefined;
    await recordEditionAct(tx, moved, {
      by,
      act: 'edition sent back',
      ...(event ? { event } : {}),
      detail: { comment },
    });
    const detail = { number: moved.number, by, comment };
    await raiseEditionAlert(tx, editionId, 'review-sent-back', detail);
    return moved;
  });
}

/** A word on an edition, for whoever looks at it next. */
export async function commentOn({ db, clock }: Parts, editionId: number, comment: string, by: string): Promise<Review> {
  return db.transaction().execute(async (tx) => {
    const edition = await getEdition(tx, editionId);
    const review = await insertReview(tx, editionId, said(edition, 'commented', { comment, by, at: clock.now() }));
    await recordEditionAct(tx, edition, { by, act: 'edition commented on', detail: { comment } });
    return review;
  });
}

/** Takes an approval back; what was scheduled is not any more. Throws `state-refused`. */
export async function takeApprovalBack({ db, clock }: Parts, editionId: number, by: string): Promise<Edition> {
  return db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['approved', 'scheduled'], 'in_review');
    if (moved === undefined) throw await refusal(tx, editionId, 'lose an approval');
    await withdrawApproval(tx, editionId, clock.now(), `${by} took it back`);
    await recordEditionAct(tx, moved, { by, act: 'approval withdrawn', event: 'edition.approval-withdrawn' });
    return moved;
  });
}

function said(
  { revision }: Edition,
  act: Review['act'],
  { comment, by, at }: { comment: string; by: string; at: Date },
): Omit<Review, 'id'> {
  return { revision, act, comment, madeBy: by, madeAt: at };
}

async function refusal(db: Newsroom['db'], editionId: number, act: string): Promise<RoundupError> {
  const { state } = await getEdition(db, editionId);
  return new RoundupError('state-refused', `Edition ${editionId} is ${state.replace('_', ' ')} and cannot ${act}.`);
}
