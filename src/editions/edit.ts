import { RoundupError } from '../platform/errors.ts';
import { shorten } from '../lib/text.ts';
import type { EditionContent, EditionPiece, EditionSection } from './edition.ts';
import { withPiecesOf } from './blocks.ts';
import type { SectionSettings } from './newsletter.ts';

// What editors do to an edition's content, each act as a function from one content to the next. Throws `input-invalid` where
// there is nothing to act on.

export type PieceTexts = Pick<EditionPiece, 'title' | 'deck' | 'kind' | 'region' | 'authors'> & {
  image: EditionPiece['image'];
};

export interface Place {
  section: string;
  /** From 1; at the end where it is not given. */
  position?: number | undefined;
}

export function piecesOf(content: EditionContent): EditionPiece[] {
  return content.sections.flatMap(({ pieces }) => pieces);
}

export function sectionWith(content: EditionContent, pieceId: number): EditionSection {
  const section = content.sections.find(({ pieces }) => pieces.some((piece) => piece.pieceId === pieceId));
  if (section !== undefined) return section;
  const there = piecesOf(content).map((piece) => `${piece.pieceId} ${shorten(piece.title, 40)}`);
  throw new RoundupError('input-invalid', `Piece ${pieceId} is not in this edition.`, {
    hint: `There are: ${there.join('; ')}`,
  });
}

/** A section that has run empty stays: its place is there for another piece. */
export function dropPiece(content: EditionContent, pieceId: number): EditionContent {
  const section = sectionWith(content, pieceId);
  return withPieces(
    content,
    section.key,
    section.pieces.filter((piece) => piece.pieceId !== pieceId),
  );
}

/** Into one of the newsletter's sections; one that the edition does not have yet comes in where the newsletter has it. */
export function addPiece(
  content: EditionContent,
  piece: EditionPiece,
  place: Place,
  settings: SectionSettings[],
): EditionContent {
  if (piecesOf(content).some(({ pieceId }) => pieceId === piece.pieceId))
    throw new RoundupError('input-invalid', `“${shorten(piece.title, 60)}” is in this edition already.`);
  const opened = openSection(content, place.section, settings);
  const { pieces } = opened.sections.find(({ key }) => key === place.section) as EditionSection;
  const at = Math.min(Math.max((place.position ?? pieces.length + 1) - 1, 0), pieces.length);
  return withPieces(opened, place.section, pieces.toSpliced(at, 0, piece));
}

export function movePiece(
  content: EditionContent,
  pieceId: number,
  place: Place,
  settings: SectionSettings[],
): EditionContent {
  const piece = sectionWith(content, pieceId).pieces.find((one) => one.pieceId === pieceId) as EditionPiece;
  return addPiece(dropPiece(content, pieceId), piece, place, settings);
}

/** Changes a piece's words for this edition alone. */
export function editPiece(content: EditionContent, pieceId: number, texts: Partial<PieceTexts>): EditionContent {
  const section = sectionWith(content, pieceId);
  const pieces = section.pieces.map((piece) => (piece.pieceId === pieceId ? { ...piece, ...texts } : piece));
  return withPieces(content, section.key, pieces);
}

function withPieces(content: EditionContent, key: string, pieces: EditionPiece[]): EditionContent {
  return { ...content, sections: content.sections.map((one) => (one.key === key ? withPiecesOf(one, pieces) : one)) };
}

/** The content with that section, where the newsletter has it. */
export function openSection(content: EditionContent, key: string, settings: SectionSettings[]): EditionContent {
  if (content.sections.some((section) => section.key === key)) return content;
  const wanted = settings.find((section) => section.key === key);
  if (wanted === undefined) {
    throw new RoundupError('input-invalid', `There is no section "${key}".`, {
      hint: `There are: ${settings.map((section) => section.key).join(', ')}`,
    });
  }
  const { title, layout } = wanted;
  const rank = (one: string) => settings.findIndex((section) => section.key === one);
  const after = content.sections.findLastIndex((section) => rank(section.key) < rank(key) && rank(section.key) >= 0);
  return { ...content, sections: content.sections.toSpliced(after + 1, 0, { key, title, layout, pieces: [] }) };
}
