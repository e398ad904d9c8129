import {
  type Crop,
  type EditionContent,
  type EditionPiece,
  type EditionSection,
  piecesOf,
  readContent,
} from '../editions/index.ts';
import { inLanes } from '../lib/lanes.ts';
import { MINUTE_MS } from '../lib/time.ts';
import { type ImageSize, fetchImage, mediaSources, sizeName, mediaPath } from '../media/index.ts';
import { findPieces, imageKey } from '../pieces/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Database } from '../platform/database/index.ts';
import { findSource } from '../sources/index.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

// An edition's photographs. They are fetched when it is composed, cut to the place that they have in the theme, and served
// by us: what a mail shows does not go away when a source's address does.

/** Twice the size at which themes show a photo; that of a card is largest on a phone, where it has the width of the screen. */
const SIZES: Partial<Record<EditionSection['layout'], ImageSize>> = {
  lead: { width: 1280, height: 720 },
  cards: { width: 720, height: 540 },
};
/** Large enough to choose from. */
const WHOLE = { width: 1200, height: 1200 };
const AT_ONCE = 3;
const TRY_AGAIN_MS = 10 * MINUTE_MS;

interface Shown {
  pieceId: number;
  title: string;
  url: string;
  urlKey: string;
  size: ImageSize;
  framing: Crop | undefined;
}

function shownIn(content: EditionContent): Shown[] {
  return content.sections.flatMap(({ layout, pieces }) => {
    const size = SIZES[layout];
    if (size === undefined) return [];
    return pieces.flatMap(({ pieceId, title, image }) =>
      image === null
        ? []
        : [{ pieceId, title, url: image.url, urlKey: imageKey(image.url), size, framing: image.crop }],
    );
  });
}

const underWay = new WeakMap<Database, Map<number, Promise<void>>>();

/**
 * Fetches the photographs that an edition shows and that we do not have; one that failed just now is not tried again. `joins`: what is under way
 * in this process for the edition is enough.
 */
export async function fetchEditionImages(parts: Parts, editionId: number, { joins = false } = {}): Promise<void> {
  const ours = underWay.get(parts.db) ?? new Map<number, Promise<void>>();
  underWay.set(parts.db, ours);
  const going = joins ? ours.get(editionId) : undefined;
  if (going !== undefined) return going;
  const fetching = fetchNow(parts, editionId).finally(() => {
    if (ours.get(editionId) === fetching) ours.delete(editionId);
  });
  ours.set(editionId, fetching);
  return fetching;
}

async function fetchNow(parts: Parts, editionId: number): Promise<void> {
  await fetchImages(parts, await readContent(parts.db, await getEdition(parts.db, editionId)));
}

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log'>;

export async function fetchImages({ db, clock, log }: Parts, content: EditionContent): Promise<void> {
  const known = await kept(db, content);
  const now = clock.now();
  const wanted = shownIn(content).filter((shown) => {
    const source = known.get(nameOf(shown));
    if (source === undefined) return true;
    return source.hash === null && now.getTime() - source.triedAt.getTime() > TRY_AGAIN_MS;
  });
  const local = await localPieces(
    db,
    wanted.map(({ pieceId }) => pieceId),
  );
  await inLanes(wanted, AT_ONCE, async (shown) => {
    const problem = await fetchImage(db, { ...shown, isLocal: local.has(shown.pieceId) }, now);
    if (problem !== undefined) log.warn(`the image of "${shown.title}" could not be had`, { reason: problem });
  });
}

async function kept(db: Database, content: EditionContent) {
  const sources = await mediaSources(
    db,
    shownIn(content).map(({ urlKey }) => urlKey),
  );
  return new Map(sources.map((source) => [`${source.urlKey} ${source.size}`, source]));
}

function nameOf({ urlKey, size, framing }: Pick<Shown, 'urlKey' | 'size' | 'framing'>): string {
  return `${urlKey} ${sizeName(size, framing)}`;
}

/** Those whose source may be on a private network. */
export async function localPieces(db: Database, ids: number[]): Promise<Set<number>> {
  const pieces = await findPieces(db, ids);
  const isLocal = new Map<number, boolean>();
  for (const { sourceId } of pieces)
    if (!isLocal.has(sourceId)) isLocal.set(sourceId, (await findSource(db, sourceId))?.isLocal === true);
  return new Set(pieces.filter(({ sourceId }) => isLocal.get(sourceId) === true).map(({ id }) => id));
}

export interface ImageProblem {
  title: string;
  reason: string;
}

/** The content with our own addresses in the place of the sources'; a photo that we do not have is left out, and named. */
export async function withOwnImages(
  db: Database,
  content: EditionContent,
  baseUrl: string,
): Promise<{ content: EditionContent; problems: ImageProblem[] }> {
  if (piecesOf(content).every(({ image }) => image === null)) return { content, problems: [] };
  const known = await kept(db, content);
  const problems: ImageProblem[] = [];
  const sections = content.sections.map((section) => ({
    ...section,
    pieces: section.pieces.map((piece) => {
      const size = SIZES[section.layout];
      if (piece.image === null || size === undefined) return { ...piece, image: null };
      const source = known.get(nameOf({ urlKey: imageKey(piece.image.url), size, framing: piece.image.crop }));
      if (source?.hash && source.type !== null)
        return {
          ...piece,
          image: { ...piece.image, url: `${baseUrl}${mediaPath(source.hash, source.type)}` },
        };
      problems.push({ title: piece.title, reason: source?.problem ?? 'it has not been fetched yet' });
      return { ...piece, image: null };
    }),
  }));
  return { content: { ...content, sections }, problems };
}

/** The whole photograph of a piece, to choose a part of it; fetched where we do not have it. Throws `fetch-failed`. */
export async function wholeImage(parts: Parts, piece: EditionPiece): Promise<string> {
  const { image } = piece;
  if (image === null) throw new RoundupError('not-found', 'This piece has no photograph.');
  const { db, clock } = parts;
  const wanted = { url: image.url, urlKey: imageKey(image.url), size: WHOLE, framing: 'whole' as const };
  const find = async () =>
    (await mediaSources(db, [wanted.urlKey])).find(
      ({ size, hash }) => hash !== null && size === sizeName(WHOLE, 'whole'),
    );
  const known = await find();
  if (known === undefined) {
    const isLocal = (await localPieces(db, [piece.pieceId])).has(piece.pieceId);
    const problem = await fetchImage(db, { ...wanted, isLocal }, clock.now());
    if (problem !== undefined) throw new RoundupError('fetch-failed', `The photograph could not be had: ${problem}`);
  }
  const { hash, type } = (known ?? (await find())) as { hash: string; type: string };
  return mediaPath(hash, type);
}

/** The shape in which a section shows photographs; undefined where it shows none. */
export function imageShape(layout: EditionSection['layout']): ImageSize | undefined {
  return SIZES[layout];
}
