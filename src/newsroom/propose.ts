import { counted } from '../lib/text.ts';
import {
  type Composition,
  type Edition,
  type Newsletter,
  claimPieces,
  compose,
  firstProposal,
  insertEdition,
  insertRevision,
  keepProposal,
  saveChoices,
} from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { nextWindow, poolFor } from './pool.ts';
import { recordEditionAct } from './record.ts';

/** Who acts when a slot opens, or when its time has come. */
export const THE_SCHEDULE = 'the schedule';

export interface Proposal {
  edition: Edition;
  composition: Composition;
}

/**
 * Composes a newsletter's next edition from the pool and keeps it as a draft, in the caller's transaction. The window begins
 * where the last edition's ended. Throws `too-little-news` where there are fewer pieces than the newsletter's minimum.
 */
export async function proposeEdition(
  tx: Database,
  newsletter: Newsletter,
  options: { slotAt: Date | null; now: Date; by: string },
): Promise<Proposal> {
  const { now, by } = options;
  const window = await nextWindow(tx, newsletter, now);
  const composition = compose(await poolFor(tx, newsletter, window));
  if (composition.size < newsletter.minimumPieces) throw tooLittle(newsletter, composition.size, window.publishedAfter);
  const edition = await insertEdition(tx, {
    newsletterId: newsletter.id,
    slotAt: options.slotAt,
    windowFrom: window.publishedAfter,
    windowTo: window.publishedUntil,
    createdAt: now,
  });
  await insertRevision(tx, edition, composition.content, { by, at: now, change: 'proposed' });
  await keepProposal(tx, edition.id, firstProposal(composition.content, window.publishedUntil));
  await saveChoices(tx, edition.id, composition.choices);
  await claimOrRefuse(tx, edition, composition.content);
  await recordEditionAct(tx, edition, {
    by,
    act: 'edition proposed',
    event: 'edition.proposed',
    detail: { pieces: composition.size },
  });
  return { edition, composition };
}

/** Throws `state-refused` where another edition of the newsletter has one of the pieces. */
export async function claimOrRefuse(tx: Database, edition: Edition, content: Composition['content']): Promise<void> {
  const taken = await claimPieces(tx, edition, content);
  if (taken.length === 0) return;
  const pieces = content.sections.flatMap((section) => section.pieces);
  const titles = taken.map((id) => `“${pieces.find(({ pieceId }) => pieceId === id)?.title ?? id}”`);
  throw new RoundupError('state-refused', `Another edition of this newsletter runs ${titles.join(', ')}.`, {
    hint: 'See which one with: roundup piece show <piece>',
  });
}

function tooLittle(newsletter: Newsletter, size: number, from: Date): RoundupError {
  const since = from.toISOString().slice(0, 10);
  const message = `${counted(size, 'piece')} since ${since} ${size === 1 ? 'is' : 'are'} too little for ${newsletter.name}, which wants ${newsletter.minimumPieces} at least.`;
  return new RoundupError('too-little-news', message, {
    hint: `Collect again later, or lower the minimum with: roundup newsletter edit ${newsletter.slug} --minimum 1. Pieces of an earlier edition come free when it is cancelled.`,
  });
}
