import { recordAct } from '../audit/index.ts';
import {
  type Edition,
  type EditionContent,
  insertRevision,
  nextRevision,
  readContent,
  withdrawApproval,
} from '../editions/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { getEdition } from './find.ts';
import type { Newsroom } from './newsroom.ts';

export interface Revised {
  edition: Edition;
  content: EditionContent;
  /** True where it had been approved: it wants a new approval. */
  approvalWithdrawn: boolean;
  /** When it would have gone out: it has to be scheduled again. */
  scheduleDropped: Date | null;
}

/**
 * Changes what an editor writes in an edition, as a new revision; an approval of the old one is withdrawn with it. Throws
 * `state-refused` where it has gone out or was cancelled.
 */
export async function reviseEdition(
  { db, clock }: Pick<Newsroom, 'db' | 'clock'>,
  editionId: number,
  change: Partial<Pick<EditionContent, 'subject' | 'preheader' | 'note'>>,
  by: string,
): Promise<Revised> {
  return db.transaction().execute(async (tx) => {
    const { releaseAt, state: stateBefore } = await getEdition(tx, editionId);
    const edition = await nextRevision(tx, editionId);
    if (edition === undefined) {
      const { state } = await getEdition(tx, editionId);
      throw new RoundupError('state-refused', `Edition ${editionId} is ${state} and cannot be changed any more.`);
    }
    const before = await readContent(tx, { id: editionId, revision: edition.revision - 1 });
    const content = { ...before, ...change };
    await insertRevision(tx, edition, content, by, clock.now());
    const approvalWithdrawn = await withdrawApproval(tx, editionId, clock.now());
    await recordAct(tx, {
      actor: by,
      act: 'edition revised',
      subject: `edition ${editionId}`,
      detail: { revision: edition.revision, changed: Object.keys(change), approvalWithdrawn },
    });
    return { edition, content, approvalWithdrawn, scheduleDropped: stateBefore === 'scheduled' ? releaseAt : null };
  });
}
