import { type Edition, moveEdition } from '../editions/index.ts';
import { type Database, sql } from '../platform/database/index.ts';

// What editors have to be told. An alert is a row before it is a letter, so that it is not lost with the process that raised it.

export type AlertKind =
  /** A recipient domain refuses us and is left alone. */
  | 'domain-held'
  /** Several do, and the edition is held. */
  | 'edition-held'
  /** A mail could not be made as it was approved, and the edition is held. */
  | 'mail-not-made';

export interface Alert {
  id: number;
  newsletterId: number;
  editionId: number;
  kind: AlertKind;
  detail: Record<string, string | number>;
  raisedAt: Date;
}

export async function raiseAlert(
  db: Database,
  editionId: number,
  kind: AlertKind,
  detail: Alert['detail'],
): Promise<void> {
  await sql`insert into alerts (newsletter_id, edition_id, kind, detail)
    select newsletter_id, id, ${kind}, ${JSON.stringify(detail)}::jsonb from editions where id = ${editionId}`.execute(
    db,
  );
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

/** Pauses a send and says why. Undefined where it was not being sent. */
export async function holdEdition(
  db: Database,
  editionId: number,
  kind: AlertKind,
  detail: Alert['detail'],
): Promise<Edition | undefined> {
  return db.transaction().execute(async (tx) => {
    const held = await moveEdition(tx, editionId, ['sending'], 'paused');
    if (held !== undefined) await raiseAlert(tx, editionId, kind, detail);
    return held;
  });
}
