import { recordAct } from '../audit/index.ts';
import { counted } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import {
  type Composition,
  type Edition,
  type Newsletter,
  claimPieces,
  compose,
  insertChoices,
  insertEdition,
  insertRevision,
  lastWindowEnd,
  piecesRunBefore,
} from '../editions/index.ts';
import { listPieces } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { listSources } from '../sources/index.ts';

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
  const window = await windowOf(tx, newsletter, options.now);
  const pieces = await listPieces(tx, { sourceIds: newsletter.sourceIds, ...window });
  const sources = await listSources(tx);
  const composition = compose({
    sections: newsletter.sections,
    pieces,
    ranIn: await piecesRunBefore(tx, newsletter.id),
    sourceNames: new Map(sources.map((source) => [source.id, source.name])),
  });
  if (composition.size < newsletter.minimumPieces) throw tooLittle(newsletter, composition.size, window.publishedAfter);
  const edition = await insertEdition(tx, {
    newsletterId: newsletter.id,
    slotAt: options.slotAt,
    windowFrom: window.publishedAfter,
    windowTo: window.publishedUntil,
    createdAt: options.now,
  });
  await insertRevision(tx, edition, composition.content, options.by, options.now);
  await insertChoices(tx, edition.id, composition.choices);
  if (!(await claimPieces(tx, edition, composition.content))) {
    throw new RoundupError('state-refused', 'Another edition of this newsletter took some of these pieces just now.', {
      hint: 'Compose again.',
    });
  }
  await recordAct(tx, {
    actor: options.by,
    act: 'edition proposed',
    subject: `edition ${edition.id}`,
    detail: { pieces: composition.size },
  });
  return { edition, composition };
}

/** Pieces that came to us late, after the last edition had been composed, are in the window too. */
async function windowOf(db: Database, newsletter: Newsletter, now: Date) {
  const days = newsletter.windowDays * DAY_MS;
  const last = await lastWindowEnd(db, newsletter.id);
  const publishedAfter = last ?? new Date(now.getTime() - days);
  const lateSince = last === undefined ? publishedAfter : new Date(last.getTime() - days);
  return { publishedAfter, publishedUntil: now, lateSince };
}

function tooLittle(newsletter: Newsletter, size: number, from: Date): RoundupError {
  const since = from.toISOString().slice(0, 10);
  const message = `${counted(size, 'piece')} since ${since} ${size === 1 ? 'is' : 'are'} too little for ${newsletter.name}, which wants ${newsletter.minimumPieces} at least.`;
  return new RoundupError('too-little-news', message, {
    hint: `Collect again later, or lower the minimum with: roundup newsletter edit ${newsletter.slug} --minimum 1. Pieces of an earlier edition come free when it is cancelled.`,
  });
}
