import { createHash } from 'node:crypto';
import { addressKey } from '../lib/addresses.ts';
import { type Database, type RawBuilder, sql } from '../platform/database/index.ts';
import { OWN_SUPPRESSION } from './store.ts';
import type { Subscriber, SubscriptionState, SuppressionReason } from './subscriber.ts';

// Lists of any length, a page at a time: each page begins after the last row of the one before, by an index.

export interface SubscriberQuery {
  limit: number;
  /** The row that the page before ended with; the list goes by ids, or, where an address is looked for, by addresses. */
  after?: { id: number; addressKey: string } | undefined;
  /** Those of one newsletter, in one state of it. */
  newsletterId?: number | undefined;
  state?: SubscriptionState | undefined;
  /** How the address begins. */
  address?: string | undefined;
  /** Of a newsletter's, those of whom this is so: a condition over `mailable`'s aliases. */
  condition?: RawBuilder<boolean> | undefined;
  /** Of these newsletters only; undefined is all of them. */
  newsletterIds?: number[] | undefined;
}

export interface SubscriberRow extends Subscriber {
  addressKey: string;
  createdAt: Date;
  suppressed: boolean;
}

export async function pageOfSubscribers(db: Database, query: SubscriberQuery): Promise<SubscriberRow[]> {
  const { limit, address } = query;
  // The index of addresses goes by bytes (text_pattern_ops): so does what is asked of it.
  const place = address === undefined ? idOf(query) : sql`p.address_key`;
  // The page first, then who of it is suppressed: asked in one go, the whole list of suppressions would be looked at.
  const { rows } = await sql<SubscriberRow>`
    with page as materialized (
      select p.id, p.address, p.name, p.address_key, p.created_at, row_number() over () as place from (
        select p.* from ${whoIs(query)} where ${sql.join(conditionsOf(query), sql` and `)}
        order by ${place} ${address === undefined ? sql`` : sql`using ~<~`} limit ${limit}) p
    )
    select page.id, page.address, page.name, page.address_key as "addressKey", page.created_at as "createdAt",
      x.address_key is not null as suppressed
    from page left join lateral (select address_key from suppressions x where x.address_key = page.address_key limit 1) x on true
    order by page.place`.execute(db);
  return rows;
}

function whoIs({ newsletterId }: SubscriberQuery) {
  return newsletterId === undefined
    ? sql`subscribers p`
    : sql`subscriptions s join subscribers p on p.id = s.subscriber_id`;
}

function idOf({ newsletterId }: SubscriberQuery) {
  return newsletterId === undefined ? sql`p.id` : sql`s.subscriber_id`;
}

function conditionsOf(query: SubscriberQuery) {
  const { after, newsletterId, state, address, newsletterIds, condition } = query;
  const begins = `${addressKey(address ?? '').replace(/[\\%_]/g, '\\$&')}%`;
  const within = sql`exists (select from subscriptions s where s.subscriber_id = p.id and s.newsletter_id = any(${newsletterIds ?? []}::bigint[]))`;
  return [
    sql`true`,
    newsletterId === undefined ? undefined : sql`s.newsletter_id = ${newsletterId}`,
    newsletterId === undefined ? undefined : condition,
    newsletterId === undefined || state === undefined ? undefined : sql`s.state = ${state}::subscription_state`,
    newsletterId !== undefined || newsletterIds === undefined ? undefined : within,
    address === undefined ? undefined : sql`p.address_key like ${begins}`,
    after === undefined
      ? undefined
      : address === undefined
        ? // Of both, so that a join in their order begins there on both sides.
          sql`${idOf(query)} > ${after.id} and p.id > ${after.id}`
        : sql`p.address_key ~>~ ${after.addressKey}`,
  ].filter((condition) => condition !== undefined);
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

/** As lists of others have them: SHA-256 and MD5 of the address in lower case. */
function hashesOf(key: string): string[] {
  return ['sha256', 'md5'].map((algorithm) => createHash(algorithm).update(key).digest('hex'));
}

/** Also where only its hash is known. */
export async function findSuppression(db: Database, address: string): Promise<Suppression | undefined> {
  const key = addressKey(address);
  const { rows } = await sql<Suppression>`
    select address_key as address, reason, detail, since from suppressions where address_key = ${key}
    union all
    select ${key}, reason, detail, since from suppressed_hashes where hash = any(${hashesOf(key)}::text[]) and reason <> 'erased' limit 1`.execute(
    db,
  );
  return rows[0];
}

/** By hand. False where it is there already, for whatever reason. */
export async function insertSuppression(db: Database, key: string, detail: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into suppressions (address_key, reason, detail) values (${key}, 'manual', ${detail}) ${OWN_SUPPRESSION}`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

/** By name and by hash. False where it was there neither way. */
export async function removeSuppression(tx: Database, key: string): Promise<boolean> {
  const named = await sql`delete from suppressions where address_key = ${key}`.execute(tx);
  const hashed =
    await sql`delete from suppressed_hashes where hash = any(${hashesOf(key)}::text[]) and reason <> 'erased'`.execute(
      tx,
    );
  return (named.numAffectedRows ?? 0n) + (hashed.numAffectedRows ?? 0n) > 0n;
}

/** Whoever was erased and says yes again is no stranger to imports any more. */
export async function forgetErasure(tx: Database, key: string): Promise<void> {
  await sql`delete from suppressed_hashes where hash = any(${hashesOf(key)}::text[]) and reason = 'erased'`.execute(tx);
}
