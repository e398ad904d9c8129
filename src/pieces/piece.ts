/** One published item of the pool. */
export interface Piece {
  id: number;
  url: string;
  guid: string | null;
  sourceId: number;
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
}

export interface PieceImage {
  url: string;
  alt: string;
  credit: string;
}

/** What a source says of a piece; the pool finds out whether it knows it. */
export interface PieceReport {
  guid: string | undefined;
  url: string;
  title: string;
  deck: string;
  kind: string;
  region: string;
  authors: string[];
  tags: string[];
  image: PieceImage | undefined;
  readingMinutes: number;
  language: string;
  publishedAt: Date | undefined;
  updatedAt: Date | undefined;
}

export interface PoolChange {
  found: number;
  new: number;
  changed: number;
}
