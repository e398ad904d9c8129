import { z } from 'zod';
import {
  type EditionContent,
  type EditionPiece,
  type PieceTexts,
  editPiece,
  piecesOf,
} from '../../../editions/index.ts';
import { withoutCr } from '../forms.ts';

// What is typed into an edition's page: the texts of the whole, and a piece's words for this edition.

const MOST_NOTE = 20_000;

export const line = (most: number) => z.string().trim().max(most);

export const textsForm = z
  .object({
    subject: line(300).min(1, 'A mail has a subject.'),
    preheader: line(300),
    note: z.string().max(MOST_NOTE),
  })
  .transform((texts) => ({ ...texts, note: withoutCr(texts.note).trim() }));

const wordsForm = z.object({
  title: line(500).min(1, 'A piece has a headline.'),
  deck: line(2_000),
  kind: line(100),
  region: line(100),
  authors: line(1_000),
  alt: line(1_000).optional(),
  credit: line(500).optional(),
});

/** A piece's words as its form has them. Throws what zod does. */
export function wordsOf(fields: Record<string, string>, before: EditionPiece): Partial<PieceTexts> {
  const { alt, credit, authors, deck, ...texts } = wordsForm.parse(fields);
  const { image } = before;
  // A byline with a comma in it is one, for as long as nobody writes over it.
  const names = authors === before.authors.join(', ') ? before.authors : authors.split(',').map((name) => name.trim());
  return {
    ...texts,
    deck: withoutCr(deck),
    authors: names.filter(Boolean),
    ...(image === null ? {} : { image: { ...image, alt: alt ?? image.alt, credit: credit ?? image.credit } }),
  };
}

/**
 * An edition as it would be with what stands in its forms: `subject`, `preheader`, `note`, and a piece's words as `piece-<id>-<field>`. What is
 * not yet as it may be, such as a headline without a letter, stays what it was.
 */
export function asTyped(content: EditionContent, fields: Record<string, string>): EditionContent {
  const { subject = '', preheader = '', note = '' } = fields;
  const texts = { subject: subject.slice(0, 300), preheader: preheader.slice(0, 300), note: note.slice(0, MOST_NOTE) };
  return piecesOf(content).reduce((sofar, piece) => withWords(sofar, piece, fields), { ...content, ...texts });
}

function withWords(content: EditionContent, piece: EditionPiece, fields: Record<string, string>): EditionContent {
  const prefix = `piece-${piece.pieceId}-`;
  const own = Object.entries(fields).filter(([name]) => name.startsWith(prefix));
  if (own.length === 0) return content;
  try {
    const words = wordsOf(Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])), piece);
    return editPiece(content, piece.pieceId, words);
  } catch (error) {
    if (error instanceof z.ZodError) return content;
    throw error;
  }
}
