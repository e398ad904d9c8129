import { DAY_MS } from '../../lib/time.ts';
import type { Piece } from '../../pieces/index.ts';
import type { SectionSettings } from '../newsletter.ts';

// What a section takes, and in which order.

export type Rule = SectionSettings['rule'];

export interface Candidate extends Piece {
  /** When it counts as published: at the end of its embargo. */
  outAt: Date;
  /** The names of all that have brought it, its own first. */
  sources: string[];
}

export function meets(rule: Rule, piece: Candidate, now: Date): boolean {
  return meetsButForAge(rule, piece) && isYoungEnough(rule, piece, now);
}

export function meetsButForAge(rule: Rule, piece: Candidate): boolean {
  return (
    has(rule.kinds, [piece.kind]) &&
    has(rule.regions, [piece.region]) &&
    has(rule.sources, piece.sources) &&
    has(rule.tags, piece.tags) &&
    has(rule.authors, piece.authors) &&
    hasWord(rule.titleWords, piece.title)
  );
}

function isYoungEnough({ maxAgeDays }: Rule, { outAt }: Candidate, now: Date): boolean {
  return maxAgeDays === undefined || now.getTime() - outAt.getTime() <= maxAgeDays * DAY_MS;
}

function has(wanted: string[] | undefined, values: string[]): boolean {
  if (wanted === undefined) return true;
  const lower = new Set(values.map((value) => value.toLowerCase()));
  return wanted.some((word) => lower.has(word.toLowerCase()));
}

/** Whole words, or several in a row, whatever their case. */
function hasWord(wanted: string[] | undefined, title: string): boolean {
  if (wanted === undefined) return true;
  return wanted.some((word) => spaced(title).includes(spaced(word)));
}

function spaced(text: string): string {
  const words = text.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return ` ${words.filter((word) => word !== '').join(' ')} `;
}

type Compare = (a: Candidate, b: Candidate) => number;

const newest: Compare = (a, b) => b.outAt.getTime() - a.outAt.getTime() || a.id - b.id;

const ORDERS: Record<SectionSettings['order'], Compare> = {
  newest,
  oldest: (a, b) => a.outAt.getTime() - b.outAt.getTime() || a.id - b.id,
  longest: (a, b) => b.readingMinutes - a.readingMinutes || newest(a, b),
  shortest: (a, b) => (a.readingMinutes || Infinity) - (b.readingMinutes || Infinity) || newest(a, b),
};

/** A lead's order looks at its criteria first. */
export function orderOf(section: SectionSettings): Compare {
  const inOrder = ORDERS[section.order];
  if (section.layout !== 'lead') return inOrder;
  return (a, b) => {
    for (const criterion of section.criteria) {
      const difference = scoreOf(criterion, b, section) - scoreOf(criterion, a, section);
      if (difference !== 0) return difference;
    }
    return inOrder(a, b);
  };
}

const LONG_MINUTES = 4;

export function scoreOf(
  criterion: SectionSettings['criteria'][number],
  piece: Candidate,
  section: SectionSettings,
): number {
  switch (criterion) {
    case 'photo':
      return Number(piece.image !== null);
    case 'deck':
      return Number(piece.deck !== '');
    case 'byline':
      return Number(piece.authors.length > 0);
    case 'long':
      return Number(piece.readingMinutes >= LONG_MINUTES);
    case 'kind': {
      // The rule's kinds are in the order of their weight.
      const kinds = (section.rule.kinds ?? []).map((kind) => kind.toLowerCase());
      const at = kinds.indexOf(piece.kind.toLowerCase());
      return at < 0 ? 0 : kinds.length - at;
    }
  }
}
