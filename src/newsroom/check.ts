import { editionsIn, piecesOf, readContent, OPEN_STATES } from '../editions/index.ts';
import { inLanes } from '../lib/lanes.ts';
import { DAY_MS, MINUTE_MS } from '../lib/time.ts';
import { pagesToCheck, recordPage } from '../pieces/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { readArticle } from '../sources/index.ts';
import type { Newsroom } from './newsroom.ts';

const EVERY_MS = 30 * MINUTE_MS;
const AT_ONCE = 8;
/** A draft that nobody has cancelled is forgotten by then. */
const OPEN_DAYS = 30;

/**
 * Looks at the pages of pieces that an edition on its way runs: is there a correction, is it retracted, is it gone? Each page
 * every half hour. Returns how many readers would see changed.
 */
export async function checkPieces({ db, clock, log }: Pick<Newsroom, 'db' | 'clock' | 'log'>): Promise<number> {
  const since = clock.now().getTime() - OPEN_DAYS * DAY_MS;
  const open = await editionsIn(db, OPEN_STATES);
  const editions = open.filter(({ createdAt }) => createdAt.getTime() > since);
  const contents = await Promise.all(editions.map((edition) => readContent(db, edition)));
  const ids = [...new Set(contents.flatMap((content) => piecesOf(content).map(({ pieceId }) => pieceId)))];
  const pieces = await pagesToCheck(db, ids, new Date(clock.now().getTime() - EVERY_MS));
  let changed = 0;
  await inLanes(pieces, AT_ONCE, async (piece) => {
    const reading = await readArticle(piece);
    // A page that cannot be read now says nothing of the piece.
    if (reading.outcome === 'failed' || reading.outcome === 'later') {
      log.debug('a piece could not be looked at', { piece: piece.id, reason: reading.problem });
      return;
    }
    try {
      if (await recordPage(db, piece.id, reading.outcome === 'gone' ? 'gone' : reading.piece, clock.now())) changed++;
    } catch (error) {
      log.warn('a look at a piece could not be kept', { piece: piece.id, reason: reasonOf(error) });
    }
  });
  return changed;
}
