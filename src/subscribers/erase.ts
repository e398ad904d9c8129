import { DAY_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

/** Deletes somebody. What must not be mailed stays so, as a hash of the address. */
export async function eraseSubscriber(tx: Database, id: number, now: Date): Promise<void> {
  await sql`
    with kept as (
      delete from suppressions x using subscribers p where p.id = ${id} and x.address_key = p.address_key
      returning x.address_key, x.reason, x.since
    )
    insert into suppressed_hashes (hash, reason, since)
    select encode(sha256(convert_to(address_key, 'UTF8')), 'hex'), reason, since from kept on conflict do nothing`.execute(
    tx,
  );
  await sql`delete from subscriptions where subscriber_id = ${id}`.execute(tx);
  await sql`delete from consents where subscriber_id = ${id}`.execute(tx);
  await sql`delete from subscribers where id = ${id}`.execute(tx);
  await sql`insert into erasures (subscriber_id, at) values (${id}, ${now}) on conflict do nothing`.execute(tx);
}

/** Who was erased lately: a worker that had a mail in hand may have written its answer down after that. */
export async function erasedLately(db: Database): Promise<number[]> {
  return (await sql<{ id: number }>`select subscriber_id as id from erasures`.execute(db)).rows.map(({ id }) => id);
}

export async function sweepErasures(db: Database, now: Date): Promise<void> {
  await sql`delete from erasures where at < ${new Date(now.getTime() - 2 * DAY_MS)}`.execute(db);
}
