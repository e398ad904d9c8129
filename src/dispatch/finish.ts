import { type Edition, moveEdition } from '../editions/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { isFinished } from './batches.ts';

/** Moves an edition to `sent` if nobody is left to be reached; undefined where it was not for us to do so. */
export async function finishIfDone(
  db: Database,
  editionId: number,
  resend: boolean,
  clock: Clock,
): Promise<Edition | undefined> {
  if (!(await isFinished(db, editionId, resend))) return undefined;
  return moveEdition(db, editionId, ['sending'], 'sent', { finishedAt: clock.now() });
}
