export interface NewSource {
  name: string;
  url: string;
  /** May it be fetched from a private or loopback address? */
  isLocal: boolean;
}

export interface Source extends NewSource {
  id: number;
  etag: string | null;
  lastModified: string | null;
  checkedAt: Date | null;
  succeededAt: Date | null;
  lastProblem: string | null;
}
