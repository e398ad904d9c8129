import { htmlToText } from '../lib/html.ts';
import { oneLine, readingMinutes, teaser } from '../lib/text.ts';
import type { FoundPiece } from './found.ts';

// What every kind of source needs: other people's text made plain, whole and bounded.

export const MAX_TITLE_LENGTH = 300;
const MAX_DECK_LENGTH = 320;
const MAX_AUTHORS = 10;
/** Less text than this is a teaser: how long the piece itself takes is not known. */
const WHOLE_PIECE = 800;
const MAX_BODY = 20_000;
const SHORTEST_DECK = 20;

/** HTML or text to one line of text. */
export function plain(html: string | undefined, maxLength: number): string {
  return oneLine(htmlToText(html ?? ''), maxLength);
}

/** The last line that systems add of themselves. */
const TRAILER =
  /(^|\n)(The post .{1,300} (appeared first|first appeared) on .{1,200}|(Continue reading|Read more|Read the full story)\b.{0,60})$/i;

/** Some feeds escape their HTML twice: what reads like markup after the first time is read again. */
export function bodyText(html: string): string {
  const text = htmlToText(html);
  const once = /<(p|div|a|br|img|span|table|blockquote)[\s/>]/i.test(text) ? htmlToText(text) : text;
  return once.replace(TRAILER, '');
}

/** What a body says of a piece. */
export function bodyFacts(text: string): Pick<FoundPiece, 'readingMinutes' | 'body' | 'correction'> {
  return {
    readingMinutes: text.length < WHOLE_PIECE ? 0 : readingMinutes(text.slice(0, 200_000)),
    body: text.slice(0, MAX_BODY),
    correction: correctionIn(text),
  };
}

/** A source's own summary; for want of one, the first sentences of the piece. Always whole sentences, or whole words. */
export function deckOf(summary: string, body: string): Pick<FoundPiece, 'deck' | 'deckIsGiven'> {
  const given = firstParagraph(bodyText(summary));
  const deckIsGiven = given !== '' && !isBeginning(given, body);
  const text = (deckIsGiven || body.length < given.length ? given : firstParagraph(body)).slice(0, LOOKED_AT);
  return { deck: teaser(mended(text, body), MAX_DECK_LENGTH), deckIsGiven };
}

function firstParagraph(text: string): string {
  const paragraphs = text.split('\n', 50);
  return paragraphs.find((paragraph) => paragraph.length > SHORTEST_DECK) ?? paragraphs[0] ?? '';
}

/** A deck comes from the first few sentences. */
const LOOKED_AT = 2_000;

const CUT = /\s*(\[\s*(…|\.\.\.|&hellip;)\s*\]|…|\.\.\.)\s*$/u;

/** A summary that a content system cut off: what the piece itself says there, else its whole sentences, else its words. */
function mended(text: string, body: string): string {
  if (!CUT.test(text)) return text;
  if (isBeginning(text, body)) return firstParagraph(body);
  const words = text.replace(CUT, '');
  const whole = teaser(`${words} ${'x'.repeat(MAX_DECK_LENGTH)}`, words.length);
  return whole.endsWith('…') ? `${words}…` : whole;
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Is a summary only where the piece begins? Content systems cut those by themselves, often inside a sentence. */
function isBeginning(summary: string, body: string): boolean {
  const start = lettersOf(summary.slice(0, 400).replace(CUT, '')).slice(0, 160);
  return start.length >= 30 && lettersOf(body.slice(0, 1_000)).startsWith(start);
}

/** Names of people: no "By", no addresses, nobody twice. */
export function authorsOf(names: (string | undefined)[]): string[] {
  const clean = names
    .map((name) => plain(name, 300).replace(/^(by|von|par|por)\s+/i, ''))
    .map((name) => /^\S+@\S+\s+\((.+)\)$/.exec(name)?.[1] ?? name)
    .flatMap(peopleIn)
    .filter((name) => name !== '' && !/^https?:/i.test(name));
  // An address stands for somebody only where nobody has a name.
  const named = clean.filter((name) => !name.includes('@'));
  const people = named.length > 0 ? named : clean;
  return [...new Map(people.map((name) => [name.toLowerCase(), name])).values()].slice(0, MAX_AUTHORS);
}

/** First and last name, and what may stand between them. */
const PERSON =
  /^\p{Lu}[\p{L}.'’-]*(\s+(de|del|della|di|da|van|von|der|den|la|le|bin|ibn|al|el|\p{Lu}[\p{L}.'’-]*)){1,4}$/u;

/** "A B, C D and E F" are three people; "Jong, Michiel de" is one, and so is the "Center for Arms and Disarmament". */
export function peopleIn(byline: string): string[] {
  if (byline.includes('(')) return [byline];
  const parts = byline.split(/,\s+and\s+|,\s+|\s+(?:and|&|et|y|und)\s+/i);
  return parts.length > 1 && parts.every((part) => PERSON.test(part.trim()))
    ? parts.map((part) => part.trim())
    : [byline];
}

const ZONES: Record<string, string> = {
  ut: 'GMT',
  utc: 'GMT',
  z: 'GMT',
  bst: '+0100',
  cet: '+0100',
  cest: '+0200',
  eet: '+0200',
  eest: '+0300',
  ist: '+0530',
  jst: '+0900',
  aest: '+1000',
  aedt: '+1100',
};
const MONTH = /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;
const FIRST_YEAR = 1900;
const LAST_YEAR = 2200;

/** Dates of RFC 822 and RFC 3339, and what people write instead; without a zone they are UTC. No date beyond a calendar's. */
export function dateOf(text: string | undefined): Date | undefined {
  const tidy = (text ?? '').trim().replace(/\s+/g, ' ').slice(0, 100);
  const form = /^\d{4}-\d\d/.test(tidy) ? isoForm(tidy) : wordForm(tidy);
  const date = form === undefined ? undefined : new Date(form);
  if (date === undefined || Number.isNaN(date.getTime())) return undefined;
  const year = date.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? date : undefined;
}

function isoForm(text: string): string {
  const [, date = '', time, zone] = /^([\d-]+)(?:[T ]([\d:.]+) ?(.*))?$/i.exec(text) ?? [];
  if (time === undefined) return date;
  const offset = /^[+-]\d\d$/.test(zone ?? '') ? `${zone}:00` : zone;
  const seconds = time.replace(/(\.\d{3})\d+/, '$1');
  return `${date}T${seconds}${offset === '' || /^(utc|gmt)$/i.test(offset ?? '') ? 'Z' : offset?.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`;
}

function wordForm(text: string): string | undefined {
  if (!MONTH.test(text) && !/^\d{1,2}\/\d{1,2}\/\d{4}/.test(text)) return undefined;
  const named = text.replace(/\b([A-Za-z]{1,4})$/, (zone) => ZONES[zone.toLowerCase()] ?? zone);
  const hasZone = /([+-]\d\d:?\d\d|\b(GMT|[ECMP][SD]T))(\s*\(.*\))?$/i.test(named);
  return hasZone ? named : `${named} GMT`;
}

export function languageOf(tag: string | null | undefined): string {
  const clean = (tag ?? '').trim().replaceAll('_', '-');
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(clean) ? clean : '';
}

const RETRACTED = /^\W*(retracted|retraction( note)?|withdrawn)\s*[:\]|—–]/i;

/** A headline that takes the piece back. */
export function isRetraction(title: string): boolean {
  return RETRACTED.test(title);
}

const CORRECTION =
  /^\W*(corrections?|clarification)( appended)?(\s*\([^)]{1,40}\)|,? \p{Lu}\p{L}+\.? \d{1,2}(, \d{4})?)?\s*[:—–]|\b(this (article|story|piece|post|report) (has been|was) (corrected|amended)|an earlier version of this (article|story|piece|post|report|headline))\b/iu;

/** The paragraph that says what was corrected; it stands at the head or the foot. */
function correctionIn(text: string): string {
  const paragraphs = text.split('\n');
  const ends = paragraphs.length <= 16 ? paragraphs : [...paragraphs.slice(0, 8), ...paragraphs.slice(-8)];
  const found = ends.find((paragraph) => paragraph.length > 20 && CORRECTION.test(paragraph.slice(0, 400)));
  return found === undefined ? '' : teaser(found, 400);
}
