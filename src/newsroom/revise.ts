import {
  type Edition,
  type EditionContent,
  type Newsletter,
  type Place,
  type PieceTexts,
  addPiece,
  bindProposal,
  audienceText,
  compareContents,
  type EditionBlock,
  blockText,
  dropBlock,
  dropPiece,
  findBlock,
  editPiece,
  findNewsletter,
  insertRevision,
  movePiece,
  nextRevision,
  openSection,
  overrideChoice,
  putBlock,
  restoreProposal,
  reviewChoices,
  piecesOf,
  readContent,
  sectionWith,
  toEditionPiece,
  withdrawApproval,
} from '../editions/index.ts';
import { shorten } from '../lib/text.ts';
import { clearHolds, findPiece, setMark } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { getEdition, otherRevision } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { claimOrRefuse } from './propose.ts';
import { recordEditionAct } from './record.ts';
import { audienceOf } from './segments.ts';

/**
 * `ifRevision`: what the edition must be at; somebody else's change in between is not written over. `keepsApproval`: nobody asked for the change,
 * and an approval that stands is worth more.
 */
type Parts = Pick<Newsroom, 'db' | 'clock'> & { ifRevision?: number | undefined; keepsApproval?: boolean };

/** What of a change is written into the audit log; the revision has all of it. */
const MOST_DIFFERENCES = 40;

export interface Revised {
  edition: Edition;
  content: EditionContent;
  /** True where it had been approved: it wants a new approval. */
  approvalWithdrawn: boolean;
  /** When it would have gone out: it has to be scheduled again. */
  scheduleDropped: Date | null;
}

/** What a change sees, and what it makes: the content, and what it did in a few words. */
export interface Change {
  tx: Database;
  edition: Edition;
  newsletter: Newsletter;
  content: EditionContent;
}

export type Changed = { content: EditionContent; change: string };

/**
 * Changes an edition as a new revision; an approval of the old one is withdrawn with it, and so is its schedule. Throws
 * `state-refused` where it has gone out or was cancelled, `revision-changed` where it is at another revision than `ifRevision`, or approved and `keepsApproval`.
 */
export async function changeEdition(
  { db, clock, ifRevision, keepsApproval = false }: Parts,
  editionId: number,
  by: string,
  act: (before: Change) => Changed | Promise<Changed>,
): Promise<Revised> {
  return db.transaction().execute(async (tx) => {
    const { releaseAt, state: stateBefore } = await getEdition(tx, editionId);
    const edition = await nextRevision(tx, editionId);
    if (edition === undefined) {
      const { state } = await getEdition(tx, editionId);
      throw new RoundupError('state-refused', `Edition ${editionId} is ${state} and cannot be changed any more.`);
    }
    if (ifRevision !== undefined && edition.revision !== ifRevision + 1) {
      throw otherRevision({ id: editionId, revision: edition.revision - 1 }, ifRevision);
    }
    const newsletter = await findNewsletter(tx, edition.newsletterId);
    if (newsletter === undefined) throw new Error(`edition ${editionId} belongs to no newsletter`);
    const before = await readContent(tx, { id: editionId, revision: edition.revision - 1 });
    const { content, change } = await act({ tx, edition, newsletter, content: before });
    if (edition.startedAt !== null && before.audience?.filter !== content.audience?.filter)
      throw new RoundupError(
        'state-refused',
        `Edition ${editionId} has gone to some already: whom it is for stays as it is.`,
      );
    await insertRevision(tx, edition, content, { by, at: clock.now(), change });
    await claimOrRefuse(tx, edition, content);
    const approvalWithdrawn = await withdrawApproval(tx, editionId, clock.now(), `${by} ${change}`);
    if (approvalWithdrawn && keepsApproval)
      throw new RoundupError(
        'state-refused',
        `It is ${stateBefore} meanwhile, and nothing is saved by itself any more.`,
        {
          hint: 'What you wrote is still here: to save it withdraws the approval.',
        },
      );
    await recordEditionAct(tx, edition, {
      by,
      act: 'edition revised',
      detail: {
        revision: edition.revision,
        change,
        approvalWithdrawn,
        differences: compareContents(before, content).slice(0, MOST_DIFFERENCES),
      },
    });
    if (approvalWithdrawn)
      await recordEditionAct(tx, edition, {
        by,
        act: 'approval withdrawn',
        event: 'edition.approval-withdrawn',
        detail: { revision: edition.revision, change },
      });
    return { edition, content, approvalWithdrawn, scheduleDropped: stateBefore === 'scheduled' ? releaseAt : null };
  });
}

/** Changes what an editor writes over an edition. */
export function reviseEdition(
  parts: Parts,
  editionId: number,
  texts: Partial<Pick<EditionContent, 'subject' | 'preheader' | 'note'>>,
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, ({ content }) => ({
    content: { ...content, ...texts },
    change: `wrote ${Object.keys(texts).join(', ')}`,
  }));
}

/** Says whom an edition is for: a segment's name or a filter, as it is now; null for all readers. Throws `input-invalid`. */
export function addressEdition(
  parts: Parts,
  editionId: number,
  { wanted, visible }: { wanted: string | null; visible?: number[] | null },
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, newsletter, content, edition }) => {
    if (edition.correctsEditionId !== null)
      throw new RoundupError('state-refused', 'A correction goes to whom the edition that it corrects has reached.');
    const audience = wanted === null ? null : await audienceOf(tx, newsletter.id, wanted, visible);
    return { content: { ...content, audience }, change: `for ${audienceText(audience)}` };
  });
}

/** Takes a piece out; the composer's choice is kept beside the editor's. */
export function dropFromEdition(parts: Parts, editionId: number, pieceId: number, by: string): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, content }) => {
    const dropped = dropPiece(content, pieceId);
    await overrideChoice(tx, editionId, pieceId, { what: 'dropped', by, at: parts.clock.now() });
    return { content: dropped, change: `dropped ${titleIn(content, pieceId)}` };
  });
}

/** Takes a piece out and holds it for the next edition. */
export function holdFromEdition(parts: Parts, editionId: number, pieceId: number, by: string): Promise<Revised> {
  const at = parts.clock.now();
  return changeEdition(parts, editionId, by, async ({ tx, content, edition, newsletter }) => {
    const dropped = dropPiece(content, pieceId);
    await overrideChoice(tx, editionId, pieceId, { what: 'dropped', by, at });
    const { id: newsletterId } = newsletter;
    const made = { mark: 'hold', section: null, madeBy: by, madeAt: at } as const;
    await setMark(tx, { pieceId, newsletterId, editionNumber: edition.number, ...made });
    return { content: dropped, change: `held ${titleIn(content, pieceId)} for the next edition` };
  });
}

/** Puts a piece of the pool in. Throws `not-found`, or `state-refused` where another edition runs it. */
export function addToEdition(
  parts: Parts,
  editionId: number,
  pieceId: number,
  place: Place,
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, content, newsletter }) => {
    const piece = await findPiece(tx, pieceId);
    if (piece === undefined) throw noPiece(pieceId);
    const added = addPiece(content, toEditionPiece(piece), place, newsletter.sections);
    await overrideChoice(tx, editionId, pieceId, { what: 'added', by, at: parts.clock.now() });
    return { content: added, change: `added “${shorten(piece.title, 60)}”` };
  });
}

export function moveInEdition(
  parts: Parts,
  editionId: number,
  pieceId: number,
  place: Partial<Place>,
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, content, newsletter }) => {
    const section = place.section ?? sectionWith(content, pieceId).key;
    const moved = movePiece(content, pieceId, { ...place, section }, newsletter.sections);
    await overrideChoice(tx, editionId, pieceId, { what: 'moved', by, at: parts.clock.now() });
    return { content: moved, change: `moved ${titleIn(content, pieceId)}` };
  });
}

/** Writes over a piece's words, for this edition alone. */
export function editInEdition(
  parts: Parts,
  editionId: number,
  pieceId: number,
  texts: Partial<PieceTexts>,
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, ({ content }) => ({
    content: editPiece(content, pieceId, texts),
    change: `wrote ${Object.keys(texts).join(', ')} of ${titleIn(content, pieceId)}`,
  }));
}

/** Puts a note, a button or a divider into a section, or one that is there to another place. Throws `not-found`, `input-invalid`. */
export function putBlockInEdition(
  parts: Parts,
  editionId: number,
  { section, block }: { section: string; block: EditionBlock },
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, ({ content, newsletter }) => ({
    content: putBlock(openSection(content, section, newsletter.sections), section, block),
    change: `put ${blockText(block)} into ${section}`,
  }));
}

/** Throws `not-found`. */
export function dropBlockFromEdition(parts: Parts, editionId: number, blockId: string, by: string): Promise<Revised> {
  return changeEdition(parts, editionId, by, ({ content }) => ({
    content: dropBlock(content, blockId),
    change: `took ${blockText(findBlock(content, blockId).block)} out`,
  }));
}

/** Makes an edition again what it was at a revision, as a new one; `keepsAudience`: but for whom it is for. Throws `not-found`. */
export function restoreRevision(
  parts: Parts,
  editionId: number,
  { revision, keepsAudience = false }: { revision: number; keepsAudience?: boolean },
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, edition, newsletter, content: now }) => {
    if (revision < 1 || revision >= edition.revision)
      throw new RoundupError('not-found', `Edition ${editionId} has no earlier revision ${revision}.`, {
        hint: `See which there are with: roundup edition revisions ${editionId}`,
      });
    const old = await readContent(tx, { id: editionId, revision });
    const content = keepsAudience ? { ...old, audience: now.audience ?? null } : old;
    const here = piecesOf(content).map(({ pieceId }) => pieceId);
    const before = new Set(piecesOf(now).map(({ pieceId }) => pieceId));
    await bindProposal(tx, { id: editionId, revision: edition.revision - 1 });
    await restoreProposal(tx, editionId, revision);
    // What was held out of this edition, and is in it again, is not held any more.
    const back = here.filter((id) => !before.has(id));
    await clearHolds(tx, newsletter.id, edition.number, back);
    await reviewChoices(tx, editionId, here, by, parts.clock.now());
    return { content, change: `restored revision ${revision}` };
  });
}

export function noPiece(id: number): RoundupError {
  return new RoundupError('not-found', `There is no piece ${id}.`, {
    hint: 'Look for it with: roundup piece list --search <words>',
  });
}

function titleIn(content: EditionContent, pieceId: number): string {
  const piece = piecesOf(content).find((one) => one.pieceId === pieceId);
  return `“${shorten(piece?.title ?? String(pieceId), 60)}”`;
}
