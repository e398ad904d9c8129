import { counted, shorten } from '../lib/text.ts';
import type { Piece } from '../pieces/index.ts';
import type { Choice, EditionContent, EditionPiece, EditionSection } from './edition.ts';
import type { SectionSettings } from './newsletter.ts';

// Proposes an edition. Sections are filled in their order, each with the newest pieces that meet its rule and that no section
// before it took; a lead is looked for among those with a photo and a deck first. The same input gives the same edition.
// Every piece that was looked at gets a choice: in or out, with a code and a sentence.

export interface ComposeInput {
  sections: SectionSettings[];
  /** The pieces of the window, in any order. */
  pieces: Piece[];
  /** Which edition's number ran a piece before, by piece id. */
  ranIn: ReadonlyMap<number, number>;
  /** Source names by id, for rules that name sources. */
  sourceNames: ReadonlyMap<number, string>;
}

export interface Composition {
  content: EditionContent;
  choices: Choice[];
  /** How many pieces the edition runs. */
  size: number;
}

export function compose(input: ComposeInput): Composition {
  const ordered = input.pieces.toSorted((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || a.id - b.id);
  const choices = new Map<number, Choice>();
  for (const piece of ordered) {
    const number = input.ranIn.get(piece.id);
    if (number !== undefined) choices.set(piece.id, out(piece, 'ran-before', `It ran in edition ${number}.`));
  }
  const sections = input.sections.map((section) => fill(section, ordered, choices, input.sourceNames));
  for (const piece of ordered) {
    if (!choices.has(piece.id)) choices.set(piece.id, unplaced(piece, input));
  }
  const filled = sections.filter((section) => section.pieces.length > 0);
  const content = { ...titlesOf(filled), note: '', sections: filled };
  const size = filled.reduce((sum, section) => sum + section.pieces.length, 0);
  return { content, choices: [...choices.values()], size };
}

function fill(
  section: SectionSettings,
  ordered: Piece[],
  choices: Map<number, Choice>,
  sourceNames: ReadonlyMap<number, string>,
): EditionSection {
  const free = ordered.filter((piece) => !choices.has(piece.id) && meets(section, piece, sourceNames));
  const ranked = section.layout === 'lead' ? leadsFirst(free) : free;
  const taken = ranked.slice(0, section.max);
  for (const [index, piece] of taken.entries()) choices.set(piece.id, included(section, piece, index));
  return { key: section.key, title: section.title, layout: section.layout, pieces: taken.map(toEditionPiece) };
}

/** A lead wants a photo and a deck; among those that have both, and among those that do not, the newest comes first. */
function leadsFirst(pieces: Piece[]): Piece[] {
  return [...pieces.filter(isComplete), ...pieces.filter((piece) => !isComplete(piece))];
}

function isComplete(piece: Piece): boolean {
  return piece.image !== null && piece.deck !== '';
}

function meets({ rule }: SectionSettings, piece: Piece, sourceNames: ReadonlyMap<number, string>): boolean {
  return (
    has(rule.kinds, [piece.kind]) &&
    has(rule.regions, [piece.region]) &&
    has(rule.sources, [sourceNames.get(piece.sourceId) ?? '']) &&
    has(rule.tags, piece.tags)
  );
}

function has(wanted: string[] | undefined, values: string[]): boolean {
  if (wanted === undefined) return true;
  const lower = new Set(values.map((value) => value.toLowerCase()));
  return wanted.some((word) => lower.has(word.toLowerCase()));
}

function included(section: SectionSettings, piece: Piece, index: number): Choice {
  if (section.layout === 'lead') {
    const why = isComplete(piece) ? 'with a photo and a deck ' : '';
    return { pieceId: piece.id, included: true, code: 'lead', sentence: `The newest ${kindOf(piece)} ${why}leads.` };
  }
  const sentence = `Number ${index + 1} of ${section.max} in ${nameOf(section)}, newest first.`;
  return { pieceId: piece.id, included: true, code: 'in-section', sentence };
}

function unplaced(piece: Piece, input: ComposeInput): Choice {
  const fitting = input.sections.filter((section) => meets(section, piece, input.sourceNames));
  const last = fitting.at(-1);
  if (last === undefined) {
    const what = piece.kind === '' ? 'It says no kind' : `It is ${kindOf(piece)}`;
    return out(piece, 'no-section', `${what}, and no section takes that.`);
  }
  const rooms = fitting.map((section) => `${nameOf(section)} (${counted(section.max, 'piece')})`);
  return out(piece, 'section-full', `Newer pieces fill ${rooms.join(' and ')}.`);
}

function out(piece: Piece, code: Choice['code'], sentence: string): Choice {
  return { pieceId: piece.id, included: false, code, sentence };
}

function nameOf(section: SectionSettings): string {
  return section.title === '' ? `the ${section.key}` : `“${section.title}”`;
}

function kindOf(piece: Piece): string {
  return piece.kind === '' ? 'piece' : piece.kind;
}

/** The lead's headline is the subject, the next ones are what the inbox shows after it. */
function titlesOf(sections: EditionSection[]): { subject: string; preheader: string } {
  const [lead, ...others] = sections.flatMap((section) => section.pieces);
  const more = others.slice(0, 2).map((piece) => shorten(piece.title, 70));
  return {
    subject: lead?.title ?? '',
    preheader: more.length === 0 ? (lead?.deck ?? '') : `Plus: ${more.join(' · ')}`,
  };
}

function toEditionPiece(piece: Piece): EditionPiece {
  const { url, title, deck, kind, region, authors, image, readingMinutes, language } = piece;
  return { pieceId: piece.id, url, title, deck, kind, region, authors, image, readingMinutes, language };
}
