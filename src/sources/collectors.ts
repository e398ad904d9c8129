import type { Parsed } from './found.ts';
import { parseFeed } from './feed/index.ts';
import { parseContent } from './ghost/index.ts';
import { parsePage } from './page/index.ts';
import { parseSitemap } from './sitemap/index.ts';
import type { SourceKind } from './source.ts';
import { parsePosts } from './wordpress/index.ts';

/** How each kind of source is read: what to ask for, and what to make of the answer. */
export interface Collector {
  accept: string;
  parse(text: string, url: string): Parsed;
}

const JSON_TYPE = 'application/json';

export const COLLECTORS: Record<SourceKind, Collector> = {
  feed: {
    accept:
      'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5',
    parse: parseFeed,
  },
  wordpress: { accept: JSON_TYPE, parse: parsePosts },
  ghost: { accept: JSON_TYPE, parse: parseContent },
  sitemap: { accept: 'application/xml, text/xml;q=0.9, */*;q=0.5', parse: parseSitemap },
  page: {
    accept: 'text/html, application/xhtml+xml',
    parse: (text, url) => {
      const page = parsePage(text, url);
      return page.ok ? { ok: true, title: page.siteName, pieces: [page.piece], skipped: 0 } : page;
    },
  },
};
