import type { EditionContent, EditionPiece, EditionSection } from './edition.ts';
import { withPiecesOf } from './blocks.ts';
import { piecesOf } from './edit.ts';
import { titlesOf } from './compose/index.ts';

/**
 * An edition without some of its pieces, for readers who have had them. Where the lead is among them the first of the cards,
 * else of the rest, leads; a subject that was the lead's headline is the new one's.
 */
export function withoutPieces(content: EditionContent, spared: ReadonlySet<number>): EditionContent {
  const left = content.sections.map((section) => ({
    section,
    pieces: section.pieces.filter(({ pieceId }) => !spared.has(pieceId)),
  }));
  const lead = left.find(
    ({ section, pieces }) => section.layout === 'lead' && pieces.length === 0 && section.pieces.length > 0,
  );
  const promoted =
    lead === undefined
      ? undefined
      : nextLead(left.flatMap(({ section, pieces }) => (section.layout === 'shorts' ? [] : pieces)));
  const sections = left
    .map((one) => {
      if (one === lead && promoted !== undefined) return led(one.section, promoted);
      return withPiecesOf(
        one.section,
        one.pieces.filter((piece) => piece !== promoted),
      );
    })
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

/** Another piece leads in the place of the one that did: what stands behind that stands behind it. */
function led(section: EditionSection, piece: EditionPiece): EditionSection {
  const blocks = section.blocks?.map((block) => ({ ...block, after: Math.min(block.after, 1) }));
  return { ...section, pieces: [piece], ...(blocks === undefined ? {} : { blocks }) };
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
