import { counted, shorten } from '../../lib/text.ts';
import { shortDateTime } from '../../lib/time.ts';
import type { Mark, Piece } from '../../pieces/index.ts';
import type { Choice, ChoiceCode } from '../edition.ts';
import type { SectionSettings } from '../newsletter.ts';
import { type Candidate, scoreOf } from './rules.ts';

// Why a piece is in or out, as a sentence.

export function chosen(piece: Piece, code: ChoiceCode, sentence: string): Choice {
  return { pieceId: piece.id, included: true, code, sentence };
}

export function left(piece: Piece, code: ChoiceCode, sentence: string): Choice {
  return { pieceId: piece.id, included: false, code, sentence };
}

export function titled({ title }: Pick<Piece, 'title'>): string {
  return `“${shorten(title, 70)}”`;
}

export function nameOf(section: Pick<SectionSettings, 'title' | 'key'>): string {
  return section.title === '' ? `the ${section.key}` : `“${section.title}”`;
}

export function kindOf(piece: Pick<Piece, 'kind'>): string {
  return piece.kind === '' ? 'piece' : piece.kind;
}

const HAS: Record<SectionSettings['criteria'][number], string> = {
  photo: 'a photo',
  deck: 'a deck',
  byline: 'a byline',
  long: 'some length',
  kind: '',
};

const SUPERLATIVE: Record<SectionSettings['order'], string> = {
  newest: 'newest',
  oldest: 'oldest',
  longest: 'longest',
  shortest: 'shortest',
};

/** Why a piece is in a section whose rule it meets. */
export function byRule(section: SectionSettings, piece: Candidate, place: number): Choice {
  return section.layout === 'lead' ? leads(section, piece) : inSection(section, piece, place);
}

function leads(section: SectionSettings, piece: Candidate): Choice {
  const has = section.criteria
    .filter((one) => HAS[one] !== '' && scoreOf(one, piece, section) > 0)
    .map((one) => HAS[one]);
  const why = has.length === 0 ? '' : `with ${listed(has)} `;
  return chosen(piece, 'lead', `The ${SUPERLATIVE[section.order]} ${kindOf(piece)} ${why}leads.`);
}

export function inSection(section: SectionSettings, piece: Candidate, place: number): Choice {
  const sentence = `Number ${place} of ${section.max} in ${nameOf(section)}, ${SUPERLATIVE[section.order]} first.`;
  return chosen(piece, 'in-section', sentence);
}

export function filledUp(section: SectionSettings, piece: Candidate): Choice {
  return chosen(
    piece,
    'filled-up',
    `Fills up ${nameOf(section)}, which wants ${section.min} and had fewer of its own.`,
  );
}

export function markedOut(piece: Candidate, mark: Mark): Choice {
  if (mark.mark === 'never') return left(piece, 'never', `${mark.madeBy} said never to run it.`);
  return left(piece, 'held', `${mark.madeBy} held it for the next edition.`);
}

export function embargoed(piece: Candidate, timeZone: string): Choice {
  return left(piece, 'embargoed', `It is under embargo until ${shortDateTime(piece.outAt, timeZone)}.`);
}

export function noRoom(piece: Candidate, fitting: SectionSettings[]): Choice {
  const rooms = fitting.map((section) => `${nameOf(section)} (${counted(section.max, 'piece')})`);
  const isByAge = fitting.every(({ order }) => order === 'newest');
  return left(piece, 'section-full', `${isByAge ? 'Newer' : 'Other'} pieces fill ${listed(rooms)}.`);
}

export function noSection(piece: Candidate): Choice {
  const what = piece.kind === '' ? 'It says no kind' : `It is ${kindOf(piece)}`;
  return left(piece, 'no-section', `${what}, and no section takes that.`);
}

export function listed(words: string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
