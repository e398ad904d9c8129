import { addressKey } from '../lib/addresses.ts';
import { type Database, type RawBuilder, recentCount, sql } from '../platform/database/index.ts';
import type { Subscriber, Subscription, SubscriptionState, SuppressionReason } from './subscriber.ts';

export interface ListedSubscriber extends Subscriber {
  state: SubscriptionState;
  suppressed: boolean;
}

export async function listSubscribers(db: Database, newsletterId: number, limit: number): Promise<ListedSubscriber[]> {
  const { rows } = await sql<ListedSubscriber>`
    select p.id, p.address, p.name, s.state,
      exists (select from suppressions x where x.address_key = p.address_key) as suppressed
    from subscriptions s join subscribers p on p.id = s.subscriber_id
    where s.newsletter_id = ${newsletterId} order by p.id limit ${limit}`.execute(db);
  return rows;
}

export async function countSubscriptions(
  db: Database,
  newsletterId: number,
): Promise<Record<SubscriptionState, number>> {
  const { rows } = await sql<{ state: SubscriptionState; count: number }>`
    select state, count(*)::int as count from subscriptions where newsletter_id = ${newsletterId} group by state`.execute(
    db,
  );
  return { pending: 0, active: 0, unsubscribed: 0, ...Object.fromEntries(rows.map((row) => [row.state, row.count])) };
}

/** The same, as they were counted of late: at most for a hundredth of the time. */
export async function recentSubscriptions(
  db: Database,
  newsletterId: number,
): Promise<Record<SubscriptionState, number>> {
  const count = () => countSubscriptions(db, newsletterId);
  return (await recentCount(db, `newsletter/${newsletterId}/states`, count, { patience: 100 })).value;
}

export async function findSubscriber(db: Database, id: number): Promise<Subscriber | undefined> {
  return (await sql<Subscriber>`select id, address, name from subscribers where id = ${id}`.execute(db)).rows[0];
}

export async function languageOf(db: Database, id: number): Promise<string> {
  const { rows } = await sql<{ language: string }>`select language from subscribers where id = ${id}`.execute(db);
  return rows[0]?.language ?? '';
}

/** What lists have said of somebody, by column. */
export async function attributesOf(db: Database, id: number): Promise<Record<string, string>> {
  const { rows } = await sql<{ attributes: Record<string, string> }>`
    select attributes from subscribers where id = ${id}`.execute(db);
  return rows[0]?.attributes ?? {};
}

/** However it is written. */
export async function findSubscriberByAddress(db: Database, address: string): Promise<Subscriber | undefined> {
  const { rows } = await sql<Subscriber>`
    select id, address, name from subscribers where address_key = ${addressKey(address)}`.execute(db);
  return rows[0];
}

export async function listSubscriptions(db: Database, subscriberId: number): Promise<Subscription[]> {
  const { rows } = await sql<Subscription>`
    select s.newsletter_id as "newsletterId", n.name as newsletter, s.state, s.since, s.topics,
      s.every_days as "everyDays", s.paused_until as "pausedUntil"
    from subscriptions s join newsletters n on n.id = s.newsletter_id
    where s.subscriber_id = ${subscriberId} order by n.name`.execute(db);
  return rows;
}

/** True where this ended a subscription; running it twice is harmless. */
export async function endSubscription(
  db: Database,
  newsletterId: number,
  subscriberId: number,
  cause: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update subscriptions set state = 'unsubscribed', since = now(), cause = ${cause}, import_id = null
    where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId} and state <> 'unsubscribed'`.execute(db);
  return numAffectedRows === 1n;
}

/** Has somebody come, or come back, after a time? */
export async function subscribedSince(
  db: Database,
  { newsletterId, subscriberId }: { newsletterId: number; subscriberId: number },
  at: Date,
): Promise<boolean> {
  const { rows } = await sql`select from subscriptions
    where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId} and since > ${at}`.execute(db);
  return rows.length > 0;
}

export async function setWhyLeft(db: Database, newsletterId: number, subscriberId: number, why: string): Promise<void> {
  await sql`update subscriptions set left_because = ${why}
    where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId} and state = 'unsubscribed'`.execute(db);
}

/** Brings back a subscription that the same person ended by this very link. */
export async function restoreSubscription(
  db: Database,
  newsletterId: number,
  subscriberId: number,
  cause: string,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update subscriptions set state = 'active', since = now(), cause = 'undone', import_id = null
    where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId}
      and state = 'unsubscribed' and cause = ${cause}`.execute(db);
  return numAffectedRows === 1n;
}

/** What an import brought is somebody's own word from here on: it stays where the import is undone. */
export const OWN_SUPPRESSION = sql`on conflict (address_key) do update set reason = excluded.reason, detail = excluded.detail,
  import_id = null where suppressions.import_id is not null`;

/**
 * For statements of others: puts addresses on the suppression list. `addresses` is a query of `key` (as of `addressKey`) and
 * `reason` (the words that come with it).
 */
export function suppressionOf(addresses: RawBuilder<unknown>, reason: SuppressionReason) {
  return sql`
    insert into suppressions (address_key, reason, detail)
    select distinct on (r.key) r.key, ${reason}, coalesce(r.reason, '') from (${addresses}) r
    ${OWN_SUPPRESSION}`;
}

/**
 * For statements of others that must read across: the people a newsletter may be sent to, as `subscriber_id`, `address` and
 * `name`. Unsubscribed, unconfirmed, pausing and suppressed people are never among them.
 */
export function mailable(newsletterId: number, subscriptions: RawBuilder<unknown> = sql`subscriptions`) {
  return sql`
    select p.id as subscriber_id, p.address, p.name
    from ${subscriptions} s join subscribers p on p.id = s.subscriber_id
    where s.newsletter_id = ${newsletterId} and s.state = 'active' and (s.paused_until is null or s.paused_until <= now())
      and not exists (select from suppressions x where x.address_key = p.address_key)`;
}
