import type { FoundPiece } from '../sources/index.ts';
import { imageKey } from './imageKey.ts';
import type { Piece, PieceChange } from './piece.ts';

// What becomes of a known piece when its source says it again: what the source leaves out stays as it was, from another
// reading; what it says anew is a change, if readers would see it.

export type Said = Pick<
  Piece,
  | 'url'
  | 'title'
  | 'deck'
  | 'kind'
  | 'region'
  | 'authors'
  | 'tags'
  | 'image'
  | 'readingMinutes'
  | 'language'
  | 'correction'
>;

export function merged(before: Piece, found: FoundPiece, isCompleted: boolean): Said {
  const keepsDeck = !found.deckIsGiven && (isCompleted || found.deck === '');
  return {
    url: found.url,
    title: found.title,
    deck: keepsDeck ? before.deck : found.deck,
    kind: found.kind || before.kind,
    region: found.region || before.region,
    authors: found.authors.length > 0 ? found.authors : before.authors,
    tags: found.tags.length > 0 ? found.tags : before.tags,
    image: mergedImage(before, found),
    readingMinutes: found.readingMinutes || before.readingMinutes,
    language: found.language || before.language,
    correction: isSameCorrection(before.correction, found.correction) ? before.correction : found.correction,
  };
}

/** A feed and a page give the same correction with more or less around it; one that is not given is not taken back. */
export function isSameCorrection(before: string, after: string): boolean {
  if (after === '') return true;
  const [a, b] = [beginningOf(before), beginningOf(after)];
  return a !== '' && (a.startsWith(b) || b.startsWith(a));
}

function beginningOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .slice(0, 80);
}

/** The same picture keeps the alternative text and the credit that were found on its page. */
function mergedImage({ image }: Piece, found: FoundPiece): Piece['image'] {
  if (found.image === undefined) return image;
  if (image === null || imageKey(image.url) !== imageKey(found.image.url)) return found.image;
  return { url: found.image.url, alt: found.image.alt || image.alt, credit: found.image.credit || image.credit };
}

/** What readers would see of it, in an order of weight; empty where nothing of it changed. */
export function changesBetween(before: Piece, after: Said & { isRetracted: boolean }): PieceChange[] {
  const changes: (PieceChange | false)[] = [
    before.retractedAt === null &&
      after.isRetracted && { change: 'retracted', before: before.title, after: after.title },
    before.correction !== after.correction && {
      change: 'corrected',
      before: before.correction,
      after: after.correction,
    },
    before.title !== after.title && { change: 'retitled', before: before.title, after: after.title },
    before.deck !== after.deck && { change: 'deck', before: before.deck, after: after.deck },
    before.url !== after.url && { change: 'moved', before: before.url, after: after.url },
    before.authors.join(', ') !== after.authors.join(', ') && {
      change: 'byline',
      before: before.authors.join(', '),
      after: after.authors.join(', '),
    },
    !isSameImage(before.image, after.image) && {
      change: 'image',
      before: before.image?.url ?? '',
      after: after.image?.url ?? '',
    },
    before.kind + before.region !== after.kind + after.region && {
      change: 'section',
      before: `${before.kind} | ${before.region}`,
      after: `${after.kind} | ${after.region}`,
    },
  ];
  return changes.filter((change) => change !== false);
}

function isSameImage(a: Piece['image'], b: Piece['image']): boolean {
  if (a === null || b === null) return a === b;
  return imageKey(a.url) === imageKey(b.url) && a.credit === b.credit;
}
