import { gunzipSync } from 'node:zlib';
import { type SigningKeys } from '../lib/tokens.ts';
import { unseal } from '../lib/seal.ts';
import { reasonOf } from '../platform/errors.ts';
import { FETCH_LIMITS, FetchError, type Fetched, type FetchOptions, fetchDocument } from '../platform/fetch/index.ts';
import type { Collector } from './collectors.ts';
import { decodeText } from './decode.ts';
import type { FoundPiece, Parsed } from './found.ts';
import { KEY_PURPOSE } from './secrets.ts';
import type { Source } from './source.ts';

/** What a look at a source gave. `problem` is a sentence. */
export type Reading =
  | {
      outcome: 'read';
      title: string;
      pieces: FoundPiece[];
      skipped: number;
      etag: string | undefined;
      lastModified: string | undefined;
      /** Its new address, where its server says that it has moved for good. */
      movedTo: string | undefined;
    }
  | { outcome: 'unchanged' }
  | { outcome: 'failed'; problem: string; retryAt: Date | undefined };

export interface ReadOptions extends FetchOptions {
  /** To open the source's own key with. */
  keys?: SigningKeys;
  /** A key that is not sealed yet: somebody is trying it. */
  bareKey?: string;
  /** How far back to page; one document only, where it is not given. */
  since?: Date;
}

export type Readable = Pick<Source, 'url' | 'kind' | 'isLocal' | 'etag' | 'lastModified' | 'secret'>;

const MAX_DOCUMENTS = 10;

/**
 * Fetches a source, only if it has changed since the last success, and parses it; goes on to older documents as long as they
 * hold what is new. Never throws for what the source does.
 */
export async function readSource(source: Readable, options: ReadOptions = {}): Promise<Reading> {
  try {
    const secretQuery = secretOf(source, options);
    const collector = await collectorOf(source);
    const fetched = await fetchDocument(
      { ...source, accept: collector.accept, ...(secretQuery ? { secretQuery } : {}) },
      options,
    );
    if (!fetched.changed) return { outcome: 'unchanged' };
    const first = parseDocument(collector, fetched);
    if (!first.ok) return { outcome: 'failed', problem: `${source.url}: ${first.problem}`, retryAt: undefined };
    const older = await readOlder(source, first, options);
    return {
      outcome: 'read',
      title: first.title || older.title,
      pieces: [...first.pieces, ...older.pieces],
      skipped: first.skipped + older.skipped,
      // What was not read to its end is read again the next time.
      etag: older.isWhole ? fetched.etag : undefined,
      lastModified: older.isWhole ? fetched.lastModified : undefined,
      movedTo: fetched.movedTo,
    };
  } catch (error) {
    const retryAt = error instanceof FetchError ? error.retryAt : undefined;
    return { outcome: 'failed', problem: reasonOf(error), retryAt };
  }
}

type ParsedOk = Extract<Parsed, { ok: true }>;

interface Older {
  title: string;
  pieces: FoundPiece[];
  skipped: number;
  isWhole: boolean;
}

/** Follows `next` until what it finds is old, known already, or enough; an address is followed once. */
async function readOlder(source: Readable, first: ParsedOk, options: ReadOptions): Promise<Older> {
  const found: Older = { title: '', pieces: [], skipped: 0, isWhole: true };
  const followed = new Set([source.url]);
  const known = new Set(first.pieces.map(({ url }) => url));
  let page = first;
  while (page.next !== undefined && followed.size < MAX_DOCUMENTS && wantsMore(page, options.since)) {
    const next = page.next;
    if (followed.has(next)) break;
    followed.add(next);
    const parsed = await readNext(source, next, options);
    if (parsed === 'end') break;
    if (parsed === 'failed') return { ...found, isWhole: false };
    const fresh = parsed.pieces.filter(({ url }) => !known.has(url));
    for (const { url } of fresh) known.add(url);
    found.title ||= parsed.title;
    found.pieces.push(...fresh);
    found.skipped += parsed.skipped;
    if (fresh.length === 0) break;
    page = parsed;
  }
  return found;
}

/** An index of sitemaps has no pieces of its own; otherwise, as long as the oldest is not older than asked for. */
function wantsMore({ pieces }: ParsedOk, since: Date | undefined): boolean {
  if (pieces.length === 0) return true;
  if (since === undefined) return false;
  const dates = pieces.flatMap(({ publishedAt }) => publishedAt?.getTime() ?? []);
  return dates.length > 0 && Math.min(...dates) > since.getTime();
}

/** Past the last page, systems answer with 404 or 400. */
async function readNext(source: Readable, url: string, options: ReadOptions): Promise<ParsedOk | 'end' | 'failed'> {
  try {
    const isOwn = new URL(url).origin === new URL(source.url).origin;
    const secretQuery = isOwn ? secretOf(source, options) : undefined;
    const collector = await collectorOf(source);
    const request = { url, isLocal: source.isLocal, accept: collector.accept };
    const fetched = await fetchDocument({ ...request, ...(secretQuery ? { secretQuery } : {}) }, options);
    if (!fetched.changed) return 'end';
    const parsed = parseDocument(collector, fetched);
    return parsed.ok ? parsed : 'failed';
  } catch (error) {
    return error instanceof FetchError && error.status !== undefined && error.status < 429 ? 'end' : 'failed';
  }
}

/** Loaded by whoever reads a source: the parsers are most of the program. */
async function collectorOf({ kind }: Readable): Promise<Collector> {
  const { COLLECTORS } = await import('./collectors.ts');
  return COLLECTORS[kind];
}

function parseDocument(collector: Collector, fetched: Extract<Fetched, { changed: true }>): Parsed {
  const text = decodeText(unpacked(fetched.body), fetched.contentType);
  return collector.parse(text, fetched.url);
}

/** A sitemap may be a gzip file (sitemaps.org), whatever the transfer did. */
function unpacked(body: Buffer): Buffer {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body;
  return gunzipSync(body, { maxOutputLength: FETCH_LIMITS.sizeBytes });
}

function secretOf({ secret }: Readable, { keys, bareKey }: ReadOptions): Record<string, string> | undefined {
  if (bareKey !== undefined) return { key: bareKey };
  if (secret === null) return undefined;
  const key = keys === undefined ? undefined : unseal(keys, KEY_PURPOSE, secret);
  if (key === undefined) throw new Error('its API key was sealed with a key that is not among SECRETS any more');
  return { key };
}
