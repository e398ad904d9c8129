import { type Database, sql } from '../platform/database/index.ts';

/** In the place of an address; sums by domain show it as a domain of its own (RFC 2606: there is none). */
const ERASED = '@erased.invalid';

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
    update deliveries set address = ${ERASED}, name = '', reason = null,
      state = case when state in ('planned', 'deferred') then 'withdrawn' else state end::delivery_state,
      cause = case when state in ('planned', 'deferred') then 'left' else cause end,
      settled_at = case when state in ('planned', 'deferred') then now() else settled_at end,
      due_at = case when state in ('planned', 'deferred') then null else due_at end
    where subscriber_id = any(${subscriberIds}::bigint[])
      and (address <> ${ERASED} or name <> '' or reason is not null or state in ('planned', 'deferred'))`.execute(db);
}

/** What waits for a reader goes to their new address; what a worker has in hand goes, and stays booked, where it was to go. */
export async function readdress(tx: Database, subscriberId: number, address: string): Promise<void> {
  await sql`
    with free as (
      select b.edition_id, b.batch from batches b join editions e on e.id = b.edition_id
      where e.state in ('sending', 'paused') and b.claim is null and exists (select from deliveries d
        where d.edition_id = b.edition_id and d.batch = b.batch and d.subscriber_id = ${subscriberId})
      for update of b
    )
    update deliveries d set address = ${address} from free f
    where d.edition_id = f.edition_id and d.batch = f.batch and d.subscriber_id = ${subscriberId}
      and d.state in ('planned', 'deferred')`.execute(tx);
}

/** For statements of others: whom the ledger has rows of. */
export function mailedSubscribers() {
  return sql`select d.subscriber_id from deliveries d where d.address <> ${ERASED}`;
}
