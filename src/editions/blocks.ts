import { z } from 'zod';
import { shorten } from '../lib/text.ts';
import { httpUrl } from '../lib/url.ts';
import { RoundupError } from '../platform/errors.ts';
import type { EditionContent, EditionPiece, EditionSection } from './edition.ts';

// What an editor puts between pieces: a note in Markdown, a button, a divider. A block stands in a section, after so many of its pieces.

const ADDRESS = z
  .string()
  .trim()
  .max(2_000)
  .refine((text) => httpUrl(text) !== undefined || /^mailto:[^\s@]+@[^\s@]+$/.test(text), {
    message: 'A button leads to an http, https or mailto address.',
  });
const id = z.string().regex(/^[a-z0-9]{1,40}$/, 'A block goes by 1 to 40 small letters and digits.');
/** How many of the section's pieces come before it. */
const after = z.int().min(0).max(500);

export const blockSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('note'),
    id,
    after,
    /** Markdown. */
    text: z.string().trim().min(1, 'A note says something.').max(20_000),
  }),
  z.strictObject({
    kind: z.literal('button'),
    id,
    after,
    label: z.string().trim().min(1, 'A button says what it does.').max(100),
    url: ADDRESS,
  }),
  z.strictObject({ kind: z.literal('divider'), id, after }),
]);

export type EditionBlock = z.infer<typeof blockSchema>;

const MOST_BLOCKS = 50;

export function blocksOf(content: EditionContent): EditionBlock[] {
  return content.sections.flatMap(({ blocks = [] }) => blocks);
}

/** A block in a few words. */
export function blockText(block: EditionBlock): string {
  if (block.kind === 'note') return `the note “${shorten(block.text, 60)}”`;
  return block.kind === 'button' ? `the button “${shorten(block.label, 60)}”` : 'a divider';
}

/** Puts a block into a section, or one that is there to another place, with other words. Throws `input-invalid`, `not-found`. */
export function putBlock(content: EditionContent, section: string, block: EditionBlock): EditionContent {
  if (content.sections.every(({ key }) => key !== section))
    throw new RoundupError('not-found', `The edition has no section "${section}".`, {
      hint: `There are: ${content.sections.map(({ key }) => key).join(', ')}`,
    });
  const inPlace = blocksIn(content, section).find(({ id, after }) => id === block.id && after === block.after);
  if (inPlace !== undefined) return withWords(content, block);
  const others = withoutBlock(content, block.id);
  if (blocksOf(others).length >= MOST_BLOCKS)
    throw new RoundupError('input-invalid', `An edition has at most ${MOST_BLOCKS} blocks.`);
  return {
    ...others,
    sections: others.sections.map((one) => (one.key === section ? withBlock(one, block) : one)),
  };
}

function blocksIn(content: EditionContent, section: string): EditionBlock[] {
  return content.sections.find(({ key }) => key === section)?.blocks ?? [];
}

/** Another block of the same id, where that one stands. */
function withWords(content: EditionContent, block: EditionBlock): EditionContent {
  const sections = content.sections.map((one) =>
    one.blocks === undefined ? one : { ...one, blocks: one.blocks.map((old) => (old.id === block.id ? block : old)) },
  );
  return { ...content, sections };
}

/** Throws `not-found`. */
export function dropBlock(content: EditionContent, blockId: string): EditionContent {
  findBlock(content, blockId);
  return withoutBlock(content, blockId);
}

/** Throws `not-found`. */
export function findBlock(content: EditionContent, blockId: string): { section: string; block: EditionBlock } {
  for (const { key, blocks = [] } of content.sections) {
    const block = blocks.find((one) => one.id === blockId);
    if (block !== undefined) return { section: key, block };
  }
  throw new RoundupError('not-found', `The edition has no block ${blockId}.`);
}

/** A section as a mail shows it: pieces in runs, with the blocks that stand before each run; the last run may have no pieces. */
export function runsOf<P>(
  { blocks = [] }: Pick<EditionSection, 'blocks'>,
  pieces: P[],
): { blocks: EditionBlock[]; pieces: P[] }[] {
  const cuts = [...new Set(blocks.map((block) => Math.min(block.after, pieces.length)))].toSorted((a, b) => a - b);
  const starts = cuts[0] === 0 ? cuts : [0, ...cuts];
  return starts.map((start, at) => ({
    blocks: blocks.filter((block) => Math.min(block.after, pieces.length) === start),
    pieces: pieces.slice(start, starts[at + 1] ?? pieces.length),
  }));
}

/** A section with other pieces: each block stays behind the last piece before it that is still there. */
export function withPiecesOf<S extends EditionSection>(section: S, pieces: EditionPiece[]): S {
  if (section.blocks === undefined) return { ...section, pieces };
  const places = new Map(pieces.map(({ pieceId }, at) => [pieceId, at + 1]));
  const blocks = section.blocks.map((block) => {
    const before = section.pieces.slice(0, block.after).map(({ pieceId }) => places.get(pieceId));
    return { ...block, after: before.findLast((place) => place !== undefined) ?? 0 };
  });
  return { ...section, pieces, blocks: blocks.toSorted((a, b) => a.after - b.after) };
}

function withBlock(section: EditionSection, block: EditionBlock): EditionSection {
  const placed = { ...block, after: Math.min(block.after, section.pieces.length) };
  const blocks = [...(section.blocks ?? []), placed];
  return { ...section, blocks: blocks.toSorted((a, b) => a.after - b.after) };
}

function withoutBlock(content: EditionContent, blockId: string): EditionContent {
  const sections = content.sections.map((section) => {
    if (section.blocks?.some((block) => block.id === blockId) !== true) return section;
    const { blocks, ...rest } = section;
    const left = blocks.filter((block) => block.id !== blockId);
    return left.length === 0 ? rest : { ...rest, blocks: left };
  });
  return { ...content, sections };
}
