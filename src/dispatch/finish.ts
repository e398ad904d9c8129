import { recordAct } from '../audit/index.ts';
import { type Edition, moveEdition } from '../editions/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { announce } from '../webhooks/index.ts';
import { isFinished } from './batches.ts';
import { sumsOf } from './sums.ts';

/** Moves an edition to `sent` if nobody is left to be reached; undefined where it was not for us to do so. */
export async function finishIfDone(
  db: Database,
  editionId: number,
  resend: boolean,
  clock: Clock,
): Promise<Edition | undefined> {
  if (!(await isFinished(db, editionId, resend))) return undefined;
  return db.transaction().execute(async (tx) => {
    const sent = await moveEdition(tx, editionId, ['sending'], 'sent', { finishedAt: clock.now() });
    if (sent === undefined) return undefined;
    const { newsletterId, number } = sent;
    const sums = await sumsOf(tx, editionId);
    await recordAct(tx, { actor: 'dispatch', act: 'edition sent', subject: `edition ${editionId}`, detail: { sums } });
    await announce(tx, { type: 'edition.sent', newsletterId, data: { editionId, newsletterId, number, sums } });
    return sent;
  });
}
