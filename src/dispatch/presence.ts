import { type Database, sql } from '../platform/database/index.ts';

/** A worker that has not been seen for this long is not there. */
const SILENT_SECONDS = 15;

export async function reportPresence(db: Database, id: string): Promise<void> {
  await sql`insert into worker_presence (id, seen_at) values (${id}, now())
    on conflict (id) do update set seen_at = now()`.execute(db);
  await sql`delete from worker_presence where seen_at < now() - interval '1 day'`.execute(db);
}

export async function endPresence(db: Database, id: string): Promise<void> {
  await sql`delete from worker_presence where id = ${id}`.execute(db);
}

/** How many worker processes are there. */
export async function workersPresent(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from worker_presence
    where seen_at > now() - ${SILENT_SECONDS} * interval '1 second'`.execute(db);
  return rows[0]?.count ?? 0;
}
