import { type Database, sql } from '../../platform/database/index.ts';

// What all workers know of how fast a relay or a recipient domain takes mail. A key is `relay:<name>` or `domain:<name>`.

export interface KnownPace {
  key: string;
  slowedTo: number | null;
  /** Milliseconds; 0 or less: not held. */
  heldMs: number;
  heldCause: string | null;
  heldReason: string | null;
  failures: number;
}

/** Every relay and domain that is slowed or held, or failed the last time. */
export async function knownPaces(db: Database): Promise<KnownPace[]> {
  const { rows } = await sql<KnownPace>`
    select key, slowed_to as "slowedTo", failures, held_cause as "heldCause", held_reason as "heldReason",
      coalesce(extract(epoch from held_until - now()) * 1000, 0)::float8 as "heldMs"
    from pacing where slowed_to is not null or held_until > now() or failures > 0 order by key`.execute(db);
  return rows;
}

export interface DomainLimit {
  /** `*`: every domain without a limit of its own. */
  domain: string;
  perSecond: number | null;
  connections: number | null;
  perConnection: number | null;
}

export async function listDomainLimits(db: Database): Promise<DomainLimit[]> {
  const { rows } = await sql<DomainLimit>`
    select domain, per_second as "perSecond", connections, per_connection as "perConnection"
    from domain_limits order by domain`.execute(db);
  return rows;
}

export async function saveDomainLimit(db: Database, limit: DomainLimit): Promise<void> {
  const { domain, perSecond, connections, perConnection } = limit;
  await sql`insert into domain_limits (domain, per_second, connections, per_connection)
    values (${domain}, ${perSecond}, ${connections}, ${perConnection})
    on conflict (domain) do update set per_second = excluded.per_second, connections = excluded.connections,
      per_connection = excluded.per_connection`.execute(db);
}

export async function removeDomainLimit(db: Database, domain: string): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from domain_limits where domain = ${domain}`.execute(db);
  return numAffectedRows === 1n;
}

export interface Reservation {
  /** How many messages may leave; 0: ask again after `waitMs`. */
  count: number;
  /** When the first of them may. */
  waitMs: number;
  /** And each next one, so much later. */
  everyMs: number;
}

export interface Ask {
  want: number;
  /** Messages a second as configured; undefined: no rate. */
  perSecond: number | undefined;
  /** Messages of this day (UTC); Infinity: no quota. */
  perDay: number;
}

/** No farther ahead than this, so that what a lost worker had reserved is soon made up for. */
const AHEAD_MS = 500;

/**
 * Reserves the next messages of a relay or domain, one after the other at its rate (the generic cell rate algorithm, with the
 * next free moment as its state), and out of the day's quota. All workers draw on the one row, so the limits hold over all of
 * them and over restarts.
 */
export async function reserve(db: Database, key: string, { want, perSecond, perDay }: Ask): Promise<Reservation> {
  await sql`insert into pacing (key) values (${key}) on conflict do nothing`.execute(db);
  const quota = Number.isFinite(perDay) ? perDay : null;
  const { rows } = await sql<Reservation & { rate: number | null; quotaLeft: boolean; untilMidnightMs: number }>`
    with before as (
      select key, greatest(next_at, now()) as starts, least(${perSecond ?? null}::float8, slowed_to) as rate,
        case when day = (now() at time zone 'utc')::date then day_count else 0 end as used
      from pacing where key = ${key} for update
    ), drawn as (
      select *, case
        when rate is not null and starts > now() + ${AHEAD_MS} * interval '1 ms' then 0
        else greatest(0, least(${want}::int, coalesce(${quota}::int - used, ${want}::int), case when rate is not null then ceil(rate * ${AHEAD_MS} / 1000)::int end))
      end as count from before
    )
    update pacing p set day = (now() at time zone 'utc')::date, day_count = d.used + d.count,
      next_at = case when d.rate is null then p.next_at else d.starts + d.count * interval '1 second' / d.rate end
    from drawn d where p.key = d.key
    returning d.count, d.rate, (extract(epoch from d.starts - now()) * 1000)::float8 as "waitMs",
      coalesce(1000 / d.rate, 0)::float8 as "everyMs", coalesce(d.used < ${quota}::int, true) as "quotaLeft",
      (extract(epoch from date_trunc('day', now() at time zone 'utc') + interval '1 day' - (now() at time zone 'utc')) * 1000)::float8 as "untilMidnightMs"`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return { count: 0, waitMs: AHEAD_MS, everyMs: 0 };
  return {
    count: row.count,
    everyMs: row.everyMs,
    waitMs: row.quotaLeft ? (row.rate === null ? 0 : row.waitMs) : row.untilMidnightMs,
  };
}

/** Of the day's quota, what was reserved and not used. */
export async function giveBack(db: Database, key: string, count: number): Promise<void> {
  await sql`update pacing set day_count = greatest(0, day_count - ${count})
    where key = ${key} and day = (now() at time zone 'utc')::date`.execute(db);
}

/** Farther ahead a rate may have changed, and it is looked at again. */
export const SPREAD_SECONDS = 300;

/** Spreads messages that have to wait over the time that they need. Returns when the first of them is due, in milliseconds. */
export async function spread(db: Database, key: string, count: number, perSecond: number): Promise<number> {
  const { rows } = await sql<{ firstMs: number }>`
    insert into pacing as p (key, spread_to) values (${key}, now() + ${count / perSecond} * interval '1 second')
    on conflict (key) do update set
      spread_to = least(greatest(p.spread_to, p.next_at, now()), now() + ${SPREAD_SECONDS} * interval '1 second') + ${count / perSecond} * interval '1 second'
    returning (extract(epoch from spread_to - now()) * 1000 - ${(count / perSecond) * 1_000})::float8 as "firstMs"`.execute(
    db,
  );
  return rows[0]?.firstMs ?? 0;
}

const SLOWEST = 0.1;
const SLOW_AGAIN_SECONDS = 5;
/** A rate that has recovered to this is no limit any more. */
const FREE_PER_SECOND = 1_000;
const RECOVER_SECONDS = 30;
const RECOVERY = 1.5;

/**
 * "Not so fast": halves the rate, from what was observed (messages a second of all workers), and rests for a moment. Of many
 * such answers at once the first counts.
 */
export async function slowDown(
  db: Database,
  key: string,
  { observed, restMs, reason }: { observed: number; restMs: number; reason: string },
): Promise<void> {
  const first = Math.max(SLOWEST, observed / 2);
  await sql`
    insert into pacing as p (key, slowed_to, slowed_at, held_until, held_cause, held_reason)
    values (${key}, ${first}, now(), now() + ${restMs} * interval '1 ms', 'throttled', ${reason})
    on conflict (key) do update set
      slowed_to = greatest(${SLOWEST}, least(p.slowed_to, ${observed}) / 2), slowed_at = now(),
      next_at = greatest(p.next_at, now()), held_until = greatest(p.held_until, excluded.held_until),
      held_cause = coalesce(case when p.held_until > now() then p.held_cause end, 'throttled'), held_reason = ${reason}
    where p.slowed_at is null or p.slowed_at < now() - ${SLOW_AGAIN_SECONDS} * interval '1 second'`.execute(db);
}

/** What has been slow for a while without another complaint may be a little faster. */
export async function speedUp(db: Database): Promise<void> {
  await sql`
    update pacing set slowed_at = now(),
      slowed_to = case when slowed_to * ${RECOVERY} < ${FREE_PER_SECOND} then slowed_to * ${RECOVERY} end
    where slowed_to is not null and slowed_at < now() - ${RECOVER_SECONDS} * interval '1 second'`.execute(db);
}

/**
 * Leaves a relay or a domain alone for a time. Of failures that come together the first counts; `policy` holds stay until
 * their time or until somebody lifts them. True where this is news.
 */
export async function hold(
  db: Database,
  key: string,
  { forMs, cause, reason }: { forMs: number; cause: string; reason: string },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into pacing as p (key, held_until, held_cause, held_reason, failures)
    values (${key}, now() + ${forMs} * interval '1 ms', ${cause}, ${reason}, 1)
    on conflict (key) do update set held_until = excluded.held_until, held_cause = ${cause}, held_reason = ${reason},
      failures = p.failures + 1
    where p.held_until is null or p.held_until < now() or (${cause} = 'policy' and p.held_cause <> 'policy')`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

/** It works again. */
export async function clearFailures(db: Database, key: string): Promise<void> {
  await sql`update pacing set failures = 0, held_cause = null, held_reason = null, held_until = null
    where key = ${key} and held_cause is distinct from 'policy'`.execute(db);
}

/** Somebody says that it may be tried again, as fast as configured. True where there was something to lift. */
export async function lift(db: Database, key: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update pacing set held_until = null, held_cause = null, held_reason = null, failures = 0, slowed_to = null,
      next_at = now(), spread_to = now()
    where key = ${key} and (held_until > now() or slowed_to is not null)`.execute(db);
  return numAffectedRows === 1n;
}

/** Takes free connection slots of a key, at most `want`, out of `limit`. Returns their numbers. */
export async function takeSlots(
  db: Database,
  key: string,
  { limit, want, holder, leaseMs }: { limit: number; want: number; holder: string; leaseMs: number },
): Promise<number[]> {
  const { rows } = await sql<{ slot: number }>`
    insert into connection_slots as s (key, slot, holder, lease_until)
    select ${key}, n, ${holder}, now() + ${leaseMs} * interval '1 ms' from generate_series(1, ${limit}) n
    where not exists (select from connection_slots x where x.key = ${key} and x.slot = n and x.lease_until > now())
    order by n limit ${want}
    on conflict (key, slot) do update set holder = excluded.holder, lease_until = excluded.lease_until
    where s.lease_until <= now()
    returning slot`.execute(db);
  return rows.map((row) => row.slot);
}

/** Renews the leases of all slots of a holder. Returns what it still holds. */
export async function renewSlots(
  db: Database,
  holder: string,
  leaseMs: number,
): Promise<{ key: string; slot: number }[]> {
  const { rows } = await sql<{ key: string; slot: number }>`
    update connection_slots set lease_until = now() + ${leaseMs} * interval '1 ms' where holder = ${holder}
    returning key, slot`.execute(db);
  return rows;
}

export async function freeSlots(db: Database, key: string, slots: number[], holder: string): Promise<void> {
  await sql`delete from connection_slots where key = ${key} and slot = any(${slots}::int[]) and holder = ${holder}`.execute(
    db,
  );
}
