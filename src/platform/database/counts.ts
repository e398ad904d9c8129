import { sql } from 'kysely';
import type { Database } from './database.ts';

// What takes long to count, over millions of rows, is kept: it is counted again when it is older than some times what counting took, so that
// looking at a page never costs more than a small part of the database's time, however many look.

/** A count costs at most a part in so many of the time; what nobody watches second by second may cost less. */
const PATIENCE = 10;
/** What is over for good is looked at again all the same. */
const FINAL_MS = 10 * 60_000;
/** Nobody minds to wait so long. */
const QUICK_MS = 100;

export interface Count<T> {
  value: T;
  /** When counting began: the value is no older than that. */
  at: Date;
}

export interface CountOptions<T> {
  /** It may be so old without being counted again. */
  freshMs?: number;
  /** And so many times what counting took. */
  patience?: number;
  /** What is counted came to its end then: a count from before is none, and one from after that `isFinal` is good for ten minutes. */
  overSince?: Date | null;
  isFinal?: (value: T) => boolean;
  /** Where counting takes long, a count that is no older than this is the answer, and whoever asks next has a newer one. */
  oldMs?: number;
}

interface Row<T> extends Count<T> {
  ageMs: number;
  tookMs: number;
}

const underWay = new WeakMap<Database, Map<string, Promise<Count<unknown>>>>();

/** A count by its name, as it was kept or as it is now. Its value is kept as JSON. Of several that ask in one process, one counts. */
export async function recentCount<T>(
  db: Database,
  key: string,
  count: () => Promise<T>,
  options: CountOptions<T> = {},
): Promise<Count<T>> {
  const { rows } = await sql<Row<T>>`
    select value, counted_at as at, took_ms as "tookMs", extract(epoch from clock_timestamp() - counted_at)::float8 * 1000 as "ageMs"
    from counts where key = ${key}`.execute(db);
  const [known] = rows;
  if (known !== undefined && isGood(known, options)) return known;
  const counting = countOnce(db, key, count);
  const isSlow = known !== undefined && known.tookMs > QUICK_MS && known.ageMs < (options.oldMs ?? 0);
  if (!isSlow) return counting;
  counting.catch(() => {});
  return known;
}

function isGood<T>({ value, at, ageMs, tookMs }: Row<T>, options: CountOptions<T>): boolean {
  const { freshMs = 0, patience = PATIENCE, overSince = null, isFinal = () => true } = options;
  if (overSince !== null) {
    if (at <= overSince) return false;
    if (isFinal(value)) return ageMs < FINAL_MS;
  }
  return ageMs < Math.max(freshMs, tookMs * patience);
}

function countOnce<T>(db: Database, key: string, count: () => Promise<T>): Promise<Count<T>> {
  const ours = underWay.get(db) ?? new Map<string, Promise<Count<unknown>>>();
  underWay.set(db, ours);
  const going = ours.get(key) ?? countNow(db, key, count).finally(() => ours.delete(key));
  ours.set(key, going);
  return going as Promise<Count<T>>;
}

async function countNow<T>(db: Database, key: string, count: () => Promise<T>): Promise<Count<T>> {
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
  const at = rows[0]?.at ?? new Date();
  const began = performance.now();
  const value = await count();
  const tookMs = performance.now() - began;
  await sql`
    insert into counts (key, value, counted_at, took_ms) values (${key}, ${JSON.stringify(value)}::jsonb, ${at}, ${tookMs})
    on conflict (key) do update set value = excluded.value, counted_at = excluded.counted_at, took_ms = excluded.took_ms
      where counts.counted_at < excluded.counted_at`.execute(db);
  return { value, at };
}

/** What is changed is counted anew: all counts whose names begin so. */
export async function forgetCounts(db: Database, prefix: string): Promise<void> {
  await sql`delete from counts where starts_with(key, ${prefix})`.execute(db);
}

export async function sweepCounts(db: Database): Promise<void> {
  await sql`delete from counts where counted_at < now() - interval '7 days'`.execute(db);
}

/** Kept counts by their names, whatever their age; for lists of many. */
export async function keptCounts<T>(db: Database, keys: string[]): Promise<Map<string, Count<T>>> {
  const { rows } = await sql<Count<T> & { key: string }>`
    select key, value, counted_at as at from counts where key = any(${keys}::text[])`.execute(db);
  return new Map(rows.map(({ key, ...count }) => [key, count]));
}
