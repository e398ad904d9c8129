import { reasonOf } from '../platform/errors.ts';
import { FetchError, type FetchOptions, fetchDocument } from '../platform/fetch/index.ts';
import { decodeText } from './decode.ts';
import type { FoundPiece } from './found.ts';

/** What an article's page gave. `gone`: its server says that there is nothing (404, 410). */
export type ArticleReading =
  | { outcome: 'read'; piece: FoundPiece }
  | { outcome: 'gone'; problem: string }
  /** Its server asked for patience. */
  | { outcome: 'later'; problem: string }
  | { outcome: 'failed'; problem: string };

const LIMITS = { timeMs: 20_000, sizeBytes: 5 * 1024 * 1024, redirects: 5 };

/** Reads one article's page. Never throws for what the page does. */
export async function readArticle(
  { url, isLocal }: { url: string; isLocal: boolean },
  options: FetchOptions = {},
): Promise<ArticleReading> {
  try {
    const fetched = await fetchDocument(
      { url, isLocal, accept: 'text/html, application/xhtml+xml' },
      { limits: LIMITS, ...options },
    );
    if (!fetched.changed) return { outcome: 'failed', problem: `${url}: unchanged` };
    // Loaded by whoever reads one.
    const { parsePage } = await import('./page/index.ts');
    const page = parsePage(decodeText(fetched.body, fetched.contentType), fetched.url);
    return page.ok ? { outcome: 'read', piece: page.piece } : { outcome: 'failed', problem: `${url}: ${page.problem}` };
  } catch (error) {
    const isGone = error instanceof FetchError && (error.status === 404 || error.status === 410);
    const isLater = error instanceof FetchError && (error.status === 429 || error.status === 503);
    return { outcome: isGone ? 'gone' : isLater ? 'later' : 'failed', problem: reasonOf(error) };
  }
}
