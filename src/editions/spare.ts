import type { EditionContent, EditionPiece } from './edition.ts';
import { withPiecesOf } from './blocks.ts';
import { piecesOf } from './edit.ts';
import { titlesOf } from './compose/index.ts';

/**
 * An edition without some of its pieces, for readers who have had them. Where the lead is among them the first of the cards,
 * else of the rest, leads; a subject that was the lead's headline is the new one's.
 */
export function withoutPieces(content: EditionContent, spared: ReadonlySet<number>): EditionContent {
  const left = content.sections.map((section) =>
    withPiecesOf(
      section,
      section.pieces.filter(({ pieceId }) => !spared.has(pieceId)),
    ),
  );
  const lead = left.find(
    ({ layout, pieces }, at) => layout === 'lead' && pieces.length === 0 && content.sections[at]?.pieces.length,
  );
  const promoted =
    lead === undefined
      ? undefined
      : nextLead(left.flatMap(({ layout, pieces }) => (layout === 'shorts' ? [] : pieces)));
  const sections = left
    .map((section) =>
      withPiecesOf(
        section,
        section === lead && promoted !== undefined ? [promoted] : section.pieces.filter((piece) => piece !== promoted),
      ),
    )
    .filter(({ pieces, blocks = [] }) => pieces.length > 0 || blocks.length > 0);
  const before = titlesOf(content.sections);
  const after = titlesOf(sections);
  return {
    ...content,
    subject: content.subject === before.subject ? after.subject : content.subject,
    preheader: content.preheader === before.preheader ? after.preheader : content.preheader,
    sections,
  };
}

function nextLead(pieces: EditionPiece[]): EditionPiece | undefined {
  return pieces.find(({ image, deck }) => image !== null && deck !== '') ?? pieces[0];
}

/** One set of readers: those who have had these of the other editions, and the pieces that they are spared. */
export interface Spared {
  spares: number[];
  /** Bits, in the order of the other editions. */
  masks: number[];
}

/** Every set of readers that the other editions can make, but those for whom too little would be left. */
export function sparedSets(content: EditionContent, shared: number[][], minimumPieces: number): Spared[] {
  const count = piecesOf(content).length;
  const sets = new Map<string, Spared>();
  for (let mask = 1; mask < 2 ** shared.length; mask++) {
    const spares = [...new Set(shared.filter((_, bit) => (mask & (1 << bit)) !== 0).flat())].toSorted((a, b) => a - b);
    if (spares.length === 0 || count - spares.length < minimumPieces) continue;
    const key = spares.join();
    sets.set(key, { spares, masks: [...(sets.get(key)?.masks ?? []), mask] });
  }
  return [...sets.values()];
}
