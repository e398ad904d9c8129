import { type Database, sql } from '../platform/database/index.ts';

export interface KeptMail {
  /** The same for the same mail, however often it comes. */
  hash: string;
  at: Date;
  from: string;
  to: string[];
  /** Null where it has done its work. */
  message: Buffer | null;
  /** What was done about it: "unsubscribed"; empty where nothing was yet. */
  done: string;
}

/** False where it is there already. */
export async function insertIncoming(tx: Database, mail: KeptMail): Promise<boolean> {
  const { hash, at, from, to, message, done } = mail;
  const { numAffectedRows } = await sql`
    insert into incoming_mails (hash, received_at, mail_from, rcpt_to, message, done)
    values (${hash}, ${at}, ${from}, ${to}::text[], ${message}, ${done}) on conflict do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

export async function countIncoming(db: Database): Promise<{ done: string; count: number; last: Date }[]> {
  const { rows } = await sql<{ done: string; count: number; last: Date }>`
    select done, count(*)::int as count, max(received_at) as last from incoming_mails group by done order by done`.execute(
    db,
  );
  return rows;
}

export async function sweepIncoming(db: Database, before: Date): Promise<void> {
  await sql`delete from incoming_mails where received_at < ${before}`.execute(db);
}

/** Mails from or to somebody, or with the address in them. */
export async function eraseIncoming(tx: Database, address: string): Promise<void> {
  const key = address.toLowerCase();
  await sql`delete from incoming_mails where lower(mail_from) = ${key} or exists (select from unnest(rcpt_to) r where lower(r) = ${key})
    or position(convert_to(${address}, 'UTF8') in message) > 0 or position(convert_to(${key}, 'UTF8') in message) > 0`.execute(
    tx,
  );
}
