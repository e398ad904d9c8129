import { reasonOf } from '../../platform/errors.ts';
import { type FetchOptions, fetchDocument } from '../../platform/fetch/index.ts';
import { decodeText } from '../decode.ts';
import type { FoundPiece } from '../found.ts';
import { parseFeed } from '../feed/index.ts';
import { contentUrl } from '../ghost/index.ts';
import { parsePage } from '../page/index.ts';
import { type Reading, readSource } from '../read.ts';
import type { SourceKind } from '../source.ts';
import { wallIn } from '../walls.ts';
import { postsUrl } from '../wordpress/index.ts';
import { hintsOf } from './hints.ts';

// From a site's address to the sources that it has: what its pages name, else where such things usually are. Each is read
// before it is proposed.

export interface ProposedSource {
  kind: SourceKind;
  url: string;
  title: string;
  pieces: FoundPiece[];
  /** An API key that the site's own pages use. */
  key: string | undefined;
}

export interface Discovery {
  proposals: ProposedSource[];
  /** What was looked at and is no source, in words. */
  problems: string[];
  /** The address is that of an article. */
  article: FoundPiece | undefined;
}

interface Candidate {
  kind: SourceKind;
  url: string;
  key?: string | undefined;
}

const USUAL_FEEDS = [
  '/feed/',
  '/feeds/feed.rss',
  '/rss/',
  '/rss.xml',
  '/feed.xml',
  '/atom.xml',
  '/index.xml',
  '/feed.json',
];
const USUAL_SITEMAPS = ['/news-sitemap.xml', '/sitemap-news.xml', '/news-sitemap-index.xml'];

export interface DiscoverOptions extends FetchOptions {
  isLocal: boolean;
  /** A Content API key that the person has. */
  key?: string | undefined;
}

/** Throws `fetch-failed` where the address itself cannot be read. */
export async function discoverSources(address: string, options: DiscoverOptions): Promise<Discovery> {
  const fetched = await fetchDocument({ url: address, isLocal: options.isLocal }, options);
  if (!fetched.changed) return { proposals: [], problems: [], article: undefined };
  const text = decodeText(fetched.body, fetched.contentType);
  const url = fetched.movedTo ?? address;
  const self = parseFeed(text, fetched.url);
  if (self.ok && self.pieces.length > 0) {
    const { title, pieces } = self;
    return { proposals: [{ kind: 'feed', url, title, pieces, key: undefined }], problems: [], article: undefined };
  }
  const page = parsePage(text, fetched.url);
  const hints = hintsOf(text, fetched.url, fetched.link);
  const ghost =
    options.key === undefined ? hints.ghost : { site: hints.ghost?.site ?? new URL('/', url).href, key: options.key };
  const named: Candidate[] = [
    ...hints.feeds.map((feed): Candidate => ({ kind: 'feed', url: feed })),
    ...(hints.wordpress === undefined ? [] : [{ kind: 'wordpress' as const, url: postsUrl(hints.wordpress) }]),
    ...(ghost?.key === undefined ? [] : [{ kind: 'ghost' as const, url: contentUrl(ghost.site), key: ghost.key }]),
  ];
  const found = await tryAll(named, options);
  const wall = wallIn(text);
  if (wall !== undefined) found.problems.push(`${address}: ${wall}`);
  if (found.proposals.length === 0) add(found, await tryAll(usual(fetched.url, USUAL_FEEDS, 'feed'), options));
  const hasNews = await newsSitemaps(fetched.url, options);
  if (hasNews.length > 0) add(found, await tryAll(hasNews, options));
  else if (found.proposals.length === 0)
    add(found, await tryAll(usual(fetched.url, USUAL_SITEMAPS, 'sitemap'), options));
  return { proposals: distinct(found.proposals), problems: found.problems, article: page.ok ? page.piece : undefined };
}

type Tried = Pick<Discovery, 'proposals' | 'problems'>;

function add(found: Tried, more: Tried): void {
  found.proposals.push(...more.proposals);
  found.problems.push(...more.problems);
}

function usual(base: string, paths: string[], kind: SourceKind): Candidate[] {
  return paths.map((path) => ({ kind, url: new URL(path, base).href }));
}

/** `robots.txt` names sitemaps; those of news say so in their names. */
async function newsSitemaps(base: string, options: DiscoverOptions): Promise<Candidate[]> {
  try {
    const robots = await fetchDocument({ url: new URL('/robots.txt', base).href, isLocal: options.isLocal }, options);
    const text = robots.changed ? robots.body.subarray(0, 500_000).toString('utf8') : '';
    const urls = [...text.matchAll(/^[ \t]*sitemap[ \t]*:[ \t]*(\S+)/gim)].map(([, url = '']) => url);
    return urls
      .filter((url) => /news/i.test(url.replace(/^https?:\/\/[^/]+/, '')) && URL.canParse(url))
      .slice(0, 3)
      .map((url) => ({ kind: 'sitemap', url }));
  } catch {
    return [];
  }
}

async function tryAll(candidates: Candidate[], options: DiscoverOptions): Promise<Tried> {
  const results = await Promise.all(candidates.map((candidate) => tryOne(candidate, options)));
  return {
    proposals: results.flatMap((result) => ('proposal' in result ? [result.proposal] : [])),
    problems: results.flatMap((result) => ('problem' in result ? [result.problem] : [])),
  };
}

async function tryOne(
  { kind, url, key }: Candidate,
  options: DiscoverOptions,
): Promise<{ proposal: ProposedSource } | { problem: string }> {
  try {
    const reading = await readWithKey({ kind, url, key }, options);
    if (reading.outcome === 'failed') return { problem: reading.problem };
    if (reading.outcome === 'unchanged' || reading.pieces.length === 0)
      return { problem: `${url}: it holds no pieces` };
    const { title, pieces, movedTo } = reading;
    return { proposal: { kind, url: movedTo ?? url, title, pieces, key } };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** A key that is only tried is not sealed yet. */
function readWithKey({ kind, url, key }: Candidate, { isLocal, ...options }: DiscoverOptions): Promise<Reading> {
  const source = { kind, url, isLocal, etag: null, lastModified: null, secret: null };
  return readSource(source, key === undefined ? options : { ...options, bareKey: key });
}

/** Feeds that lead to the same pieces are one, by the one that says most. */
function distinct(proposals: ProposedSource[]): ProposedSource[] {
  const said = ({ pieces }: ProposedSource) =>
    pieces.reduce(
      (sum, { deckIsGiven, image, authors, kind }) =>
        sum + Number(deckIsGiven) + Number(image !== undefined) + Number(authors.length > 0) + Number(kind !== ''),
      0,
    ) / pieces.length;
  const kept: ProposedSource[] = [];
  const preference = ['feed', 'ghost', 'wordpress', 'sitemap', 'page'];
  const ordered = proposals.toSorted(
    (a, b) => said(b) - said(a) || preference.indexOf(a.kind) - preference.indexOf(b.kind),
  );
  for (const proposal of ordered) {
    const urls = new Set(proposal.pieces.map(({ url }) => url));
    const isAnother = kept.every(
      ({ pieces }) => pieces.filter(({ url }) => urls.has(url)).length < Math.min(pieces.length, urls.size) / 2,
    );
    if (isAnother || proposal.kind !== 'sitemap') kept.push(proposal);
  }
  const sameUrl = new Map(kept.map((proposal) => [`${proposal.kind} ${proposal.url}`, proposal]));
  return [...sameUrl.values()];
}
