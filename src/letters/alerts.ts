import { type Database, sql } from '../platform/database/index.ts';
import type { LetterName } from './letter.ts';

// What editors have to be told. An alert is a row before it is a letter, so that it is not lost with the process that raised
// it.

export interface Alert {
  id: number;
  newsletterId: number;
  editionId: number | null;
  kind: LetterName;
  detail: Record<string, string | number>;
  raisedAt: Date;
}

/** In the transaction of what it tells of. `detail` is what the letter's template asks for. */
export async function raiseAlert(db: Database, alert: Omit<Alert, 'id' | 'raisedAt'>): Promise<void> {
  const { newsletterId, editionId, kind, detail } = alert;
  await sql`insert into alerts (newsletter_id, edition_id, kind, detail)
    values (${newsletterId}, ${editionId}, ${kind}, ${JSON.stringify(detail)}::jsonb)`.execute(db);
}

/** Of an edition, to its newsletter's editors. */
export async function raiseEditionAlert(
  db: Database,
  editionId: number,
  kind: LetterName,
  detail: Alert['detail'],
): Promise<void> {
  await sql`insert into alerts (newsletter_id, edition_id, kind, detail)
    select newsletter_id, id, ${kind}, ${JSON.stringify(detail)}::jsonb from editions where id = ${editionId}`.execute(
    db,
  );
}

/** The next one after an id that nobody else has in hand, for this transaction. */
export async function takeAlert(db: Database, after: number): Promise<Alert | undefined> {
  const { rows } = await sql<Alert>`
    select id, newsletter_id as "newsletterId", edition_id as "editionId", kind, detail, raised_at as "raisedAt"
    from alerts where told_at is null and id > ${after} order by id limit 1 for update skip locked`.execute(db);
  return rows[0];
}

export async function untoldAlerts(db: Database): Promise<Alert[]> {
  const { rows } = await sql<Alert>`
    select id, newsletter_id as "newsletterId", edition_id as "editionId", kind, detail, raised_at as "raisedAt"
    from alerts where told_at is null order by id limit 20`.execute(db);
  return rows;
}

export async function markTold(db: Database, id: number): Promise<void> {
  await sql`update alerts set told_at = now() where id = ${id}`.execute(db);
}
