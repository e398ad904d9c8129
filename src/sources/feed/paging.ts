import type { Atom, Json, Rss } from 'feedsmith';

// Where a feed's older pieces are: RFC 5005 links, JSON Feed's `next_url`, and the `page` parameter of systems that page
// without saying so.

type Link = { rel?: string | undefined; href?: string | undefined };

export function nextRss(feed: Rss.Feed<string>, url: string): string | undefined {
  return nextOf(feed.atom?.links) ?? nextByNumber(feed, url);
}

export function nextAtom(feed: Atom.Feed<string>): string | undefined {
  return nextOf(feed.links);
}

export function nextJson(feed: Json.Feed<string>): string | undefined {
  return feed.next_url;
}

function nextOf(links: readonly Link[] | undefined): string | undefined {
  return links?.find(({ rel }) => rel === 'next')?.href;
}

/** RebelMouse gives thirty pieces a page at `?page=N`, WordPress as many as its owner set at `?paged=N`. */
function nextByNumber({ generator, items }: Rss.Feed<string>, url: string): string | undefined {
  if (items === undefined || items.length === 0) return undefined;
  const next = new URL(url);
  const isWordPress = /wordpress\.org/i.test(generator ?? '');
  const isRebelMouse = /\/feeds\/[^/]+\.rss$/.test(next.pathname) && items.length >= 30;
  if (!isWordPress && !isRebelMouse) return undefined;
  const name = isWordPress ? 'paged' : 'page';
  next.searchParams.set(name, String(Number(next.searchParams.get(name) ?? 1) + 1));
  return next.href;
}
