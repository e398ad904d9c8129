import { type Database, sql } from '../platform/database/index.ts';

export type SlotOutcome = 'opened' | 'too_little_news' | 'missed';

/**
 * Takes a slot for this transaction; false where it is taken. A second caller waits here until the first has committed, and
 * is then told so: one edition a slot, whoever asks.
 */
export async function takeSlot(db: Database, newsletterId: number, slotAt: Date, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into slots (newsletter_id, slot_at, outcome, opened_at)
    values (${newsletterId}, ${slotAt}, 'opening', ${now}) on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}

export async function settleSlot(
  db: Database,
  newsletterId: number,
  slotAt: Date,
  outcome: SlotOutcome,
  editionId: number | null,
): Promise<void> {
  await sql`update slots set outcome = ${outcome}, edition_id = ${editionId}
    where newsletter_id = ${newsletterId} and slot_at = ${slotAt}`.execute(db);
}

/** The instants of the slots since `after` that are taken, as milliseconds. */
export async function takenSlots(db: Database, newsletterId: number, after: Date): Promise<Set<number>> {
  const { rows } = await sql<{ slotAt: Date }>`
    select slot_at as "slotAt" from slots where newsletter_id = ${newsletterId} and slot_at > ${after}`.execute(db);
  return new Set(rows.map((row) => row.slotAt.getTime()));
}
