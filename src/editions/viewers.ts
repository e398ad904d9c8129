import { type Database, sql } from '../platform/database/index.ts';

// Who has an edition before them at the desk. Each says so every few seconds, and who has not said so of late is gone.

export interface Viewer {
  accountId: number;
  name: string;
}

/** Somebody is there who said so within this time. */
const PRESENT_MS = 12_000;

export async function noteViewer(db: Database, editionId: number, { accountId, name }: Viewer): Promise<void> {
  await sql`insert into edition_viewers (edition_id, account_id, name, seen_at)
    values (${editionId}, ${accountId}, ${name}, now())
    on conflict (edition_id, account_id) do update set name = excluded.name, seen_at = excluded.seen_at`.execute(db);
}

export async function removeViewer(db: Database, editionId: number, accountId: number): Promise<void> {
  await sql`delete from edition_viewers where edition_id = ${editionId} and account_id = ${accountId}`.execute(db);
}

export async function listViewers(db: Database, editionId: number): Promise<Viewer[]> {
  const { rows } = await sql<Viewer>`
    select account_id as "accountId", name from edition_viewers
    where edition_id = ${editionId} and seen_at > now() - ${PRESENT_MS} * interval '1 ms' order by name, account_id`.execute(
    db,
  );
  return rows;
}
