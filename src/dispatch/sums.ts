import { type Database, sql } from '../platform/database/index.ts';
import { DELIVERY_STATES, type Sums } from './delivery.ts';

// Every number that is shown is one of these sums. Editions whose rows were deleted after the retention keep theirs.

export async function sumsOf(db: Database, editionId: number): Promise<Sums> {
  const { rows } = await sql<{ state: string; count: number }>`
    select state, count(*)::int as count from deliveries where edition_id = ${editionId} group by state`.execute(db);
  if (rows.length === 0) return (await archivedSums(db, editionId)) ?? asSums([]);
  return asSums(rows);
}

async function archivedSums(db: Database, editionId: number): Promise<Sums | undefined> {
  const { rows } = await sql<{ sums: Sums }>`select sums from ledger_archive where edition_id = ${editionId}`.execute(
    db,
  );
  return rows[0]?.sums;
}

/** Of counts by state. */
export function asSums(rows: { state: string; count: number }[]): Sums {
  const counts = Object.fromEntries(DELIVERY_STATES.map((state) => [state, 0]));
  for (const { state, count } of rows) counts[state] = count;
  return { ...counts, audience: rows.reduce((sum, row) => sum + row.count, 0) } as Sums;
}

export interface DomainSums {
  domain: string;
  accepted: number;
  /** Planned, under way or put off. */
  waiting: number;
  deferred: number;
  refused: number;
  uncertain: number;
  /** Whatever is not accepted and not waiting. */
  other: number;
}

/** The recipient domains of an edition, the largest first. */
export async function sumsByDomain(db: Database, editionId: number, limit: number): Promise<DomainSums[]> {
  const { rows } = await sql<DomainSums>`
    select split_part(address, '@', -1) as domain,
      count(*) filter (where state = 'accepted')::int as accepted,
      count(*) filter (where state in ('planned', 'handing', 'deferred'))::int as waiting,
      count(*) filter (where state = 'deferred')::int as deferred,
      count(*) filter (where state = 'refused')::int as refused,
      count(*) filter (where state = 'uncertain')::int as uncertain,
      count(*) filter (where state not in ('accepted', 'planned', 'handing', 'deferred'))::int as other
    from deliveries where edition_id = ${editionId} group by 1 order by count(*) desc, 1 limit ${limit}`.execute(db);
  return rows;
}

export interface Reason {
  state: string;
  cause: string | null;
  reason: string;
  count: number;
}

/** Why mails were not accepted, the most frequent first. */
export async function reasonsOf(db: Database, editionId: number, limit: number): Promise<Reason[]> {
  const { rows } = await sql<Reason>`
    select state::text as state, cause, coalesce(reason, '') as reason, count(*)::int as count
    from deliveries where edition_id = ${editionId} and state in ('deferred', 'refused', 'uncertain', 'withdrawn', 'expired')
    group by 1, 2, 3 order by 4 desc, 1, 2, 3 limit ${limit}`.execute(db);
  return rows;
}

/** Mails accepted a second over the last so many seconds. */
export async function acceptedPerSecond(db: Database, editionId: number, seconds: number): Promise<number> {
  const { rows } = await sql<{ rate: number | null }>`
    select count(*) / greatest(1, extract(epoch from now() - greatest(min(settled_at), now() - ${seconds} * interval '1 second')))::float8 as rate
    from deliveries where edition_id = ${editionId} and state = 'accepted'
      and settled_at > now() - ${seconds} * interval '1 second'`.execute(db);
  return rows[0]?.rate ?? 0;
}

/** Who is planned or under way; who was put off is not among them. */
export async function remainingByDomain(db: Database, editionId: number): Promise<{ domain: string; count: number }[]> {
  const { rows } = await sql<{ domain: string; count: number }>`
    select split_part(address, '@', -1) as domain, count(*)::int as count from deliveries
    where edition_id = ${editionId} and state in ('planned', 'handing') group by 1`.execute(db);
  return rows;
}

/** Mails a second of the newsletter's last send: until nineteen of twenty were accepted, so that stragglers do not count. */
export async function lastPace(db: Database, newsletterId: number): Promise<number | undefined> {
  const { rows } = await sql<{ pace: number | null }>`
    select 0.95 * count(*) / greatest(0.1, extract(epoch from to_timestamp(percentile_cont(0.95) within group (order by extract(epoch from d.settled_at)::float8)) - min(d.settled_at)))::float8 as pace
    from deliveries d where d.state = 'accepted' and d.edition_id = (
      select max(id) from editions where newsletter_id = ${newsletterId} and state = 'sent')`.execute(db);
  return rows[0]?.pace ?? undefined;
}
