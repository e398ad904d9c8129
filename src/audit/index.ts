import { type Database, sql } from '../platform/database/index.ts';

export interface Act {
  /** Who: a name, or the part of the program that acted by itself. */
  actor: string;
  /** What, as noun and verb: "edition approved". */
  act: string;
  /** On what: "edition 12". */
  subject: string;
  detail?: Record<string, unknown>;
}

/** Writes an act down, in the transaction in which it is done. */
export async function recordAct(db: Database, { actor, act, subject, detail = {} }: Act): Promise<void> {
  await sql`insert into audit_log (actor, act, subject, detail)
    values (${actor}, ${act}, ${subject}, ${JSON.stringify(detail)}::jsonb)`.execute(db);
}
