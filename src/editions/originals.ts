import type { Piece } from '../pieces/index.ts';
import type { PieceTexts } from './edit.ts';
import type { EditionPiece } from './edition.ts';

// What the pool says of a piece where an edition says something else, and the way back to it, one thing at a time.

export const WRITTEN_FIELDS = ['title', 'deck', 'kind', 'region', 'authors', 'image', 'alt', 'credit', 'crop'] as const;
export type WrittenField = (typeof WRITTEN_FIELDS)[number];

type Original = Pick<Piece, 'title' | 'deck' | 'kind' | 'region' | 'authors' | 'image'>;

export interface WrittenOver {
  field: WrittenField;
  /** What it was, as text; empty where there was nothing. */
  original: string;
}

export function writtenOver(piece: EditionPiece, original: Original): WrittenOver[] {
  // Another photograph brings its own words.
  const isOther = fieldText(piece, 'image') !== fieldText(original, 'image');
  return WRITTEN_FIELDS.filter((field) => fieldText(piece, field) !== fieldText(original, field))
    .filter((field) => !isOther || !['alt', 'credit', 'crop'].includes(field))
    .map((field) => ({ field, original: fieldText(original, field) }));
}

/** What to write over a piece for one thing, or all of it, to be the original again. */
export function originalTexts(piece: EditionPiece, original: Original, field?: WrittenField): Partial<PieceTexts> {
  const { title, deck, kind, region, authors, image } = original;
  if (field === undefined) return { title, deck, kind, region, authors, image };
  if (field === 'image') return { image };
  if (field === 'alt' || field === 'credit' || field === 'crop') {
    if (piece.image === null) return {};
    const { crop, ...plain } = piece.image;
    return { image: field === 'crop' ? plain : { ...plain, ...(crop ? { crop } : {}), [field]: image?.[field] ?? '' } };
  }
  return { [field]: original[field] };
}

/** One thing that a piece says, as text; empty where it says nothing of the kind. */
export function fieldText(piece: EditionPiece | Original, field: WrittenField): string {
  const { image } = piece;
  switch (field) {
    case 'authors':
      return piece.authors.join(', ');
    case 'image':
      return image?.url ?? '';
    case 'alt':
    case 'credit':
      return image?.[field] ?? '';
    case 'crop':
      return image !== null && 'crop' in image && image.crop !== undefined ? JSON.stringify(image.crop) : '';
    default:
      return piece[field];
  }
}
