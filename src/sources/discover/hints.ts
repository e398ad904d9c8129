import { walkHtml } from '../../lib/html.ts';
import { httpUrl } from '../../lib/url.ts';

// What a site's page says of where its pieces can be had.

export interface Hints {
  feeds: string[];
  /** The root of a WordPress REST API. */
  wordpress: string | undefined;
  /** A Ghost site's Content API, with the key that its own scripts use, where they do. */
  ghost: { site: string; key: string | undefined } | undefined;
}

const FEED_TYPES = /^(application\/(rss|atom|rdf)\+xml|application\/(feed\+)?json|application\/xml|text\/xml)\b/i;
const NOT_PIECES = /\/comments\/(feed|default)|[?&]feed=comments|\/oembed\b|wp-json|\/search\/|\/opensearch/i;
const GHOST_KEY = /^[0-9a-f]{26}$/;
const MAX_FEEDS = 12;
const MAX_LOOKED_AT = 2_000_000;

/** Reads a page's `link`, `meta` and `script` elements, and its Link header. */
export function hintsOf(html: string, url: string, linkHeader: string): Hints {
  const found: Hints = { feeds: [], wordpress: linked(linkHeader, 'https://api.w.org/', url), ghost: undefined };
  const site = new URL('/', url).href;
  walkHtml(html.slice(0, MAX_LOOKED_AT), {
    onopentag(name, attributes) {
      if (name === 'link' || name === 'a') takeLink(found, attributes, url, name);
      if (name === 'meta' && /^generator$/i.test(attributes.name ?? '') && /^Ghost\b/i.test(attributes.content ?? ''))
        found.ghost ??= { site, key: undefined };
      const key = attributes['data-key'];
      const api = attributes['data-api'] ?? attributes['data-ghost'] ?? attributes['data-sodo-search'];
      if (name === 'script' && api !== undefined && key !== undefined && GHOST_KEY.test(key))
        found.ghost = { site: httpUrl(api.slice(0, 500).split('ghost/api')[0], url) ?? site, key };
    },
  });
  found.feeds = [...new Set(found.feeds)].slice(0, MAX_FEEDS);
  return found;
}

function takeLink(found: Hints, attributes: Record<string, string>, url: string, name: string): void {
  const rel = ` ${(attributes.rel ?? '').toLowerCase()} `;
  const href = httpUrl(attributes.href, url);
  if (href === undefined) return;
  if (rel.includes(' https://api.w.org/ ')) found.wordpress ??= href;
  const isFeed =
    (rel.includes(' alternate ') && FEED_TYPES.test(attributes.type ?? '')) ||
    rel.includes(' feed ') ||
    // A site without links in its head may still show one: "RSS".
    (name === 'a' &&
      /(\.rss|\.atom|\/rss(\.xml)?|\/feed(\.xml|\.json)?|\/atom\.xml)\/?$/i.test(new URL(href).pathname));
  if (isFeed && !NOT_PIECES.test(href)) found.feeds.push(href);
}

function linked(header: string, rel: string, base: string): string | undefined {
  const part = header.split(/,\s*(?=<)/).find((one) => one.includes(`rel="${rel}"`));
  return httpUrl(/<([^>]*)>/.exec(part ?? '')?.[1], base);
}
