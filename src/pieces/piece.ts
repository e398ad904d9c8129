import type { FoundPiece } from '../sources/index.ts';

/** One published item of the pool. */
export interface Piece {
  id: number;
  url: string;
  guid: string | null;
  /** Whose word on it counts. */
  sourceId: number;
  /** All that have brought it. */
  sourceIds: number[];
  title: string;
  deck: string;
  kind: string;
  region: string;
  authors: string[];
  tags: string[];
  image: PieceImage | null;
  readingMinutes: number;
  language: string;
  publishedAt: Date;
  firstSeenAt: Date;
  /** Counts up with each change that readers would see. */
  version: number;
  embargoUntil: Date | null;
  /** Since when its page is gone, or it is retracted. */
  goneAt: Date | null;
  retractedAt: Date | null;
  /** Its latest correction's own words, or empty. */
  correction: string;
  /** The piece that stands for both, where it is the same story. */
  sameAs: number | null;
}

export interface PieceImage {
  url: string;
  alt: string;
  credit: string;
}

export interface PoolChange {
  found: number;
  new: number;
  changed: number;
}

/** What a source may leave out, to be read from the article's page. */
export type Lack = 'deck' | 'byline' | 'image' | 'credit' | 'kind' | 'region';

export function lacksOf(found: FoundPiece): Lack[] {
  const lacks: [Lack, boolean][] = [
    ['deck', !found.deckIsGiven],
    ['byline', found.authors.length === 0],
    ['image', found.image === undefined],
    ['credit', found.image !== undefined && found.image.credit === ''],
    ['kind', found.kind === ''],
    ['region', found.region === ''],
  ];
  return lacks.filter(([, isLacking]) => isLacking).map(([lack]) => lack);
}

export type ChangeKind =
  | 'first'
  | 'retitled'
  | 'deck'
  | 'moved'
  | 'byline'
  | 'image'
  | 'section'
  | 'corrected'
  | 'retracted'
  | 'gone'
  | 'back'
  | 'syndicated';

/** One entry of a piece's history. */
export interface PieceChange {
  change: ChangeKind;
  before: string;
  after: string;
}
