import {
  type Edition,
  type EditionContent,
  type EditionPiece,
  editionsIn,
  piecesOf,
  readContent,
} from '../editions/index.ts';
import { shorten } from '../lib/text.ts';
import { type HistoryEntry, type Piece, changesSince, findPieces } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import type { Newsroom } from './newsroom.ts';
import { type Revised, changeEdition } from './revise.ts';
import { withdrawStanding } from './withdraw.ts';

// What has become of an edition's pieces since an editor, or the composer, last looked: a new headline, a correction, a page
// that is gone. It is flagged on the edition until somebody takes it over or decides to leave the edition as it is; until
// then nobody can approve it, and an approval that stood is withdrawn.

/** What changed of one piece of an edition. */
export interface PieceNews {
  pieceId: number;
  /** As the edition has it. */
  title: string;
  changes: HistoryEntry[];
}

type Kind = HistoryEntry['change'];

/** What a reader would hold against us; the rest is only noted. */
const SERIOUS: ReadonlySet<Kind> = new Set(['retitled', 'deck', 'byline', 'corrected', 'retracted', 'gone']);

export async function newsOf(db: Database, content: EditionContent): Promise<PieceNews[]> {
  const pieces = piecesOf(content);
  // An edition from before pieces had versions has seen the first.
  const seen = pieces.map(({ pieceId, version = 1 }) => ({ pieceId, version }));
  const changes = await changesSince(db, seen);
  return pieces.flatMap((piece) => {
    const own = netChanges(changes.filter(({ pieceId }) => pieceId === piece.pieceId)).filter(
      (change) => SERIOUS.has(change.change) && !isSaid(piece, change),
    );
    return own.length === 0 ? [] : [{ pieceId: piece.pieceId, title: piece.title, changes: own }];
  });
}

/** A headline that was changed twice has changed from the first to the last, or not at all; a page that is back is not gone. */
function netChanges(changes: HistoryEntry[]): HistoryEntry[] {
  const byKind = new Map<Kind, HistoryEntry>();
  for (const change of changes) {
    if (change.change === 'back') byKind.delete('gone');
    const before = byKind.get(change.change);
    byKind.set(change.change, before === undefined ? change : { ...change, before: before.before });
  }
  return [...byKind.values()].filter(({ before, after }) => before !== after);
}

/** Does the edition say so already? */
function isSaid(piece: EditionPiece, { change, after }: HistoryEntry): boolean {
  if (change === 'retitled') return after === piece.title;
  if (change === 'deck') return after === piece.deck;
  return change === 'byline' && after === piece.authors.join(', ');
}

function short(text: string): string {
  return shorten(text, 200);
}

/** One change as the end of a sentence: "its headline …". */
export function changeInWords({ change, before, after }: Pick<HistoryEntry, 'change' | 'before' | 'after'>): string {
  switch (change) {
    case 'retitled':
      return `its headline was “${short(before)}” and is “${short(after)}” now`;
    case 'deck':
      return `its deck was “${short(before)}” and is “${short(after)}” now`;
    case 'byline':
      return `it was by ${before || 'nobody named'} and is by ${after || 'nobody named'} now`;
    case 'corrected':
      return `it carries a correction: “${short(after)}”`;
    case 'retracted':
      return 'it has been retracted';
    case 'gone':
      return 'its page is gone';
    case 'back':
      return 'its page is back';
    case 'moved':
      return `it has moved to ${after}`;
    case 'image':
      return 'it has another photo';
    case 'section':
      return `it was filed under ${before} and is under ${after} now`;
    case 'syndicated':
      return `it is the same story as the one at ${after}`;
    case 'first':
      return `it was first seen as “${short(after)}”`;
  }
}

/** Takes over what changed, of one piece or of all: the edition says what the piece says now. */
export function takeChanges(
  parts: Pick<Newsroom, 'db' | 'clock'>,
  editionId: number,
  pieceId: number | undefined,
  by: string,
): Promise<Revised> {
  return acknowledge(parts, editionId, { pieceId, by, change: 'took over what changed', act: takenOver });
}

/** Leaves the edition as it is: somebody has seen what changed. */
export function keepDespiteChanges(
  parts: Pick<Newsroom, 'db' | 'clock'>,
  editionId: number,
  pieceId: number | undefined,
  by: string,
): Promise<Revised> {
  return acknowledge(parts, editionId, {
    pieceId,
    by,
    change: 'saw what changed, left as it is',
    act: (piece) => piece,
  });
}

interface Acknowledgement {
  pieceId: number | undefined;
  by: string;
  change: string;
  act: (piece: EditionPiece, now: Piece, news: PieceNews) => EditionPiece;
}

function acknowledge(
  parts: Pick<Newsroom, 'db' | 'clock'>,
  editionId: number,
  { pieceId, by, change, act }: Acknowledgement,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, content }) => {
    const news = await newsOf(tx, content);
    const pool = new Map(
      (
        await findPieces(
          tx,
          piecesOf(content).map((piece) => piece.pieceId),
        )
      ).map((one) => [one.id, one]),
    );
    const sections = content.sections.map((section) => ({
      ...section,
      pieces: section.pieces.map((piece) => {
        const now = pool.get(piece.pieceId);
        const own = news.find((one) => one.pieceId === piece.pieceId);
        if (now === undefined || (pieceId !== undefined && piece.pieceId !== pieceId)) return piece;
        return { ...(own === undefined ? piece : act(piece, now, own)), version: now.version };
      }),
    }));
    return { content: withHeadlines({ ...content, sections }, content), change };
  });
}

/** A subject that was a piece's headline is its new one. */
function withHeadlines(after: EditionContent, before: EditionContent): EditionContent {
  const piece = piecesOf(before).find(({ title }) => title === before.subject);
  const now = piecesOf(after).find(({ pieceId }) => pieceId === piece?.pieceId);
  return now === undefined ? after : { ...after, subject: now.title };
}

/** Is there something of it that an edition can say, too? A correction or a retraction wants an editor's words. */
export function isTakenOver({ change }: HistoryEntry): boolean {
  return change === 'retitled' || change === 'deck' || change === 'byline';
}

function takenOver(piece: EditionPiece, now: Piece, { changes }: PieceNews): EditionPiece {
  const has = (kind: Kind) => changes.some(({ change }) => change === kind);
  return {
    ...piece,
    url: now.url,
    ...(has('retitled') ? { title: now.title } : {}),
    ...(has('deck') ? { deck: now.deck } : {}),
    ...(has('byline') ? { authors: now.authors } : {}),
  };
}

/**
 * Withdraws the approval of each edition of which a piece has changed since, and tells the editors what. Any process may do it
 * at any time.
 */
export async function withdrawChanged({ db, clock, log }: Pick<Newsroom, 'db' | 'clock' | 'log'>): Promise<Edition[]> {
  const withdrawn: Edition[] = [];
  for (const edition of await editionsIn(db, ['approved', 'scheduled'])) {
    const news = await newsOf(db, await readContent(db, edition));
    if (news.length === 0) continue;
    const moved = await db.transaction().execute((tx) =>
      withdrawStanding(tx, edition, {
        by: 'the collector',
        now: clock.now(),
        why: 'pieces of it have changed',
        detail: {
          changes: news.map(({ pieceId, changes }) => ({ pieceId, changes: changes.map(({ change }) => change) })),
        },
        changes: newsText(news),
      }),
    );
    if (moved === undefined) continue;
    log.warn(`the approval of edition ${edition.id} is withdrawn: pieces have changed`, { pieces: news.length });
    withdrawn.push(moved);
  }
  return withdrawn;
}

/** A paragraph a piece, for letters. */
function newsText(news: PieceNews[]): string {
  return news
    .map(({ pieceId, title, changes }) =>
      [`“${title}” (piece ${pieceId}):`, ...changes.map((change) => `  ${changeInWords(change)}`)].join('\n'),
    )
    .join('\n\n');
}
