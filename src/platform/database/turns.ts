import { sql } from 'kysely';
import type { Database } from './database.ts';

/** In a transaction: whoever names the same thing waits until this one is through. */
export async function takeTurns(tx: Database, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 7275001))`.execute(tx);
}
