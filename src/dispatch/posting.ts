import { type SigningKeys, signToken, signingWith } from '../lib/tokens.ts';
import { domainOf } from '../lib/addresses.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { dateText, mailboxValue } from '../platform/mime/index.ts';
import type { StuffedMessage } from '../platform/smtp/index.ts';
import { type Stencil, splice } from '../rendering/index.ts';
import { readerToken } from '../subscribers/index.ts';

// What a worker needs to know of an edition that is being sent: the approved stencil and what goes into its gaps.

export interface Posting {
  editionId: number;
  newsletterId: number;
  hash: string;
  stencil: Stencil;
  startedAt: Date;
  maxAgeHours: number;
  resendUncertain: boolean;
}

export interface Recipient {
  subscriberId: number;
  address: string;
  name: string;
}

/** Undefined where the edition is not being sent. */
export async function loadPosting(db: Database, editionId: number): Promise<Posting | undefined> {
  const { rows } = await sql<Posting>`
    select e.id as "editionId", e.newsletter_id as "newsletterId", a.hash, r.stencil, e.started_at as "startedAt",
      (n.settings->>'maxAgeHours')::int as "maxAgeHours",
      n.settings->>'onUncertain' = 'resend' as "resendUncertain"
    from editions e
    join newsletters n on n.id = e.newsletter_id
    join approvals a on a.edition_id = e.id and a.withdrawn_at is null
    join renditions r on r.edition_id = e.id and r.hash = a.hash
    where e.id = ${editionId} and e.state = 'sending'`.execute(db);
  return rows[0];
}

/** The message for one reader. Called twice for the same reader, it gives the same bytes. */
export function messageFor(posting: Posting, recipient: Recipient, keys: SigningKeys): StuffedMessage {
  const { editionId, newsletterId } = posting;
  const signing = signingWith(keys, posting.stencil.keyId);
  const link = { newsletterId, subscriberId: recipient.subscriberId, editionId };
  return splice(posting.stencil, {
    to: mailboxValue('To', recipient),
    address: recipient.address,
    date: dateText(posting.startedAt),
    messageId: `${signToken(signing, 'message-id', [editionId, recipient.subscriberId])}@${domainOf(posting.stencil.sender)}`,
    unsubscribeToken: readerToken(signing, 'unsubscribe', link),
    preferencesToken: readerToken(signing, 'preferences', link),
    viewToken: readerToken(signing, 'view', link),
  });
}

/**
 * The envelope sender: with a return path, one for each mail (VERP), so that a bounce says whose it is; else the sender.
 */
export function returnPathFor(
  posting: Posting,
  recipient: Recipient,
  keys: SigningKeys,
  returnPath: string | undefined,
): string {
  if (returnPath === undefined) return posting.stencil.sender;
  const at = returnPath.lastIndexOf('@');
  const signing = signingWith(keys, posting.stencil.keyId);
  const token = signToken(signing, 'return-path', [posting.editionId, recipient.subscriberId]);
  return `${returnPath.slice(0, at)}+${token}${returnPath.slice(at)}`;
}
