import { inLanes } from '../lib/lanes.ts';
import { DAY_MS } from '../lib/time.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import {
  completePiece,
  incompletePieces,
  recordCompletionFailure,
  recordPage,
  recordPieces,
  findPieceByUrl,
  type Piece,
} from '../pieces/index.ts';
import { type FoundPiece, readArticle, sourceByHand } from '../sources/index.ts';
import type { Newsroom } from './newsroom.ts';

// Article pages, read for what sources leave out: deck, byline, photo, credit, kind, region. Each page once; only of pieces
// that may still run.

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log'>;

const RECENT_DAYS = 21;
const AT_ONCE = 8;
const MOST = 400;

export interface Completed {
  read: number;
  failed: number;
}

/** Reads the pages of recent pieces that lack something. A page that cannot be read is tried again, three times in all. */
export async function completePieces(
  { db, clock, log }: Parts,
  options: { sourceId?: number; onDone?: (done: number, of: number) => void } = {},
): Promise<Completed> {
  const since = new Date(clock.now().getTime() - RECENT_DAYS * DAY_MS);
  const pieces = await incompletePieces(db, since, MOST, options.sourceId);
  const completed = { read: 0, failed: 0 };
  await inLanes(pieces, AT_ONCE, async (piece) => {
    try {
      const reading = await readArticle(piece);
      if (reading.outcome === 'read') await completePiece(db, piece.id, reading.piece, clock.now());
      else if (reading.outcome === 'gone') await recordPage(db, piece.id, 'gone', clock.now());
      else if (reading.outcome === 'failed') await recordCompletionFailure(db, piece.id);
      if (reading.outcome === 'read') completed.read++;
      else completed.failed++;
      if (reading.outcome === 'failed') log.debug('an article page could not be read', { reason: reading.problem });
    } catch (error) {
      completed.failed++;
      log.warn('a piece could not be completed', { piece: piece.id, reason: reasonOf(error) });
    }
    options.onDone?.(completed.read + completed.failed, pieces.length);
  });
  return completed;
}

/** Takes one piece into the pool by its address. Throws `fetch-failed` where its page cannot be read or is no article. */
export async function addPieceByUrl(
  { db, clock }: Parts,
  url: string,
  isLocal: boolean,
): Promise<{ piece: Piece; found: FoundPiece; isNew: boolean }> {
  const reading = await readArticle({ url, isLocal });
  if (reading.outcome !== 'read') throw new RoundupError('fetch-failed', reading.problem);
  const { piece: found } = reading;
  const recorded = await recordPieces(db, await sourceByHand(db), [found], clock.now());
  // A page may name another address as its own.
  const piece = (await findPieceByUrl(db, found.url)) ?? (await findPieceByUrl(db, url));
  if (piece === undefined) throw new RoundupError('fetch-failed', `No piece could be made of ${url}.`);
  return { piece, found, isNew: recorded.new === 1 };
}
