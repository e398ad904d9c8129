import { type Database, sql } from '../platform/database/index.ts';
import { mailable } from '../subscribers/index.ts';
import { type Claimed, DELIVERY_STATES, type Settlement, type Sums } from './delivery.ts';

/** Recipients of one batch, and so of one job. */
export const BATCH_SIZE = 250;

/**
 * Freezes the audience of an edition into its own partition of the ledger, in one statement for all rows; a partition is
 * filled before it is attached, so that others never wait for it. Returns the audience's size. Once an edition.
 */
export async function freezeAudience(
  db: Database,
  editionId: number,
  newsletterId: number,
  hash: string,
): Promise<number> {
  const partition = sql.raw(`deliveries_${Number(editionId)}`);
  const id = sql.raw(String(Number(editionId)));
  await sql`create table ${partition} (like deliveries including all, check (edition_id = ${id})) with (fillfactor = 60)`.execute(
    db,
  );
  const { numAffectedRows } = await sql`
    insert into ${partition} (edition_id, batch, subscriber_id, address, name, hash)
    select ${editionId}, (row_number() over (order by m.subscriber_id) - 1) / ${BATCH_SIZE}, m.subscriber_id, m.address, m.name, ${hash}
    from (${mailable(newsletterId)}) m`.execute(db);
  await sql`alter table deliveries attach partition ${partition} for values in (${id})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Claims what of a batch is due and nobody else holds, under a new fencing token, while the edition is being sent. */
export async function claimBatch(
  db: Database,
  editionId: number,
  batch: number,
  leaseMs: number,
): Promise<{ claim: number; rows: Claimed[] }> {
  const { rows: tokens } = await sql<{ claim: number }>`select nextval('delivery_claims') as claim`.execute(db);
  const claim = tokens[0]?.claim ?? 0;
  const { rows } = await sql<Claimed>`
    update deliveries d set claim = ${claim}, lease_until = now() + ${leaseMs} * interval '1 ms'
    where d.edition_id = ${editionId} and d.batch = ${batch}
      and (d.state = 'planned' or (d.state = 'deferred' and d.due_at <= now()))
      and (d.lease_until is null or d.lease_until < now())
      and exists (select from editions e where e.id = ${editionId} and e.state = 'sending')
    returning d.subscriber_id as "subscriberId", d.address, d.name, d.attempts`.execute(db);
  return { claim, rows };
}

export interface HandoverGrant {
  subscriberId: number;
  granted: boolean;
}

/**
 * The last look before a mail leaves: marks rows as being handed over if this claim still holds them, the edition is being
 * sent, and the reader still wants it; who has left or was suppressed in the meantime is withdrawn. Rows that do not come
 * back are not ours any more. To be committed before DATA.
 */
export async function markHanding(
  db: Database,
  key: { editionId: number; batch: number; newsletterId: number; claim: number },
  subscriberIds: number[],
  leaseMs: number,
): Promise<HandoverGrant[]> {
  const { rows } = await sql<HandoverGrant>`
    with wanted as (
      select m.subscriber_id from (${mailable(key.newsletterId)}) m where m.subscriber_id = any(${subscriberIds}::bigint[])
    )
    update deliveries d set
      state = case when w.subscriber_id is null then 'withdrawn' else 'handing' end::delivery_state,
      attempts = d.attempts + case when w.subscriber_id is null then 0 else 1 end,
      reason = case when w.subscriber_id is null then 'left or suppressed before the hand-over' end,
      settled_at = case when w.subscriber_id is null then now() end,
      lease_until = now() + ${leaseMs} * interval '1 ms'
    from unnest(${subscriberIds}::bigint[]) as asked(id)
    left join wanted w on w.subscriber_id = asked.id
    where d.edition_id = ${key.editionId} and d.batch = ${key.batch} and d.subscriber_id = asked.id
      and d.claim = ${key.claim} and d.state in ('planned', 'deferred')
      and exists (select from editions e where e.id = ${key.editionId} and e.state = 'sending')
    returning d.subscriber_id as "subscriberId", d.state = 'handing' as granted`.execute(db);
  return rows;
}

/** Writes down what became of mails. Holds for as long as nobody else has claimed the row since: late news are still news. */
export async function settle(
  db: Database,
  key: { editionId: number; batch: number; claim: number },
  settlements: Settlement[],
): Promise<void> {
  await sql`
    update deliveries d set state = r.state::delivery_state, reason = nullif(r.reason, ''), settled_at = now(),
      doubts = d.doubts + case when r.state = 'uncertain' then 1 else 0 end,
      attempts = d.attempts - case when r.unsent then 1 else 0 end,
      due_at = case when r.state = 'deferred' then now() + r."waitMs" * interval '1 ms' end, lease_until = null
    from jsonb_to_recordset(${JSON.stringify(settlements)}::jsonb)
      as r("subscriberId" bigint, state text, reason text, "waitMs" bigint, unsent boolean)
    where d.edition_id = ${key.editionId} and d.batch = ${key.batch} and d.subscriber_id = r."subscriberId"
      and d.claim = ${key.claim} and d.state in ('handing', 'uncertain', 'planned')`.execute(db);
}

/** Gives back what was claimed and not begun. */
export async function releaseClaim(
  db: Database,
  key: { editionId: number; batch: number; claim: number },
): Promise<void> {
  await sql`update deliveries set claim = null, lease_until = null
    where edition_id = ${key.editionId} and batch = ${key.batch} and claim = ${key.claim}
      and state in ('planned', 'deferred')`.execute(db);
}

export async function renewLeases(
  db: Database,
  key: { editionId: number; batch: number; claim: number },
  leaseMs: number,
): Promise<void> {
  await sql`update deliveries set lease_until = now() + ${leaseMs} * interval '1 ms'
    where edition_id = ${key.editionId} and batch = ${key.batch} and claim = ${key.claim}
      and state in ('planned', 'deferred', 'handing')`.execute(db);
}

/** Rows whose process went silent while it was handing them over: they may have arrived. */
export async function doubtSilentRows(db: Database, editionId: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update deliveries set state = 'uncertain', doubts = doubts + 1, settled_at = now(), lease_until = null,
      reason = 'the worker was lost while it handed the mail over'
    where edition_id = ${editionId} and state = 'handing' and lease_until < now()`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/**
 * The policy `resend`: who may not have got it gets it, the very same mail, again. The claim stays until another is made, so
 * that its holder may still come and say what became of the mail.
 */
export async function replanUncertain(db: Database, editionId: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update deliveries set state = 'planned', lease_until = null
    where edition_id = ${editionId} and state = 'uncertain'`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export async function expireDeferred(db: Database, editionId: number, maxAgeHours: number): Promise<void> {
  await sql`
    update deliveries d set state = 'expired', settled_at = now()
    from editions e
    where d.edition_id = ${editionId} and e.id = d.edition_id and d.state = 'deferred'
      and (d.lease_until is null or d.lease_until < now())
      and e.started_at + ${maxAgeHours} * interval '1 hour' < now()`.execute(db);
}

/** A stopped edition: whoever has not been reached will not be. */
export async function withdrawRemaining(db: Database, editionId: number, reason: string): Promise<void> {
  await sql`update deliveries set state = 'withdrawn', reason = ${reason}, settled_at = now()
    where edition_id = ${editionId} and state in ('planned', 'deferred')`.execute(db);
}

/** Batches with somebody in them whose turn it is and whom nobody holds. */
export async function openBatches(db: Database, editionId: number, limit: number): Promise<number[]> {
  const { rows } = await sql<{ batch: number }>`
    select distinct batch from deliveries
    where edition_id = ${editionId} and (state = 'planned' or (state = 'deferred' and due_at <= now()))
      and (lease_until is null or lease_until < now())
    order by batch limit ${limit}`.execute(db);
  return rows.map((row) => row.batch);
}

/** True where nobody is left to be reached: `uncertain` rows count as left where they are to be sent again. */
export async function isFinished(db: Database, editionId: number, resend: boolean): Promise<boolean> {
  const { rows } = await sql<{ finished: boolean }>`
    select not exists (
      select from deliveries where edition_id = ${editionId}
        and (state in ('planned', 'handing', 'deferred') or (${resend} and state = 'uncertain'))
    ) as finished`.execute(db);
  return rows[0]?.finished ?? false;
}

export async function sumsOf(db: Database, editionId: number): Promise<Sums> {
  const { rows } = await sql<{ state: string; count: number }>`
    select state, count(*)::int as count from deliveries where edition_id = ${editionId} group by state`.execute(db);
  const counts = Object.fromEntries(DELIVERY_STATES.map((state) => [state, 0]));
  for (const { state, count } of rows) counts[state] = count;
  return { ...counts, audience: rows.reduce((sum, row) => sum + row.count, 0) } as Sums;
}

export interface DomainSums {
  domain: string;
  accepted: number;
  waiting: number;
  other: number;
}

/** The recipient domains of an edition, the largest first. */
export async function sumsByDomain(db: Database, editionId: number, limit: number): Promise<DomainSums[]> {
  const { rows } = await sql<DomainSums>`
    select split_part(address, '@', -1) as domain,
      count(*) filter (where state = 'accepted')::int as accepted,
      count(*) filter (where state in ('planned', 'handing', 'deferred'))::int as waiting,
      count(*) filter (where state not in ('accepted', 'planned', 'handing', 'deferred'))::int as other
    from deliveries where edition_id = ${editionId} group by 1 order by count(*) desc, 1 limit ${limit}`.execute(db);
  return rows;
}

export interface Reason {
  state: string;
  reason: string;
  count: number;
}

/** Why mails were not accepted, the most frequent first. */
export async function reasonsOf(db: Database, editionId: number, limit: number): Promise<Reason[]> {
  const { rows } = await sql<Reason>`
    select state::text as state, coalesce(reason, '') as reason, count(*)::int as count
    from deliveries where edition_id = ${editionId} and state in ('deferred', 'refused', 'uncertain', 'withdrawn', 'expired')
    group by 1, 2 order by 3 desc, 1, 2 limit ${limit}`.execute(db);
  return rows;
}
