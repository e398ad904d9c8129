import { z } from 'zod';
import {
  type EditionContent,
  type EditionPiece,
  type PieceTexts,
  editPiece,
  piecesOf,
  type EditionBlock,
  blockSchema,
  putBlock,
} from '../../../editions/index.ts';
import { withoutCr } from '../forms.ts';
import { randomId } from '../../../lib/ids.ts';
import { RoundupError } from '../../../platform/errors.ts';

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

const blockForm = z.object({
  section: line(40),
  kind: z.enum(['note', 'button', 'divider']),
  id: line(40).optional(),
  after: z.coerce.number().int().min(0).max(500),
  text: z.string().max(MOST_NOTE).optional(),
  label: line(100).optional(),
  url: line(2_000).optional(),
});

/** A block as its form has it, with an id of its own where it is new. Throws what zod does. */
export function blockIn(fields: Record<string, string>): { section: string; block: EditionBlock } {
  const { section, kind, id = randomId(12).toLowerCase(), after, text, label, url } = blockForm.parse(fields);
  const before = { id, after };
  const block =
    kind === 'note'
      ? { ...before, kind, text: withoutCr(text ?? '') }
      : kind === 'button'
        ? { ...before, kind, label, url }
        : { ...before, kind };
  return { section, block: blockSchema.parse(block) };
}

/**
 * An edition as it would be with what stands in its forms: `subject`, `preheader`, `note`, a piece's words as `piece-<id>-<field>`, and
 * blocks as `block-<n>-<field>`. What is not yet as it may be, such as a headline without a letter, stays what it was.
 */
export function asTyped(content: EditionContent, fields: Record<string, string>): EditionContent {
  const { subject = '', preheader = '', note = '' } = fields;
  const texts = { subject: subject.slice(0, 300), preheader: preheader.slice(0, 300), note: note.slice(0, MOST_NOTE) };
  const written = piecesOf(content).reduce((sofar, piece) => withWords(sofar, piece, fields), { ...content, ...texts });
  const blocks = new Set(Object.keys(fields).flatMap((name) => /^block-\d+-/.exec(name)?.[0] ?? []));
  return [...blocks].reduce((sofar, prefix) => withBlock(sofar, fieldsOf(fields, prefix)), written);
}

/** The fields whose names begin so, by the rest of their names. */
function fieldsOf(fields: Record<string, string>, prefix: string): Record<string, string> {
  const own = Object.entries(fields).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

function withBlock(content: EditionContent, fields: Record<string, string>): EditionContent {
  try {
    const { section, block } = blockIn(fields);
    return putBlock(content, section, block);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof RoundupError) return content;
    throw error;
  }
}

function withWords(content: EditionContent, piece: EditionPiece, fields: Record<string, string>): EditionContent {
  const own = fieldsOf(fields, `piece-${piece.pieceId}-`);
  if (Object.keys(own).length === 0) return content;
  try {
    return editPiece(content, piece.pieceId, wordsOf(own, piece));
  } catch (error) {
    if (error instanceof z.ZodError) return content;
    throw error;
  }
}
