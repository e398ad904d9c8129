/** What a source says about one of its pieces, before it is a piece of ours. All text is plain text. */
export interface FoundPiece {
  /** The source's own id of it, where it has one. */
  guid: string | undefined;
  /** Absolute, http or https. */
  url: string;
  title: string;
  /** One or more whole sentences. */
  deck: string;
  /** False where the deck is the beginning of the piece's own text, for want of a better one. */
  deckIsGiven: boolean;
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
  /** As much of its own text as the source gives, up to a limit; it is compared, never shown. */
  body: string;
  /** A correction's own words, or empty. */
  correction: string;
  isRetracted: boolean;
}

export interface FoundPieceImage {
  url: string;
  alt: string;
  credit: string;
}

/** What a document of a source gave. `problem` is a sentence's end: "<source>: <problem>". */
export type Parsed =
  | {
      ok: true;
      /** The source's own name. */
      title: string;
      pieces: FoundPiece[];
      /** Items that are no pieces, for want of an address or a title, or because only members may read them. */
      skipped: number;
      /** Where older pieces are. */
      next?: string | undefined;
    }
  | { ok: false; problem: string };
