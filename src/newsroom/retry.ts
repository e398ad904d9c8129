import { recordAct } from '../audit/index.ts';
import { type Again, nudgeDueBatches, planAgain } from '../dispatch/index.ts';
import { moveEdition } from '../editions/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

/**
 * Sends an edition once more to those whom it has not reached, by state and cause, and to nobody else; who has left meanwhile
 * is left out. Returns how many that are. Throws `state-refused` where it is not being sent and was not.
 */
export async function retryEdition(
  { db, clock, dispatchQueue }: Pick<Newsroom, 'db' | 'clock' | 'dispatchQueue'>,
  editionId: number,
  again: Again,
  by: string,
): Promise<number> {
  const count = await db.transaction().execute(async (tx) => {
    const { state, newsletterId } = await getEdition(tx, editionId);
    if (state !== 'sent' && state !== 'sending' && state !== 'paused') {
      throw new RoundupError(
        'state-refused',
        `Edition ${editionId} is ${state.replace('_', ' ')}: there is nobody to retry.`,
      );
    }
    const planned = await planAgain(tx, editionId, newsletterId, again);
    if (planned === 0) return 0;
    await moveEdition(tx, editionId, [state], state === 'sent' ? 'sending' : state, { retriedAt: clock.now() });
    await recordAct(tx, {
      actor: by,
      act: 'edition retried',
      subject: `edition ${editionId}`,
      detail: { ...again, readers: planned },
    });
    return planned;
  });
  if (count > 0) await nudgeDueBatches(db, dispatchQueue, editionId);
  return count;
}
