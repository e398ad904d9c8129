export type SourceKind = 'feed' | 'wordpress' | 'ghost' | 'sitemap' | 'page';

export interface NewSource {
  name: string;
  url: string;
  kind: SourceKind;
  /** May it be fetched from a private or loopback address? */
  isLocal: boolean;
  /** An API key, sealed; null where it needs none. */
  secret: string | null;
  /** May article pages be read for what the source leaves out? */
  completes: boolean;
}

export interface Source extends NewSource {
  id: number;
  etag: string | null;
  lastModified: string | null;
  checkedAt: Date | null;
  succeededAt: Date | null;
  failingSince: Date | null;
  lastProblem: string | null;
  /** The server asked to be left alone until then. */
  waitUntil: Date | null;
  pausedAt: Date | null;
  createdAt: Date;
  /** What the editors were last told of it. */
  told: 'failing' | 'silent' | null;
}

/** The source that pieces belong to which a person added by their address; it is never collected. */
export const BY_HAND = 'Added by hand';

export const KIND_NAMES: Record<SourceKind, string> = {
  feed: 'feed',
  wordpress: 'WordPress API',
  ghost: 'Ghost Content API',
  sitemap: 'news sitemap',
  page: 'page',
};
