import { addressKey, domainOf } from '../lib/addresses.ts';
import { type Database, sql } from '../platform/database/index.ts';

// What subscribers choose for themselves.

/** How often: at most one edition in so many days; 0 is each. */
export const CADENCES = [0, 14, 28] as const;

export async function setLanguage(tx: Database, subscriberId: number, language: string): Promise<void> {
  await sql`update subscribers set language = ${language} where id = ${subscriberId}`.execute(tx);
}

export async function setSubscription(
  tx: Database,
  { newsletterId, subscriberId }: { newsletterId: number; subscriberId: number },
  { topics, everyDays }: { topics: string[]; everyDays: number },
): Promise<void> {
  await sql`update subscriptions set topics = ${topics}::text[], every_days = ${everyDays}, import_id = null
    where newsletter_id = ${newsletterId} and subscriber_id = ${subscriberId}`.execute(tx);
}

/** All of somebody's subscriptions; null ends a pause. */
export async function setPause(tx: Database, subscriberId: number, until: Date | null): Promise<void> {
  await sql`update subscriptions set paused_until = ${until}, import_id = null where subscriber_id = ${subscriberId}`.execute(
    tx,
  );
}

/** Returns the number of the change, for its link. */
export async function insertAddressChange(
  tx: Database,
  { subscriberId, address, expiresAt }: { subscriberId: number; address: string; expiresAt: Date },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into address_changes (subscriber_id, address, expires_at)
    values (${subscriberId}, ${address}, ${expiresAt}) returning id`.execute(tx);
  return rows[0]?.id as number;
}

export interface AddressChange {
  id: number;
  subscriberId: number;
  address: string;
}

export async function findAddressChange(db: Database, id: number, now: Date): Promise<AddressChange | undefined> {
  const { rows } = await sql<AddressChange>`
    select id, subscriber_id as "subscriberId", address from address_changes
    where id = ${id} and expires_at > ${now}`.execute(db);
  return rows[0];
}

/** Uses a change up; undefined where it is too old, or was used. */
export async function takeAddressChange(tx: Database, id: number, now: Date): Promise<AddressChange | undefined> {
  const { rows } = await sql<AddressChange>`
    delete from address_changes where id = ${id} and expires_at > ${now}
    returning id, subscriber_id as "subscriberId", address`.execute(tx);
  return rows[0];
}

/** False where another subscriber has that address. */
export async function setAddress(tx: Database, subscriberId: number, address: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update subscribers set address = ${address}, address_key = ${addressKey(address)}, domain = ${domainOf(address)}
    where id = ${subscriberId} and not exists (
      select from subscribers o where o.address_key = ${addressKey(address)} and o.id <> ${subscriberId})`.execute(tx);
  return numAffectedRows === 1n;
}

/** Whatever new addresses somebody asked for, none of them is asked any more. Returns the numbers of the changes. */
export async function endAddressChanges(tx: Database, subscriberId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    delete from address_changes where subscriber_id = ${subscriberId} returning id`.execute(tx);
  return rows.map(({ id }) => id);
}

export async function sweepAddressChanges(db: Database, now: Date): Promise<void> {
  await sql`delete from address_changes where expires_at < ${now}`.execute(db);
}
