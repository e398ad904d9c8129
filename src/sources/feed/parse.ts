import { parseFeed as parse } from 'feedsmith';
import { firstImage, htmlToText } from '../../lib/html.ts';
import { oneLine, readingMinutes, teaser } from '../../lib/text.ts';
import { httpUrl } from '../../lib/url.ts';
import { classify } from '../classify.ts';
import type { FoundPiece, FoundPieceImage } from '../found.ts';
import { type RawItem, fromAtom, fromJson, fromRdf, fromRss } from './formats.ts';

// Feeds in, pieces out: RSS, RDF, Atom and JSON Feed. A feed is somebody else's text: whatever it holds, this neither throws
// nor lets markup through.

export type ParsedFeed =
  { ok: true; title: string; pieces: FoundPiece[]; skipped: number } | { ok: false; problem: string };

const MAX_PIECES = 500;
const MAX_TITLE_LENGTH = 300;
const MAX_DECK_LENGTH = 320;
const MAX_GUID_LENGTH = 1_000;
const MAX_AUTHORS = 10;
/** Less text than this is a teaser: how long the piece itself takes is not known. */
const WHOLE_PIECE = 800;

/** Parses a feed's text. `url` is where it came from; relative links are resolved against it. */
export function parseFeed(text: string, url: string): ParsedFeed {
  const looks = problemAtSight(text);
  if (looks !== undefined) return { ok: false, problem: looks };
  try {
    const parsed = parse(text, { maxItems: MAX_PIECES });
    switch (parsed.format) {
      case 'rss':
        return feedOf(parsed.feed.title, parsed.feed.language, (parsed.feed.items ?? []).map(fromRss), url);
      case 'atom':
        return feedOf(
          parsed.feed.title?.value,
          parsed.feed.xml?.lang,
          (parsed.feed.entries ?? []).map(fromAtom(parsed.feed)),
          url,
        );
      case 'rdf':
        return feedOf(parsed.feed.title, undefined, (parsed.feed.items ?? []).map(fromRdf), url);
      case 'json':
        return feedOf(parsed.feed.title, parsed.feed.language, (parsed.feed.items ?? []).map(fromJson), url);
    }
  } catch (error) {
    return { ok: false, problem: problemInWords(text, error) };
  }
}

function problemAtSight(text: string): string | undefined {
  const start = text
    .slice(0, 2_000)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (start === '') return 'it is empty';
  if (/^(<!doctype html|<html[\s>])/i.test(start))
    return 'it is a web page (HTML), not a feed: look for an address that ends in /feed, /rss or .xml';
  return undefined;
}

function problemInWords(text: string, error: unknown): string {
  if (/<(rss|feed|rdf:RDF)[\s>]/.test(text))
    return `its XML is broken (${oneLine(error instanceof Error ? error.message : '', 200)})`;
  return 'it is no feed that we know (RSS, Atom, RDF or JSON Feed)';
}

function feedOf(title: string | undefined, language: string | undefined, items: RawItem[], url: string): ParsedFeed {
  const pieces = items.map((item) => pieceOf(item, url, language ?? '')).filter((piece) => piece !== undefined);
  return { ok: true, title: plain(title, MAX_TITLE_LENGTH), pieces, skipped: items.length - pieces.length };
}

function pieceOf(item: RawItem, base: string, language: string): FoundPiece | undefined {
  const url = httpUrl(item.url, base);
  if (url === undefined) return undefined;
  const body = bodyText(item.content ?? item.summary ?? '');
  const deck = deckOf(item);
  const title = plain(item.title, MAX_TITLE_LENGTH) || teaser(body, 120);
  if (title === '') return undefined;
  const { kind, region, tags } = classify(
    item.categories.filter((category) => category !== undefined).map((text) => plain(text, 200)),
  );
  return {
    guid: item.guid === undefined ? undefined : oneLine(item.guid, MAX_GUID_LENGTH) || undefined,
    url,
    title,
    deck,
    kind,
    region,
    authors: authorsOf(item.authors),
    tags,
    image: imageOf(item, base),
    readingMinutes: body.length < WHOLE_PIECE ? 0 : readingMinutes(body),
    language: /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(language) ? language : '',
    publishedAt: dateOf(item.published) ?? dateOf(item.updated),
    updatedAt: dateOf(item.updated),
  };
}

/** A feed's own summary; of a whole body, its first sentences. */
function deckOf(item: RawItem): string {
  const paragraphs = bodyText(item.summary ?? item.content ?? '').split('\n');
  return teaser(paragraphs.find((paragraph) => paragraph.length > 20) ?? paragraphs[0] ?? '', MAX_DECK_LENGTH);
}

/** Some feeds escape their HTML twice: what reads like markup after the first time is read again. */
function bodyText(html: string): string {
  const text = htmlToText(html);
  return /<(p|div|a|br|img|span|table|blockquote)[\s/>]/i.test(text) ? htmlToText(text) : text;
}

function authorsOf(names: (string | undefined)[]): string[] {
  const clean = names.map((name) => plain(name, 200).replace(/^by\s+/i, '')).filter((name) => name !== '');
  return [...new Set(clean)].slice(0, MAX_AUTHORS);
}

function imageOf(item: RawItem, base: string): FoundPieceImage | undefined {
  const inBody = firstImage(item.content ?? '') ?? firstImage(item.summary ?? '');
  const url = httpUrl(item.image?.url, base) ?? httpUrl(inBody?.url, base);
  if (url === undefined) return undefined;
  return { url, alt: plain(item.image?.alt ?? inBody?.alt, 300), credit: creditOf(item.image?.credit) };
}

/** The mail says that it is a photo; a credit that says so too would say it twice. */
function creditOf(text: string | undefined): string {
  return plain(text, 200).replace(/^(top )?(photo|image|picture|foto)?\s*(credit|by|courtesy of)?\s*:\s*/i, '');
}

function plain(html: string | undefined, maxLength: number): string {
  return oneLine(htmlToText(html ?? ''), maxLength);
}

/** Dates of RFC 822 and RFC 3339, and what people write instead; no date beyond what a calendar holds. */
function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text.trim().replace(/\s+/g, ' '));
  return Number.isNaN(time) || Math.abs(time) > 8.64e15 / 2 ? undefined : new Date(time);
}
