import { type DomainSums, type Reason, type Sums, reasonsOf, sumsByDomain, sumsOf } from '../dispatch/index.ts';
import { type Approval, type Edition, type Newsletter, findNewsletter, standingApproval } from '../editions/index.ts';
import type { Database } from '../platform/database/index.ts';

export interface EditionReport {
  edition: Edition;
  newsletter: Newsletter | undefined;
  approval: Approval | undefined;
  sums: Sums;
  domains: DomainSums[];
  reasons: Reason[];
  /** Mails accepted a second, over the send so far; undefined before it. */
  perSecond: number | undefined;
}

const MAX_ROWS = 12;

export async function reportEdition(db: Database, edition: Edition, now: Date): Promise<EditionReport> {
  const sums = await sumsOf(db, edition.id);
  return {
    edition,
    newsletter: await findNewsletter(db, edition.newsletterId),
    approval: await standingApproval(db, edition.id),
    sums,
    domains: await sumsByDomain(db, edition.id, MAX_ROWS),
    reasons: await reasonsOf(db, edition.id, MAX_ROWS),
    perSecond: rateOf(edition, sums, now),
  };
}

function rateOf({ startedAt, finishedAt }: Edition, sums: Sums, now: Date): number | undefined {
  if (startedAt === null) return undefined;
  const seconds = ((finishedAt ?? now).getTime() - startedAt.getTime()) / 1_000;
  return seconds > 0 ? sums.accepted / seconds : undefined;
}
