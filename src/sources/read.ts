import { reasonOf } from '../platform/errors.ts';
import { type FetchOptions, fetchDocument } from '../platform/fetch/index.ts';
import { decodeText, parseFeed } from './feed/index.ts';
import type { FoundPiece } from './found.ts';
import type { Source } from './source.ts';

/** What a look at a source gave. `problem` is a sentence's end: "<source>: <problem>". */
export type Reading =
  | {
      outcome: 'read';
      title: string;
      pieces: FoundPiece[];
      skipped: number;
      etag: string | undefined;
      lastModified: string | undefined;
    }
  | { outcome: 'unchanged' }
  | { outcome: 'failed'; problem: string };

const ACCEPT =
  'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5';

/** Fetches a source, only if it has changed since the last success, and parses it. Never throws for what the source does. */
export async function readSource(
  source: Pick<Source, 'url' | 'isLocal' | 'etag' | 'lastModified'>,
  options: FetchOptions = {},
): Promise<Reading> {
  try {
    const fetched = await fetchDocument({ ...source, accept: ACCEPT }, options);
    if (!fetched.changed) return { outcome: 'unchanged' };
    const feed = parseFeed(decodeText(fetched.body, fetched.contentType), fetched.url);
    if (!feed.ok) return { outcome: 'failed', problem: `${source.url}: ${feed.problem}` };
    const { title, pieces, skipped } = feed;
    return { outcome: 'read', title, pieces, skipped, etag: fetched.etag, lastModified: fetched.lastModified };
  } catch (error) {
    return { outcome: 'failed', problem: reasonOf(error) };
  }
}
