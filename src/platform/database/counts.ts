import { sql } from 'kysely';
import type { Database } from './database.ts';

// What takes long to count, over millions of rows, is kept: it is counted again when it is older than some times what counting took, so that
// looking at a page never costs more than a small part of the database's time, however many look.

/** A count costs at most a part in so many of the time; what nobody watches second by second may cost less. */
const PATIENCE = 10;
/** What is over for good is looked at again all the same. */
const FINAL_MS = 10 * 60_000;

export interface Count<T> {
  value: T;
  at: Date;
}

interface Row<T> extends Count<T> {
  ageMs: number;
  tookMs: number;
}

const underWay = new WeakMap<Database, Map<string, Promise<Count<unknown>>>>();

/**
 * A count by its name, at most so old: `freshMs`, or `patience` times what counting took, whichever is more. `overSince`: a count from after that
 * is good for ten minutes. Its value is kept as JSON. Of several that ask in one process, one counts.
 */
export async function recentCount<T>(
  db: Database,
  key: string,
  count: () => Promise<T>,
  {
    freshMs = 0,
    overSince = null,
    patience = PATIENCE,
  }: { freshMs?: number; overSince?: Date | null; patience?: number } = {},
): Promise<Count<T>> {
  const { rows } = await sql<Row<T>>`
    select value, counted_at as at, took_ms as "tookMs", extract(epoch from clock_timestamp() - counted_at)::float8 * 1000 as "ageMs"
    from counts where key = ${key}`.execute(db);
  const [known] = rows;
  if (known !== undefined) {
    const isOver = overSince !== null && known.at.getTime() - known.tookMs > overSince.getTime();
    if (known.ageMs < Math.max(freshMs, known.tookMs * patience, isOver ? FINAL_MS : 0)) return known;
  }
  const ours = underWay.get(db) ?? new Map<string, Promise<Count<unknown>>>();
  underWay.set(db, ours);
  const going = ours.get(key) ?? countNow(db, key, count).finally(() => ours.delete(key));
  ours.set(key, going);
  return going as Promise<Count<T>>;
}

async function countNow<T>(db: Database, key: string, count: () => Promise<T>): Promise<Count<T>> {
  const began = performance.now();
  const value = await count();
  const tookMs = performance.now() - began;
  const { rows } = await sql<{ at: Date }>`
    insert into counts (key, value, counted_at, took_ms) values (${key}, ${JSON.stringify(value)}::jsonb, clock_timestamp(), ${tookMs})
    on conflict (key) do update set value = excluded.value, counted_at = excluded.counted_at, took_ms = excluded.took_ms
    returning counted_at as at`.execute(db);
  return { value, at: rows[0]?.at ?? new Date() };
}

/** What is changed is counted anew: all counts whose names begin so. */
export async function forgetCounts(db: Database, prefix: string): Promise<void> {
  await sql`delete from counts where starts_with(key, ${prefix})`.execute(db);
}

export async function sweepCounts(db: Database): Promise<void> {
  await sql`delete from counts where counted_at < now() - interval '7 days'`.execute(db);
}

/** Kept sums by the beginning of their names, whatever their age; for lists of many. */
export async function keptCounts<T>(db: Database, keys: string[]): Promise<Map<string, Count<T>>> {
  const { rows } = await sql<Count<T> & { key: string }>`
    select key, value, counted_at as at from counts where key = any(${keys}::text[])`.execute(db);
  return new Map(rows.map(({ key, ...count }) => [key, count]));
}
