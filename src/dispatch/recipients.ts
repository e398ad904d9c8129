import { type Database, sql } from '../platform/database/index.ts';
import type { Cause, DeliveryState } from './delivery.ts';
import { type SumsOf, recentSums } from './figures.ts';

/** One row of the ledger, as it is shown. */
export interface Delivery {
  subscriberId: number;
  address: string;
  state: DeliveryState;
  cause: Cause | null;
  /** The server's own words. */
  reason: string | null;
  attempts: number;
  doubts: number;
  relay: string | null;
  dueAt: Date | null;
  settledAt: Date | null;
  batch: number;
}

export interface DeliveryQuery {
  limit: number;
  /** The row that the page before ended with. */
  after?: { batch: number; subscriberId: number } | undefined;
  state?: DeliveryState | undefined;
  /** Who got it? The reader, or, for somebody whom we do not have any more, the whole address as it was. */
  subscriberId?: number | undefined;
  address?: string | undefined;
}

/** In the ledger's own order. */
export async function listDeliveries(
  db: Database,
  edition: SumsOf,
  { limit, after, state, subscriberId, address }: DeliveryQuery,
): Promise<Delivery[]> {
  // What there is none of is not looked for through millions of rows.
  if (state !== undefined && (await recentSums(db, edition)).value[state] === 0) return [];
  const { rows } = await sql<Delivery>`
    select subscriber_id as "subscriberId", address, state::text as state, cause, reason, attempts, doubts, relay,
      due_at as "dueAt", settled_at as "settledAt", batch
    from deliveries where edition_id = ${edition.id}
      and ${after === undefined ? sql`true` : sql`(batch, subscriber_id) > (${after.batch}, ${after.subscriberId})`}
      and ${state === undefined ? sql`true` : sql`state = ${state}::delivery_state`}
      and ${subscriberId === undefined ? sql`true` : sql`subscriber_id = ${subscriberId}`}
      and ${address === undefined ? sql`true` : sql`lower(address) = ${address.toLowerCase()}`}
    order by batch, subscriber_id limit ${limit}`.execute(db);
  return rows;
}
