import { Readability } from '@mozilla/readability';
import { oneLine, teaser } from '../../lib/text.ts';
import { httpUrl } from '../../lib/url.ts';
import { classify } from '../classify.ts';
import {
  MAX_TITLE_LENGTH,
  authorsOf,
  bodyFacts,
  bodyText,
  dateOf,
  deckOf,
  isRetraction,
  languageOf,
  plain,
} from '../clean.ts';
import type { FoundPiece } from '../found.ts';
import { wallIn } from '../walls.ts';
import { type PageDocument, readDocument, textOf } from './document.ts';
import { imageOf } from './image.ts';
import { kickerOf } from './kicker.ts';
import { type LinkedArticle, readLinkedData } from './linkedData.ts';

// An article page in, a piece out: from what the page says of itself (JSON-LD, Open Graph, meta, microformats), and what one
// sees on it (byline, kicker, lead image, credit). The text itself is found by Readability.

export type ParsedPage = { ok: true; piece: FoundPiece; siteName: string } | { ok: false; problem: string };

/** Parses a page's HTML. `url` is where it came from. Never throws for what the page holds. */
export function parsePage(html: string, url: string): ParsedPage {
  const wall = wallIn(html);
  if (wall !== undefined) return { ok: false, problem: wall };
  try {
    const document = readDocument(html);
    if (document === undefined) return { ok: false, problem: 'it is too large or too deeply nested to be an article' };
    return read(document, url);
  } catch (error) {
    return { ok: false, problem: `its HTML cannot be read (${oneLine(String(error), 200)})` };
  }
}

function read(document: PageDocument, url: string): ParsedPage {
  const meta = metaOf(document);
  const linked = readLinkedData(document);
  const canonical = canonicalOf(document, meta, url);
  const image = imageOf(document, meta, linked, canonical);
  const kicker = kickerOf(document);
  const entry = hEntryOf(document);
  const headline = document.querySelector('h1')?.textContent ?? undefined;
  const language = document.documentElement?.getAttribute('lang');
  // Last: it takes the document apart.
  const article = new Readability(document as never, { keepClasses: true }).parse();
  const body = bodyText(article?.content ?? '');
  const titles = [article?.title, meta('og:title'), linked?.title, headline, entry.name];
  const title = titles.map((one) => plain(one ?? undefined, MAX_TITLE_LENGTH)).find((one) => one !== '') ?? '';
  const isArticle =
    linked !== undefined || meta('og:type') === 'article' || entry.name !== undefined || body.length > 400;
  if (title === '' || !isArticle) return { ok: false, problem: 'there is no article on this page' };
  const deck = deckOf(linked?.deck ?? meta('og:description') ?? meta('description') ?? entry.summary ?? '', body);
  const sorted = classify(
    [
      linked?.kind,
      meta('article:section'),
      ...(linked?.categories ?? []),
      ...meta.all('article:tag'),
      ...entry.categories,
    ]
      .filter((word) => word !== undefined)
      .map((word) => plain(word, 200)),
  );
  const facts = bodyFacts(body);
  const published = linked?.published ?? meta('article:published_time') ?? article?.publishedTime ?? entry.published;
  return {
    ok: true,
    siteName: plain(article?.siteName ?? meta('og:site_name'), 200),
    piece: {
      guid: undefined,
      url: canonical,
      title,
      ...deck,
      kind: sorted.kind || kicker.kind,
      region: sorted.region || kicker.region,
      tags: sorted.tags,
      authors: bylineOf(linked, article?.byline ?? undefined, entry.authors),
      image,
      ...facts,
      correction: facts.correction || correctionOf(linked),
      language: languageOf(language ?? article?.lang),
      publishedAt: dateOf(published ?? document.querySelector('time[datetime]')?.getAttribute('datetime') ?? undefined),
      updatedAt: dateOf(linked?.modified ?? meta('article:modified_time')),
      isRetracted: isRetraction(title) || linked?.isRetracted === true,
    },
  };
}

type Meta = ((name: string) => string | undefined) & { all(name: string): string[] };

function metaOf(document: PageDocument): Meta {
  const found = new Map<string, string[]>();
  for (const element of document.querySelectorAll('meta[content]')) {
    const name = element.getAttribute('property') ?? element.getAttribute('name');
    const content = element.getAttribute('content')?.trim();
    if (name === null || content === undefined || content === '') continue;
    const key = name.toLowerCase();
    found.set(key, [...(found.get(key) ?? []).slice(0, 50), content]);
  }
  return Object.assign((name: string) => found.get(name)?.[0], { all: (name: string) => found.get(name) ?? [] });
}

/** Where the page says that it belongs; a site that names its front page for every piece says nothing. */
function canonicalOf(document: PageDocument, meta: Meta, url: string): string {
  const said = document.querySelector('link[rel~="canonical"]')?.getAttribute('href') ?? meta('og:url');
  const canonical = httpUrl(said ?? undefined, url);
  if (canonical === undefined || (new URL(canonical).pathname === '/' && new URL(url).pathname !== '/')) return url;
  return canonical;
}

/** The people that the page names in its data; else the byline that one sees. */
function bylineOf(linked: LinkedArticle | undefined, byline: string | undefined, people: string[]): string[] {
  if (linked !== undefined && linked.authors.length > 0) return authorsOf(linked.authors);
  if (byline !== undefined && byline.trim() !== '') return authorsOf([oneLine(byline, 300)]);
  return authorsOf(people);
}

/** Some systems write a correction into their data at each update; only what speaks of a mistake is one. */
function correctionOf(linked: LinkedArticle | undefined): string {
  const text = plain(linked?.correction, 1_000);
  return /correct(ed|s|ion:)|clarif|misstat|misidentif|earlier version|in error|amended|wrongly/i.test(text)
    ? teaser(text, 400)
    : '';
}

interface Entry {
  name?: string | undefined;
  summary?: string | undefined;
  published?: string | undefined;
  authors: string[];
  categories: string[];
}

/** A microformats h-entry (microformats.org/wiki/h-entry). */
function hEntryOf(document: PageDocument): Entry {
  const entry = document.querySelector('.h-entry');
  if (entry === null) return { authors: [], categories: [] };
  const first = (selector: string) => entry.querySelector(selector);
  const texts = (selector: string) => [...entry.querySelectorAll(selector)].slice(0, 20).map((one) => textOf(one));
  return {
    name: first('.p-name')?.textContent ?? undefined,
    summary: first('.p-summary')?.textContent ?? undefined,
    published: first('.dt-published')?.getAttribute('datetime') ?? first('.dt-published')?.textContent ?? undefined,
    authors: texts('.p-author .p-name').length > 0 ? texts('.p-author .p-name') : texts('.p-author'),
    categories: texts('.p-category'),
  };
}
