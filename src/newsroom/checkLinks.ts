import { type Edition, editionsIn, piecesOf, OPEN_STATES, noteLinksLooked } from '../editions/index.ts';
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

/** An edition links to some dozens of addresses; nobody is kept waiting by more, nor for longer. */
const MOST_LINKS = 150;
const MOST_MS = 2 * MINUTE_MS;
const MOST_TURNS = 5;

/**
 * Looks where the links of an edition lead, but for those of which that is known of late; once more where it was changed meanwhile. Returns
 * how many were looked at.
 */
export async function checkEditionLinks(newsroom: Parts, editionId: number): Promise<number> {
  const until = performance.now() + MOST_MS;
  let looked = 0;
  for (let turn = 0; turn < MOST_TURNS && performance.now() < until; turn++) {
    const edition = await getEdition(newsroom.db, editionId);
    looked += await lookAtLinks(newsroom, edition, until);
    if ((await getEdition(newsroom.db, editionId)).revision === edition.revision) break;
  }
  if (looked > 0) await noteLinksLooked(newsroom.db, editionId, newsroom.clock.now());
  return looked;
}

async function lookAtLinks(newsroom: Parts, edition: Edition, until: number): Promise<number> {
  const { db, clock, log } = newsroom;
  const { rendered, content } = await renderNow(newsroom, edition);
  const now = clock.now();
  const urls = linksOf(rendered, newsroom.baseUrl).slice(0, MOST_LINKS);
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
  let looked = 0;
  await inLanes(due, AT_ONCE, async (url) => {
    if (performance.now() > until) return;
    looked++;
    try {
      await checkLink(db, { url, isLocal: localUrls.has(url) }, now);
    } catch (error) {
      log.warn('a look at a link could not be kept', { url, reason: reasonOf(error) });
    }
  });
  return looked;
}

/** The same of every edition on its way. */
export async function checkOpenLinks(newsroom: Parts): Promise<void> {
  const since = newsroom.clock.now().getTime() - OPEN_DAYS * DAY_MS;
  const open = await editionsIn(newsroom.db, OPEN_STATES);
  const isRecent = ({ createdAt }: Edition) => createdAt.getTime() > since;
  for (const { id } of open.filter(isRecent))
    await checkEditionLinks(newsroom, id).catch((error: unknown) =>
      newsroom.log.warn(`the links of edition ${id} could not be looked at`, { reason: reasonOf(error) }),
    );
}
