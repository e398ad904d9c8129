import { sql } from 'kysely';
import type { Database } from './database.ts';

/** So many, in a while: evenly after `burst` at once. */
export interface RateLimit {
  count: number;
  perMs: number;
  /** At once; `count` where it is not given. */
  burst?: number;
}

/**
 * Takes one from a limit that all processes share (the generic cell rate algorithm, by the database's clock). Returns how many
 * milliseconds to wait where there is nothing left to take, else 0.
 */
export async function takeFromLimit(db: Database, key: string, limit: RateLimit): Promise<number> {
  const everyMs = limit.perMs / limit.count;
  const depthMs = everyMs * (limit.burst ?? limit.count);
  // now() is the start of a transaction; what was taken meanwhile counts.
  const { rows } = await sql<{ waitMs: number }>`
    with given as (
      insert into rate_limits as l (key, full_at) values (${key}, clock_timestamp() + ${everyMs} * interval '1 ms')
      on conflict (key) do update set full_at = greatest(l.full_at, clock_timestamp()) + ${everyMs} * interval '1 ms'
      where greatest(l.full_at, clock_timestamp()) + ${everyMs} * interval '1 ms' <= clock_timestamp() + ${depthMs} * interval '1 ms'
      returning key
    )
    select case when exists (select from given) then 0 else greatest(1, coalesce((
      select extract(epoch from full_at - clock_timestamp())::float8 * 1000 + ${everyMs} - ${depthMs} from rate_limits where key = ${key}
    ), 1)) end as "waitMs"`.execute(db);
  return rows[0]?.waitMs ?? 0;
}

/** Forgets what was used: after a success that makes earlier failures nobody's concern. */
export async function resetLimit(db: Database, key: string): Promise<void> {
  await sql`delete from rate_limits where key = ${key}`.execute(db);
}

/** What has been full again for a while is of no more use. */
export async function sweepLimits(db: Database): Promise<void> {
  await sql`delete from rate_limits where full_at < now() - interval '1 minute'`.execute(db);
}
