import { bindProposal, keepProposal, piecesOf, readProposal, recompose, saveChoices } from '../editions/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { poolFor, windowOf } from './pool.ts';
import { type Revised, changeEdition } from './revise.ts';

/**
 * Composes an edition again with the news that has come in since, and keeps everything that an editor has done to it. Throws
 * `state-refused` where the composer did not make it.
 */
export function recomposeEdition(
  parts: Pick<Newsroom, 'db' | 'clock'>,
  editionId: number,
  by: string,
): Promise<Revised> {
  return changeEdition(parts, editionId, by, async ({ tx, edition, newsletter, content }) => {
    const proposed = await readProposal(tx, editionId);
    if (proposed === undefined) {
      throw new RoundupError('state-refused', `Edition ${editionId} was not composed from the pool.`, {
        hint: `Change it with: roundup edition edit ${editionId}`,
      });
    }
    const pieceIds = piecesOf(content).map(({ pieceId }) => pieceId);
    const window = windowOf(edition, newsletter, parts.clock.now());
    const input = await poolFor(tx, newsletter, window, { id: editionId, number: edition.number, pieceIds });
    const again = recompose(proposed, content, input);
    await bindProposal(tx, { id: editionId, revision: edition.revision - 1 });
    await keepProposal(tx, editionId, again.proposed);
    await saveChoices(tx, editionId, again.composition.choices);
    return { content: again.content, change: 'composed again' };
  });
}
