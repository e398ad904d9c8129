import { recordAct } from '../audit/index.ts';
import { type Approval, type Edition, insertApproval, moveEdition } from '../editions/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Finding } from '../preflight/index.ts';
import { insertRendition } from '../dispatch/index.ts';
import { getEdition } from './find.ts';
import { fetchEditionImages } from './images.ts';
import type { Newsroom } from './newsroom.ts';
import { renderNow } from './render.ts';

export interface Approved {
  approval: Approval;
  /** Warnings and notes that stood at the approval. */
  findings: Finding[];
}

/**
 * Approves an edition as it is now: renders it, checks it, and binds the approval to the hash of what readers will get. The
 * very stencil that was approved is kept and sent. Throws `preflight-failed` on an error and `state-refused` where the
 * edition is past being approved. `unlessFound`: any finding counts as an error.
 */
export async function approveEdition(
  newsroom: Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys' | 'baseUrl'>,
  editionId: number,
  by: string,
  { unlessFound = false } = {},
): Promise<Approved> {
  const { db, clock } = newsroom;
  await fetchEditionImages(newsroom, editionId);
  const before = await getEdition(db, editionId);
  const { edition, rendered, hash, stencil, findings } = await renderNow(newsroom, before);
  const errors = findings.filter((finding) => unlessFound || finding.level === 'error');
  if (errors.length > 0) {
    throw new RoundupError(
      'preflight-failed',
      `Edition ${editionId} cannot be approved:\n${errors.map(({ sentence }) => `  ${sentence}`).join('\n')}`,
    );
  }
  const approval = { editionId, revision: edition.revision, hash, approvedBy: by, approvedAt: clock.now() };
  await db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['draft', 'in_review'], 'approved', { revision: edition.revision });
    if (moved === undefined) {
      throw refusal(await getEdition(tx, editionId), edition.revision);
    }
    await insertRendition(tx, {
      editionId,
      hash,
      subject: rendered.subject,
      html: rendered.html,
      text: rendered.text,
      stencil,
      madeAt: approval.approvedAt,
    });
    await insertApproval(tx, approval);
    await recordAct(tx, { actor: by, act: 'edition approved', subject: `edition ${editionId}`, detail: { hash } });
  });
  return { approval, findings };
}

function refusal({ id, state, revision }: Edition, seen: number): RoundupError {
  if (revision !== seen) {
    return new RoundupError(
      'state-refused',
      `Edition ${id} was changed meanwhile: it is at revision ${revision} now.`,
      {
        hint: `Look at it again with: roundup edition preview ${id}`,
      },
    );
  }
  return new RoundupError('state-refused', `Edition ${id} is ${state.replace('_', ' ')} and cannot be approved again.`);
}
