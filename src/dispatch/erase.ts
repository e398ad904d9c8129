import { type Database, sql } from '../platform/database/index.ts';

export interface ReaderDelivery {
  editionId: number;
  state: string;
  cause: string | null;
  reason: string | null;
  attempts: number;
  settledAt: Date | null;
}

/** What became of each edition for one reader, the newest first. */
export async function deliveriesTo(db: Database, subscriberId: number): Promise<ReaderDelivery[]> {
  const { rows } = await sql<ReaderDelivery>`
    select edition_id as "editionId", state::text as state, cause, reason, attempts, settled_at as "settledAt"
    from deliveries where subscriber_id = ${subscriberId} order by edition_id desc`.execute(db);
  return rows;
}

/**
 * Takes from the ledger's rows who they were: address, name, and what servers said. Their states stay, and so does every sum; whoever
 * is not reached yet is withdrawn.
 */
export async function eraseDeliveries(db: Database, subscriberIds: number[]): Promise<void> {
  if (subscriberIds.length === 0) return;
  await sql`
    update deliveries set address = '', name = '', reason = null,
      state = case when state in ('planned', 'deferred') then 'withdrawn' else state end::delivery_state,
      cause = case when state in ('planned', 'deferred') then 'left' else cause end,
      settled_at = case when state in ('planned', 'deferred') then now() else settled_at end,
      due_at = case when state in ('planned', 'deferred') then null else due_at end
    where subscriber_id = any(${subscriberIds}::bigint[])
      and (address <> '' or name <> '' or reason is not null or state in ('planned', 'deferred'))`.execute(db);
}
