/** What a source says about one of its pieces, before it is a piece of ours. All text is plain text. */
export interface FoundPiece {
  /** The source's own id of it, where it has one. */
  guid: string | undefined;
  /** Absolute, http or https. */
  url: string;
  title: string;
  /** One or more whole sentences. */
  deck: string;
  kind: string;
  region: string;
  authors: string[];
  tags: string[];
  image: FoundPieceImage | undefined;
  /** 0 where the source gives a teaser only. */
  readingMinutes: number;
  /** BCP 47, or empty. */
  language: string;
  publishedAt: Date | undefined;
  updatedAt: Date | undefined;
}

export interface FoundPieceImage {
  url: string;
  alt: string;
  credit: string;
}
