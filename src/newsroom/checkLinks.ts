import { type Edition, editionsIn, piecesOf } from '../editions/index.ts';
import { inLanes } from '../lib/lanes.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/time.ts';
import { checkLink, linkChecks } from '../links/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { localPieces } from './images.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';
import { linksOf, renderNow } from './render.ts';

const AT_ONCE = 8;
/** What is well is well for some hours; what is not may be mended while an editor waits. */
const FINE_MS = 6 * HOUR_MS;
const OTHER_MS = 10 * MINUTE_MS;
const OPEN_DAYS = 30;

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys' | 'baseUrl' | 'unsubscribeAddress'>;

/** Looks where the links of an edition lead, but for those of which that is known of late. Returns how many were looked at. */
export async function checkEditionLinks(newsroom: Parts, editionId: number): Promise<number> {
  const { db, clock, log } = newsroom;
  const edition = await getEdition(db, editionId);
  const { rendered, content } = await renderNow(newsroom, edition);
  const now = clock.now();
  const urls = linksOf(rendered, newsroom.baseUrl);
  const known = new Map((await linkChecks(db, urls)).map((check) => [check.url, check]));
  const due = urls.filter((url) => {
    const check = known.get(url);
    const age = check === undefined ? Infinity : now.getTime() - check.checkedAt.getTime();
    return age > (check?.outcome === 'fine' ? FINE_MS : OTHER_MS);
  });
  const pieces = piecesOf(content);
  const local = await localPieces(
    db,
    pieces.map(({ pieceId }) => pieceId),
  );
  const localUrls = new Set(pieces.filter(({ pieceId }) => local.has(pieceId)).map(({ url }) => url));
  await inLanes(due, AT_ONCE, async (url) => {
    try {
      await checkLink(db, { url, isLocal: localUrls.has(url) }, now);
    } catch (error) {
      log.warn('a look at a link could not be kept', { url, reason: reasonOf(error) });
    }
  });
  return due.length;
}

/** The same of every edition on its way. */
export async function checkOpenLinks(newsroom: Parts): Promise<void> {
  const since = newsroom.clock.now().getTime() - OPEN_DAYS * DAY_MS;
  const open = await editionsIn(newsroom.db, ['draft', 'in_review', 'approved', 'scheduled']);
  const isRecent = ({ createdAt }: Edition) => createdAt.getTime() > since;
  for (const { id } of open.filter(isRecent))
    await checkEditionLinks(newsroom, id).catch((error: unknown) =>
      newsroom.log.warn(`the links of edition ${id} could not be looked at`, { reason: reasonOf(error) }),
    );
}
