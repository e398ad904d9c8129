import { type SigningKeys, signToken, signingWith } from '../lib/tokens.ts';
import { domainOf } from '../lib/addresses.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { type DkimKey, dateText, mailboxValue } from '../platform/mime/index.ts';
import { Splicer, type Stencil } from '../rendering/index.ts';
import { readerToken } from '../subscribers/index.ts';
import { dkimKeysFor } from './dkim/keys.ts';

// What a worker needs to know of an edition that is being sent: the approved stencil and what goes into its gaps.

export interface Posting {
  editionId: number;
  newsletterId: number;
  hash: string;
  /** The envelope's sender where no return path is configured, and its domain. */
  sender: string;
  domain: string;
  splicer: Splicer;
  /** With what the tokens are signed: the key that the stencil was made with, as long as we have it. */
  keys: SigningKeys;
  startedAt: Date;
  /** The same, as the mails' date. */
  date: string;
  resendUncertain: boolean;
  /** What its mails are signed with; none: they go out unsigned. */
  dkim: DkimKey[];
}

export interface Recipient {
  subscriberId: number;
  address: string;
  name: string;
}

/** What a batch is sent with; undefined where the edition is not being sent. */
export async function loadPosting(
  db: Database,
  { editionId, batch }: { editionId: number; batch: number },
  keys: SigningKeys,
): Promise<Posting | undefined> {
  const { rows } = await sql<Row>`
    select e.id as "editionId", e.newsletter_id as "newsletterId", a.hash, coalesce(v.stencil, r.stencil) as stencil, e.started_at as "startedAt",
      n.settings->>'onUncertain' = 'resend' as "resendUncertain"
    from editions e
    join newsletters n on n.id = e.newsletter_id
    join approvals a on a.edition_id = e.id and a.withdrawn_at is null
    join renditions r on r.edition_id = e.id and r.hash = a.hash
    left join batches b on b.edition_id = e.id and b.batch = ${batch}
    left join edition_variants v on v.edition_id = e.id and v.hash = a.hash and v.variant = b.variant
    where e.id = ${editionId} and e.state = 'sending'`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { stencil, ...posting } = row;
  const domain = domainOf(stencil.sender);
  return {
    ...posting,
    sender: stencil.sender,
    domain,
    splicer: new Splicer(stencil),
    keys: signingWith(keys, stencil.keyId),
    date: dateText(posting.startedAt),
    dkim: await dkimKeysFor(db, keys, domain),
  };
}

type Row = Pick<Posting, 'editionId' | 'newsletterId' | 'hash' | 'startedAt' | 'resendUncertain'> & {
  stencil: Stencil;
};

/**
 * The message for one reader, in `space` where it fits. Called twice for the same reader, it gives the same bytes.
 */
export function messageFor(posting: Posting, recipient: Recipient, space?: Buffer): Buffer {
  const { editionId, newsletterId, keys } = posting;
  const { subscriberId, address } = recipient;
  const link = { newsletterId, subscriberId, editionId };
  return posting.splicer.splice((gap) => {
    switch (gap) {
      case 'to':
        return mailboxValue('To', recipient);
      case 'address':
        return address;
      case 'date':
        return posting.date;
      case 'messageId':
        return `${signToken(keys, 'message-id', [editionId, subscriberId])}@${posting.domain}`;
      case 'unsubscribeToken':
        return readerToken(keys, 'unsubscribe', link);
      case 'preferencesToken':
        return readerToken(keys, 'preferences', link);
      case 'viewToken':
        return readerToken(keys, 'view', link);
    }
  }, space);
}

/**
 * The envelope sender: with a return path, one for each mail (VERP), so that a bounce says whose it is; else the sender.
 */
export function returnPathFor(posting: Posting, recipient: Recipient, returnPath: string | undefined): string {
  if (returnPath === undefined) return posting.sender;
  const at = returnPath.lastIndexOf('@');
  const token = signToken(posting.keys, 'return-path', [posting.editionId, recipient.subscriberId]);
  return `${returnPath.slice(0, at)}+${token}${returnPath.slice(at)}`;
}
