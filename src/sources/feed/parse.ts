import { parseFeed as parse } from 'feedsmith';
import { cleanCredit, creditLine, firstImage } from '../../lib/html.ts';
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
import type { FoundPiece, FoundPieceImage, Parsed } from '../found.ts';
import { wallIn } from '../walls.ts';
import { type RawItem, fromAtom, fromJson, fromRdf, fromRss } from './formats.ts';
import { nextAtom, nextJson, nextRss } from './paging.ts';

// Feeds in, pieces out: RSS, RDF, Atom and JSON Feed. A feed is somebody else's text: whatever it holds, this neither throws
// nor lets markup through.

const MAX_PIECES = 500;
const MAX_GUID_LENGTH = 1_000;

interface About {
  title: string | undefined;
  language: string | undefined;
  next: string | undefined;
}

/** Parses a feed's text. `url` is where it came from; relative links are resolved against it. */
export function parseFeed(text: string, url: string): Parsed {
  const looks = problemAtSight(text);
  if (looks !== undefined) return { ok: false, problem: looks };
  try {
    const parsed = parse(text, { maxItems: MAX_PIECES });
    switch (parsed.format) {
      case 'rss': {
        const { title, language, items = [] } = parsed.feed;
        // Relative links are the site's, which the channel names.
        const base = httpUrl(parsed.feed.link, url) ?? url;
        return feedOf({ title, language, next: nextRss(parsed.feed, url) }, items.map(fromRss), base);
      }
      case 'atom': {
        const about = { title: parsed.feed.title?.value, language: parsed.feed.xml?.lang, next: nextAtom(parsed.feed) };
        return feedOf(about, (parsed.feed.entries ?? []).map(fromAtom(parsed.feed)), url);
      }
      case 'rdf': {
        const { title, items = [] } = parsed.feed;
        return feedOf({ title, language: parsed.feed.dc?.languages?.[0], next: undefined }, items.map(fromRdf), url);
      }
      case 'json': {
        const { title, language, items = [] } = parsed.feed;
        return feedOf({ title, language, next: nextJson(parsed.feed) }, items.map(fromJson(parsed.feed)), url);
      }
    }
  } catch (error) {
    return { ok: false, problem: problemInWords(text, error) };
  }
}

/** No feed needs them; those that name a character by a word are harmless. */
const NESTED_ENTITY = /<!ENTITY\s+[^%\s>][^\s>]{0,100}\s+["'][^"'>]{0,500}&[A-Za-z]/;
const OUTSIDE_ENTITY = /<!ENTITY\s+[^%\s>][^\s>]{0,100}\s+(SYSTEM|PUBLIC)\s/;

function problemAtSight(text: string): string | undefined {
  const start = text
    .slice(0, 2_000)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (start === '') return 'it is empty';
  if (NESTED_ENTITY.test(start)) return 'its XML declares entities made of entities (an XML bomb?), and was not read';
  if (OUTSIDE_ENTITY.test(start)) return 'its XML asks for files from elsewhere (external entities), and was not read';
  if (!/^(<!--[^]{0,500}?-->\s*)?(<!doctype html|<html[\s>])/i.test(start)) return undefined;
  return (
    wallIn(text) ??
    'it is a web page (HTML), not a feed: look for an address that ends in /feed, /rss or .xml, or add the site itself'
  );
}

function problemInWords(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (/<(rss|feed|rdf:RDF)[\s>]/.test(text)) return `its XML is broken (${oneLine(message, 200)})`;
  return 'it is no feed that we know (RSS, Atom, RDF or JSON Feed)';
}

function feedOf(about: About, items: RawItem[], url: string): Parsed {
  const pieces = items.map((item) => pieceOf(item, url, about.language)).filter((piece) => piece !== undefined);
  return {
    ok: true,
    title: plain(about.title, MAX_TITLE_LENGTH),
    pieces,
    skipped: items.length - pieces.length,
    next: httpUrl(about.next, url),
  };
}

function pieceOf(item: RawItem, feedUrl: string, language: string | undefined): FoundPiece | undefined {
  const base = httpUrl(item.base, feedUrl) ?? feedUrl;
  const url = httpUrl(item.url, base);
  if (url === undefined) return undefined;
  const body = bodyText(item.content ?? item.summary ?? '');
  const title = plain(item.title, MAX_TITLE_LENGTH) || teaser(body, 120);
  if (title === '') return undefined;
  const categories = item.categories.filter((category) => category !== undefined).map((text) => plain(text, 200));
  return {
    guid: item.guid === undefined ? undefined : oneLine(item.guid, MAX_GUID_LENGTH) || undefined,
    url,
    title,
    ...deckOf(item.content === undefined && isWhole(item.summary) ? '' : (item.summary ?? ''), body),
    ...classify(categories),
    authors: authorsOf(item.authors),
    image: imageOf(item, base),
    ...bodyFacts(body),
    language: languageOf(item.language) || languageOf(language),
    publishedAt: dateOf(item.published) ?? dateOf(item.updated),
    updatedAt: dateOf(item.updated),
    isRetracted: isRetraction(title),
  };
}

/** Some systems put the whole piece where others put its summary: a lead image and paragraphs. */
function isWhole(html: string | undefined): boolean {
  return html !== undefined && html.length > 1_500 && /<p[\s>]/i.test(html);
}

function imageOf(item: RawItem, base: string): FoundPieceImage | undefined {
  const html = item.content ?? item.summary ?? '';
  const inBody = firstImage(html) ?? firstImage(item.summary ?? '');
  const url = httpUrl(item.image?.url, base) ?? httpUrl(inBody?.url, base) ?? httpUrl(item.thumbnail, base);
  if (url === undefined) return undefined;
  return {
    url,
    alt: plain(item.image?.alt ?? inBody?.alt, 300),
    credit: cleanCredit(plain(item.image?.credit, 200)) || inBody?.credit || cleanCredit(creditLine(html) ?? ''),
  };
}
