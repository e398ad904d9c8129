import { DAY_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

/**
 * Deletes somebody. A hash of the address is kept: what must not be mailed stays so, and an old list that is imported later brings nobody
 * back whom we have promised to forget.
 */
export async function eraseSubscriber(tx: Database, id: number, now: Date): Promise<void> {
  await sql`
    with gone as (
      select p.address_key, 'erased' as reason, ${now}::timestamptz as since from subscribers p where p.id = ${id}
        and not exists (select from suppressions x where x.address_key = p.address_key)
    ), kept as (
      delete from suppressions x using subscribers p where p.id = ${id} and x.address_key = p.address_key
      returning x.address_key, x.reason, x.since
    )
    insert into suppressed_hashes (hash, reason, since)
    select encode(sha256(convert_to(address_key, 'UTF8')), 'hex'), reason, since from (select * from kept union all select * from gone) k
    on conflict (hash) do update set reason = excluded.reason where suppressed_hashes.reason = 'erased'`.execute(tx);
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
