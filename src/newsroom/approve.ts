import {
  type Approval,
  type Edition,
  type EditionContent,
  type Newsletter,
  insertApproval,
  lastRevision,
  moveEdition,
} from '../editions/index.ts';
import { originNow } from '../audit/index.ts';
import { sha256 } from '../lib/hash.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Finding } from '../preflight/index.ts';
import { insertRendition, insertVariants } from '../dispatch/index.ts';
import { getEdition, otherRevision } from './find.ts';
import { fetchEditionImages, fetchImages } from './images.ts';
import type { Newsroom } from './newsroom.ts';
import { recordEditionAct } from './record.ts';
import { renderNow, renderVariant } from './render.ts';
import { variantsOf } from './variants.ts';

export interface Approved {
  approval: Approval;
  /** Warnings and notes that stood at the approval. */
  findings: Finding[];
}

/**
 * Approves an edition as it is now: renders it, checks it, and binds the approval to the hash of what readers will get. The
 * very stencil that was approved is kept and sent. Throws `preflight-failed` on an error and `state-refused` where the
 * edition is past being approved, `two-people-wanted` where the newsletter asks for two and the last change was the same
 * person's, `revision-changed` where it is at another revision than `ifRevision`. `unlessFound`: any finding counts as an error.
 * `ifHash`: what readers would get must be that. `isSeen`: where it is given, each warning must be one of which this is so; those are written down with the approval.
 */
export async function approveEdition(
  newsroom: Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys' | 'baseUrl' | 'unsubscribeAddress'>,
  editionId: number,
  by: string,
  {
    unlessFound = false,
    ifRevision,
    ifHash,
    isSeen,
  }: {
    unlessFound?: boolean;
    ifRevision?: number | undefined;
    ifHash?: string | undefined;
    isSeen?: (finding: Finding) => boolean;
  } = {},
): Promise<Approved> {
  const { db, clock } = newsroom;
  await fetchEditionImages(newsroom, editionId);
  const before = await getEdition(db, editionId);
  if (ifRevision !== undefined && before.revision !== ifRevision) throw otherRevision(before, ifRevision);
  const { edition, newsletter, content, rendered, hash, stencil, findings } = await renderNow(newsroom, before);
  if (ifHash !== undefined && hash !== ifHash)
    throw new RoundupError(
      'revision-changed',
      'The mail would not be what you have seen: its theme, its photographs or what the house is called changed. Look at it once more.',
    );
  if (newsletter.requiresTwoPeople) await requireAnother(db, edition, by);
  const errors = findings.filter((finding) => unlessFound || finding.level === 'error');
  if (errors.length > 0) {
    throw new RoundupError(
      'preflight-failed',
      `Edition ${editionId} cannot be approved:\n${errors.map(({ sentence }) => `  ${sentence}`).join('\n')}`,
    );
  }
  const warnings = findings.filter(({ level }) => level === 'warning');
  const unseen = isSeen === undefined ? [] : warnings.filter((finding) => !isSeen(finding));
  if (unseen.length > 0)
    throw new RoundupError(
      'preflight-failed',
      `Say that you have seen: ${unseen.map(({ sentence }) => sentence).join(' ')}`,
    );
  const { others, variants } = await renderVariants(newsroom, edition, newsletter, content);
  // One approval for the edition, for what is made of it, and for whom it is.
  const parts = [...variants.map((one) => one.hash), ...(content.audience ? [content.audience.filter] : [])];
  const bound = parts.length === 0 ? hash : sha256(hash, ...parts);
  const variantOf = Object.fromEntries(variants.flatMap(({ masks }, at) => masks.map((mask) => [mask, at + 1])));
  const made = { approvedBy: by, approvedAt: clock.now(), others, variantOf };
  const approval = { editionId, revision: edition.revision, hash: bound, ...made };
  await db.transaction().execute(async (tx) => {
    const moved = await moveEdition(tx, editionId, ['draft', 'in_review'], 'approved', { revision: edition.revision });
    if (moved === undefined) {
      throw refusal(await getEdition(tx, editionId), edition.revision);
    }
    const { subject, html, text } = rendered;
    await insertRendition(tx, { editionId, hash: bound, subject, html, text, stencil, madeAt: approval.approvedAt });
    await insertVariants(tx, editionId, bound, variants);
    await insertApproval(tx, approval);
    await recordEditionAct(tx, moved, {
      by,
      act: 'edition approved',
      event: 'edition.approved',
      detail: {
        hash: bound,
        variants: variants.length,
        ...(isSeen === undefined ? {} : { acknowledged: warnings.map(({ sentence }) => sentence) }),
      },
    });
  });
  return { approval, findings };
}

/** By account where there is one, by name at the command line. The composer is nobody. */
async function requireAnother(db: Database, edition: Edition, by: string): Promise<void> {
  const { madeBy, madeByAccount } = await lastRevision(db, edition);
  const mine = originNow()?.accountId ?? null;
  const isSame = madeByAccount !== null && mine !== null ? madeByAccount === mine : madeBy === by;
  if (!isSame) return;
  throw new RoundupError(
    'two-people-wanted',
    `You were the last to change edition ${edition.id}, and this newsletter wants a second person to approve it.`,
    { hint: 'Ask somebody else to look at it and approve it.' },
  );
}

/** What readers get who are spared pieces; their photographs, too, are fetched before it is bound. */
async function renderVariants(
  newsroom: Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys' | 'baseUrl' | 'unsubscribeAddress'>,
  edition: Edition,
  newsletter: Newsletter,
  content: EditionContent,
) {
  const { others, variants } = await variantsOf(newsroom, edition, newsletter, content);
  const rendered = [];
  for (const { content: own, spares, masks } of variants) {
    await fetchImages(newsroom, own);
    const { rendered: mail, hash, stencil } = await renderVariant(newsroom, edition, own);
    rendered.push({ spares, masks, hash, stencil, subject: mail.subject, html: mail.html, text: mail.text });
  }
  return { others, variants: rendered };
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
