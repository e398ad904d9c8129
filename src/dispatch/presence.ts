import { type Database, sql } from '../platform/database/index.ts';

/** A worker that has not been seen for this long is not there. */
const SILENT_SECONDS = 15;

/** `sending`: it has mail to hand over just now, and wants its share of what is limited. */
export async function reportPresence(db: Database, id: string, sending: boolean): Promise<void> {
  await sql`insert into worker_presence (id, seen_at, sending) values (${id}, now(), ${sending})
    on conflict (id) do update set seen_at = now(), sending = excluded.sending`.execute(db);
  await sql`delete from worker_presence where seen_at < now() - interval '1 day'`.execute(db);
}

export async function endPresence(db: Database, id: string): Promise<void> {
  await sql`delete from worker_presence where id = ${id}`.execute(db);
}

/** How many worker processes are there. */
export async function workersPresent(db: Database): Promise<number> {
  return (await count(db)).workers;
}

/** How many of them have mail to hand over. */
export async function sendersPresent(db: Database): Promise<number> {
  return (await count(db)).senders;
}

async function count(db: Database): Promise<{ workers: number; senders: number }> {
  const { rows } = await sql<{ workers: number; senders: number }>`
    select count(*)::int as workers, (count(*) filter (where sending))::int as senders from worker_presence
    where seen_at > now() - ${SILENT_SECONDS} * interval '1 second'`.execute(db);
  return rows[0] ?? { workers: 0, senders: 0 };
}
