import { addressKey } from '../lib/addresses.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { ImportReport } from './import.ts';
import type { Subscriber, SubscriptionState, SuppressionReason } from './subscriber.ts';

// Lists of any length, a page at a time: each page begins after the last row of the one before, by an index.

export interface SubscriberQuery {
  after: number;
  limit: number;
  /** Those of one newsletter, in one state of it. */
  newsletterId?: number | undefined;
  state?: SubscriptionState | undefined;
  /** How the address begins. */
  address?: string | undefined;
  /** Of these newsletters only; undefined is all of them. */
  newsletterIds?: number[] | undefined;
}

export interface SubscriberRow extends Subscriber {
  createdAt: Date;
  suppressed: boolean;
}

const PERSON = sql`p.id, p.address, p.name, p.created_at as "createdAt",
  exists (select from suppressions x where x.address_key = p.address_key) as suppressed`;

export async function pageOfSubscribers(db: Database, query: SubscriberQuery): Promise<SubscriberRow[]> {
  const { after, limit, newsletterId, state, address, newsletterIds } = query;
  const begins = `${addressKey(address ?? '').replace(/[\\%_]/g, '\\$&')}%`;
  const byAddress = address === undefined ? sql`` : sql`and p.address_key like ${begins}`;
  if (newsletterId !== undefined) {
    const { rows } = await sql<SubscriberRow>`
      select ${PERSON} from subscriptions s join subscribers p on p.id = s.subscriber_id
      where s.newsletter_id = ${newsletterId} and s.subscriber_id > ${after}
        ${state === undefined ? sql`` : sql`and s.state = ${state}::subscription_state`} ${byAddress}
      order by s.subscriber_id limit ${limit}`.execute(db);
    return rows;
  }
  const within =
    newsletterIds === undefined
      ? sql``
      : sql`and exists (select from subscriptions s where s.subscriber_id = p.id and s.newsletter_id = any(${newsletterIds}::bigint[]))`;
  const { rows } = await sql<SubscriberRow>`
    select ${PERSON} from subscribers p where p.id > ${after} ${byAddress} ${within} order by p.id limit ${limit}`.execute(
    db,
  );
  return rows;
}

export interface Suppression {
  address: string;
  reason: SuppressionReason;
  detail: string;
  since: Date;
}

export async function pageOfSuppressions(
  db: Database,
  { after, limit }: { after: string; limit: number },
): Promise<Suppression[]> {
  const { rows } = await sql<Suppression>`
    select address_key as address, reason, detail, since from suppressions
    where address_key > ${after} order by address_key limit ${limit}`.execute(db);
  return rows;
}

/** By hand. False where it is there already, for whatever reason. */
export async function insertSuppression(db: Database, key: string, detail: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into suppressions (address_key, reason, detail) values (${key}, 'manual', ${detail}) on conflict do nothing`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

export async function removeSuppression(db: Database, key: string): Promise<boolean> {
  return (await sql`delete from suppressions where address_key = ${key}`.execute(db)).numAffectedRows === 1n;
}

export interface ListedImport {
  id: number;
  newsletterId: number;
  ground: string;
  madeBy: string;
  madeAt: Date;
  report: ImportReport;
}

export async function insertImport(db: Database, kept: Omit<ListedImport, 'id'>): Promise<number> {
  const { newsletterId, ground, madeBy, madeAt, report } = kept;
  const { rows } = await sql<{ id: number }>`
    insert into imports (newsletter_id, ground, made_by, made_at, report)
    values (${newsletterId}, ${ground}, ${madeBy}, ${madeAt}, ${JSON.stringify(report)}::jsonb) returning id`.execute(
    db,
  );
  return rows[0]?.id as number;
}

/** The newest first. */
export async function pageOfImports(
  db: Database,
  {
    before,
    limit,
    newsletterIds,
  }: { before?: number | undefined; limit: number; newsletterIds?: number[] | undefined },
): Promise<ListedImport[]> {
  const { rows } = await sql<ListedImport>`
    select id, newsletter_id as "newsletterId", ground, made_by as "madeBy", made_at as "madeAt", report from imports
    where ${before === undefined ? sql`true` : sql`id < ${before}`}
      and ${newsletterIds === undefined ? sql`true` : sql`newsletter_id = any(${newsletterIds}::bigint[])`}
    order by id desc limit ${limit}`.execute(db);
  return rows;
}
