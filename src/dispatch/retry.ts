import { type Database, sql } from '../platform/database/index.ts';
import { mailable } from '../subscribers/index.ts';
import { reopenBatches } from './audience.ts';
import type { Cause } from './delivery.ts';

/** Whom to try again. */
export interface Again {
  states: ('refused' | 'expired' | 'uncertain' | 'deferred')[];
  /** Undefined: whatever the cause. */
  causes: Cause[] | undefined;
  /** What the servers said, to the letter; whatever they said where it is not given. */
  reasons?: string[] | undefined;
}

/** Plans rows again whose readers may still be mailed, as if they had not been tried. Returns how many. */
export async function planAgain(db: Database, editionId: number, newsletterId: number, again: Again): Promise<number> {
  const { states, causes, reasons } = again;
  const { numAffectedRows } = await sql`
    update deliveries d set state = 'planned', cause = null, reason = null, settled_at = null, due_at = null, tried_at = null, attempts = 0
    from (${mailable(newsletterId)}) m
    where d.edition_id = ${editionId} and m.subscriber_id = d.subscriber_id and d.state = any(${states}::delivery_state[])
      and (${causes === undefined} or d.cause = any(${causes ?? []}::text[]))
      and (${reasons === undefined} or coalesce(d.reason, '') = any(${reasons ?? []}::text[]))`.execute(db);
  await reopenBatches(db, editionId);
  return Number(numAffectedRows ?? 0);
}

/** A domain may be sent to again, or faster: who was put off for it is due now, in all editions that are being sent. */
export async function unpark(db: Database, domain: string): Promise<void> {
  const { rows } = await sql<{ id: number }>`select id from editions where state in ('sending', 'paused')`.execute(db);
  for (const { id } of rows) {
    await sql`update deliveries set due_at = case when state = 'deferred' then now() end
      where edition_id = ${id} and (${domain} = '*' or split_part(address, '@', -1) = ${domain})
        and ((state = 'planned' and due_at is not null) or (state = 'deferred' and cause in ('policy', 'throttled', 'temporary')))`.execute(
      db,
    );
    await reopenBatches(db, id);
  }
}
