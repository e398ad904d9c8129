import { type Database, sql } from '../platform/database/index.ts';
import type { BatchKey, Cause, Claimed } from './delivery.ts';

// Claims. A worker holds a batch by its fencing token for as long as its lease runs; the rows themselves say who handed them
// over. A batch's `due_at` says when somebody in it is due, and is null where nobody is left.

/**
 * Claims a batch that is due and that nobody holds, and what of it is due. Rows that an earlier holder left in `handing` are in
 * doubt from here on; where the policy is to send such mails again, they are planned. Undefined where there is nothing to do.
 */
export async function claimBatch(
  db: Database,
  editionId: number,
  batch: number,
  { leaseMs, resend }: { leaseMs: number; resend: boolean },
): Promise<{ claim: number; rows: Claimed[] } | undefined> {
  const { rows: claims } = await sql<{ claim: number }>`
    update batches set claim = nextval('delivery_claims'), lease_until = now() + ${leaseMs} * interval '1 ms'
    where edition_id = ${editionId} and batch = ${batch} and due_at <= now()
      and (lease_until is null or lease_until < now())
      and exists (select from editions where id = ${editionId} and state = 'sending')
    returning claim`.execute(db);
  const claim = claims[0]?.claim;
  if (claim === undefined) return undefined;
  await sql`
    update deliveries set due_at = null, settled_at = now(),
      state = case when ${resend} and doubts + (state = 'handing')::int < ${MOST_DOUBTS} then 'planned' else 'uncertain' end::delivery_state,
      doubts = doubts + (state = 'handing')::int, cause = case when state = 'handing' then 'worker-lost' else cause end
    where edition_id = ${editionId} and batch = ${batch}
      and (state = 'handing' or (${isToBeSentAgain(resend)} and coalesce(due_at, now()) <= now()))`.execute(db);
  const { rows } = await sql<Claimed>`
    select subscriber_id as "subscriberId", address, name, attempts from deliveries
    where edition_id = ${editionId} and batch = ${batch}
      and ((state = 'planned' and (due_at is null or due_at <= now())) or (state = 'deferred' and due_at <= now()))
    order by subscriber_id`.execute(db);
  return { claim, rows };
}

/** A mail that has been in doubt so often is not sent again by itself: somebody has to look at it. */
export const MOST_DOUBTS = 3;
/** Each doubt but the first is slept over. */
export const DOUBT_SECONDS = 60;

function isToBeSentAgain(resend: boolean) {
  return sql`(${resend} and state = 'uncertain' and doubts < ${MOST_DOUBTS})`;
}

/** A row that was claimed and not begun, and when it is to be tried. */
export interface Parked {
  subscriberId: number;
  waitMs: number;
}

/** Gives a batch back; from its rows it says when it is due again, or that nobody in it is left. */
export async function releaseBatch(
  db: Database,
  { editionId, batch, claim }: BatchKey,
  parked: Parked[],
  resend: boolean,
): Promise<void> {
  if (parked.length > 0) {
    await sql`
      update deliveries d set due_at = now() + p."waitMs" * interval '1 ms'
      from jsonb_to_recordset(${JSON.stringify(parked)}::jsonb) as p("subscriberId" bigint, "waitMs" bigint)
      where d.edition_id = ${editionId} and d.batch = ${batch} and d.subscriber_id = p."subscriberId"
        and d.state in ('planned', 'deferred')
        and exists (select from batches where edition_id = ${editionId} and batch = ${batch} and claim = ${claim})`.execute(
      db,
    );
  }
  await sql`
    update batches set claim = null, lease_until = null, due_at = (
      select min(case when d.state = 'handing' then now() else coalesce(d.due_at, now()) end)
      from deliveries d where d.edition_id = ${editionId} and d.batch = ${batch}
        and (d.state in ('planned', 'deferred', 'handing') or ${isToBeSentAgain(resend)}))
    where edition_id = ${editionId} and batch = ${batch} and claim = ${claim}`.execute(db);
}

/** Of those that are still held under these tokens. Returns them: a token that does not come back was lost. */
export async function renewLeases(db: Database, keys: BatchKey[], leaseMs: number): Promise<Set<number>> {
  const { rows } = await sql<{ claim: number }>`
    update batches b set lease_until = now() + ${leaseMs} * interval '1 ms'
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k("editionId" bigint, batch int, claim bigint)
    where b.edition_id = k."editionId" and b.batch = k.batch and b.claim = k.claim
    returning b.claim`.execute(db);
  return new Set(rows.map((row) => row.claim));
}

/** Batches in which somebody is due and that nobody holds. */
export async function dueBatches(db: Database, editionId: number, limit: number): Promise<number[]> {
  const { rows } = await sql<{ batch: number }>`
    select batch from batches where edition_id = ${editionId} and due_at <= now()
      and (lease_until is null or lease_until < now())
    order by batch limit ${limit}`.execute(db);
  return rows.map((row) => row.batch);
}

/** Is there a batch with somebody left in it that nobody holds? */
export async function hasFreeBatches(db: Database, editionId: number): Promise<boolean> {
  const { rows } = await sql`select from batches
    where edition_id = ${editionId} and due_at is not null and claim is null limit 1`.execute(db);
  return rows.length > 0;
}

/**
 * Takes batches from workers that have gone silent. What they were handing over may have arrived: it is uncertain. Their
 * tokens stay on the rows, so that a worker that was only cut off may still come and say what became of a mail.
 */
export async function reapSilentBatches(db: Database, editionId: number): Promise<number> {
  const { numAffectedRows } = await sql`
    with lost as (
      update batches set claim = null, lease_until = null, due_at = now()
      where edition_id = ${editionId} and claim is not null and lease_until < now() returning batch
    )
    update deliveries d set state = 'uncertain', doubts = d.doubts + 1, settled_at = now(),
      due_at = now() + d.doubts * ${DOUBT_SECONDS} * interval '1 second', cause = ${'worker-lost' satisfies Cause},
      reason = 'the worker was lost while it handed the mail over'
    from lost where d.edition_id = ${editionId} and d.batch = lost.batch and d.state = 'handing'`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/**
 * The same for an edition that was stopped: rows that were marked in the moment in which their batch was lost. One that is being
 * sent, or will be, finds them when the batch is claimed the next time.
 */
export async function doubtOrphans(db: Database, editionId: number): Promise<void> {
  await sql`
    update deliveries d set state = 'uncertain', doubts = d.doubts + 1, settled_at = now(),
      due_at = now() + d.doubts * ${DOUBT_SECONDS} * interval '1 second', cause = ${'worker-lost' satisfies Cause},
      reason = 'the worker was lost while it handed the mail over'
    from batches b where b.edition_id = ${editionId} and b.claim is null and b.due_at is not null
      and d.edition_id = ${editionId} and d.batch = b.batch and d.state = 'handing'`.execute(db);
}

/** Whom no server has taken for too long, since the first try or since the edition was taken up again. True where there were any. */
export async function expireDeferred(db: Database, editionId: number, maxAgeHours: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update deliveries d set state = 'expired', settled_at = now(), due_at = null
    from batches b, editions e
    where b.edition_id = ${editionId} and b.due_at is not null and b.claim is null and e.id = ${editionId}
      and d.edition_id = ${editionId} and d.batch = b.batch and d.state = 'deferred'
      and greatest(d.tried_at, e.retried_at) < now() - ${maxAgeHours} * interval '1 hour'`.execute(db);
  return (numAffectedRows ?? 0n) > 0n;
}

/** True where nobody is left to be reached: `uncertain` rows count as left where they are to be sent again. */
export async function isFinished(db: Database, editionId: number, resend: boolean): Promise<boolean> {
  const { rows: open } =
    await sql`select from batches where edition_id = ${editionId} and due_at is not null limit 1`.execute(db);
  if (open.length > 0) return false;
  const { rows } = await sql<{ left: number[] | null }>`
    select array_agg(distinct batch) as left from deliveries where edition_id = ${editionId}
      and (state in ('planned', 'handing', 'deferred') or ${isToBeSentAgain(resend)})`.execute(db);
  const left = rows[0]?.left ?? [];
  if (left.length === 0) return true;
  // The rows have the last word: a batch that was closed too early is opened again.
  await sql`update batches set due_at = now() where edition_id = ${editionId} and batch = any(${left}::int[])`.execute(
    db,
  );
  return false;
}
