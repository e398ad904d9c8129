import { addressKey, domainOf } from '../lib/addresses.ts';
import { wideNetworkOf } from '../lib/network.ts';
import { DAY_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { findSuppression, forgetErasure } from './lists.ts';
import type { Subscriber } from './subscriber.ts';

// What somebody has said yes to, and the proof of it.

export interface Consent {
  newsletterId: number;
  givenAt: Date;
  askedAt: Date | null;
  /** How: "confirmed by the link mailed to the address", "imported from …". */
  ground: string;
  form: string;
  /** The words that stood beside the form. */
  words: string;
  /** The network address that it came from; after a month, its network. */
  address: string;
}

/** The subscriber of an address, made where there is none; what we have of one stays. */
export async function subscriberOf(
  tx: Database,
  { address, name, language }: { address: string; name: string; language: string },
): Promise<Subscriber> {
  const { rows } = await sql<Subscriber>`
    insert into subscribers (address, address_key, domain, name, language)
    values (${address}, ${addressKey(address)}, ${domainOf(address)}, ${name}, ${language})
    on conflict (address_key) do update set name = coalesce(nullif(subscribers.name, ''), excluded.name),
      language = coalesce(nullif(excluded.language, ''), subscribers.language)
    returning id, address, name`.execute(tx);
  return rows[0] as Subscriber;
}

/**
 * Subscribes somebody who has said yes, also after having left; what an import brought is their own by it. False where it was so already,
 * which keeps the yes all the same, or where the address is suppressed.
 */
export async function startSubscription(
  tx: Database,
  subscriberId: number,
  { topics, ...consent }: Consent & { topics: string[] },
): Promise<boolean> {
  const { rows } = await sql<{ address: string }>`select address from subscribers where id = ${subscriberId}`.execute(
    tx,
  );
  if (rows[0] === undefined || (await findSuppression(tx, rows[0].address)) !== undefined) return false;
  await forgetErasure(tx, addressKey(rows[0].address));
  const { newsletterId, ground, form, words, address, askedAt, givenAt } = consent;
  const { numAffectedRows } = await sql`
    insert into subscriptions as s (newsletter_id, subscriber_id, state, since, cause, topics)
    values (${newsletterId}, ${subscriberId}, 'active', ${givenAt}, ${ground}, ${topics}::text[])
    on conflict (newsletter_id, subscriber_id) do update set state = 'active', since = ${givenAt}, cause = ${ground},
      topics = excluded.topics, paused_until = null, import_id = null where s.state <> 'active'`.execute(tx);
  await sql`update subscriptions set import_id = null where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId}
    and import_id is not null`.execute(tx);
  await sql`insert into consents (newsletter_id, subscriber_id, given_at, ground, form, words, address, asked_at)
    values (${newsletterId}, ${subscriberId}, ${givenAt}, ${ground}, ${form}, ${words}, ${address}, ${askedAt})`.execute(
    tx,
  );
  return numAffectedRows === 1n;
}

export async function listConsents(db: Database, subscriberId: number): Promise<Consent[]> {
  const { rows } = await sql<Consent>`
    select newsletter_id as "newsletterId", given_at as "givenAt", asked_at as "askedAt", ground, form, words, address
    from consents where subscriber_id = ${subscriberId} order by given_at, id`.execute(db);
  return rows;
}

const WHOLE_ADDRESS_MS = 30 * DAY_MS;
const SHORTENED_AT_ONCE = 5_000;

/** After a month an address proves no more than its network does: 24 bits of IPv4, 48 of IPv6. */
export async function shortenAddresses(db: Database, now: Date): Promise<void> {
  const before = new Date(now.getTime() - WHOLE_ADDRESS_MS);
  const { rows } = await sql<{ id: number; address: string }>`
    select id, address from consents where given_at < ${before} and address <> '' and address not like '%/%'
    order by given_at limit ${SHORTENED_AT_ONCE}`.execute(db);
  const short = rows.map(({ id, address }) => ({ id, address: wideNetworkOf(address) }));
  await sql`update consents c set address = r.address
    from jsonb_to_recordset(${JSON.stringify(short)}::jsonb) as r(id bigint, address text) where c.id = r.id`.execute(
    db,
  );
}
