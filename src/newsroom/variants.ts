import {
  type Edition,
  type EditionContent,
  type Newsletter,
  editionsSharing,
  piecesOf,
  sparedSets,
  withoutPieces,
} from '../editions/index.ts';
import { maskOf } from '../dispatch/index.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Newsroom } from './newsroom.ts';

// Readers of two newsletters can be spared what one of them has brought already. Each set of such readers gets a variant of the
// edition, rendered and approved with it; the last weeks' editions that share most with it make the sets, three at most.

const MOST_OTHERS = 3;
const RECENT_DAYS = 60;

export interface VariantContent {
  content: EditionContent;
  spares: number[];
  masks: number[];
}

export interface Variants {
  /** Editions of other newsletters that share pieces with this one. */
  others: number[];
  variants: VariantContent[];
}

/** What one reader would get: without the pieces that other newsletters have brought them; the whole edition for most. */
export async function contentFor(
  parts: Pick<Newsroom, 'db' | 'clock'>,
  edition: Edition,
  { newsletter, content }: { newsletter: Newsletter; content: EditionContent },
  subscriberId: number,
): Promise<EditionContent> {
  const { others, variants } = await variantsOf(parts, edition, newsletter, content);
  if (variants.length === 0) return content;
  const mask = await maskOf(parts.db, others, subscriberId);
  return variants.find(({ masks }) => masks.includes(mask))?.content ?? content;
}

/** None where the newsletter does not spare its readers anything, which is the rule. */
export async function variantsOf(
  { db, clock }: Pick<Newsroom, 'db' | 'clock'>,
  edition: Edition,
  newsletter: Newsletter,
  content: EditionContent,
): Promise<Variants> {
  if (!newsletter.sparesRepeats || edition.correctsEditionId !== null) return { others: [], variants: [] };
  const since = new Date(clock.now().getTime() - RECENT_DAYS * DAY_MS);
  const ids = piecesOf(content).map(({ pieceId }) => pieceId);
  const sharing = await editionsSharing(db, newsletter.id, ids, { since, limit: MOST_OTHERS });
  const sets = sparedSets(
    content,
    sharing.map(({ shared }) => shared),
    newsletter.minimumPieces,
  );
  return {
    others: sharing.map(({ editionId }) => editionId),
    variants: sets.map((set) => ({ ...set, content: withoutPieces(content, new Set(set.spares)) })),
  };
}
