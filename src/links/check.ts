import type { Database } from '../platform/database/index.ts';
import { type FetchOptions, FetchError, fetchDocument } from '../platform/fetch/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { urlKey } from '../lib/url.ts';
import { type LinkCheck, recordLink } from './store.ts';

// Where the links of a mail lead: looked at from here as a reader's browser would, without its cookies. What cannot be said for sure, such as
// a wall against programs or a server in trouble, is nobody's fault and no finding.

const LIMITS = { timeMs: 20_000, sizeBytes: 2 * 1024 * 1024, redirects: 8 };
const DEAD = new Set([404, 410]);
/** Names that lead nowhere by agreement (RFC 2606, RFC 6761). */
const RESERVED = /(^|\.)(example|invalid|test|localhost)$|(^|\.)example\.(com|net|org)$/i;

/** Looks at one address and keeps what was seen. */
export async function checkLink(
  db: Database,
  { url, isLocal }: { url: string; isLocal: boolean },
  now: Date,
  options: FetchOptions = {},
): Promise<LinkCheck> {
  const check = { url, checkedAt: now, ...(await lookAt(url, isLocal, options)) };
  await recordLink(db, check);
  return check;
}

type Seen = Pick<LinkCheck, 'outcome' | 'leadsTo' | 'said'>;

async function lookAt(url: string, isLocal: boolean, options: FetchOptions): Promise<Seen> {
  if (!isLocal && RESERVED.test(new URL(url).hostname))
    return { outcome: 'unknown', leadsTo: null, said: 'a name that leads nowhere' };
  try {
    const fetched = await fetchDocument(
      { url, isLocal, accept: 'text/html, */*;q=0.8' },
      { limits: LIMITS, ...options },
    );
    const end = fetched.changed ? fetched.url : url;
    if (isHome(end) && !isHome(url))
      return { outcome: 'lost', leadsTo: end, said: 'it leads to the first page of its site' };
    const isElsewhere = fetched.changed && fetched.movedTo !== undefined && urlKey(end) !== urlKey(url);
    return isElsewhere ? { outcome: 'moved', leadsTo: end, said: '' } : { outcome: 'fine', leadsTo: null, said: '' };
  } catch (error) {
    const said = reasonOf(error).replace(`${url}: `, '');
    return { outcome: isDead(error) ? 'dead' : 'unknown', leadsTo: null, said };
  }
}

function isDead(error: unknown): boolean {
  if (!(error instanceof FetchError)) return false;
  if (error.status !== undefined) return DEAD.has(error.status);
  const cause = error.cause as { code?: string; cause?: { code?: string } } | undefined;
  return (cause?.code ?? cause?.cause?.code) === 'ENOTFOUND';
}

function isHome(url: string): boolean {
  const { pathname, search } = new URL(url);
  return pathname === '/' && search === '';
}
