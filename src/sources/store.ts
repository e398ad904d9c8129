import { type Database, sql } from '../platform/database/index.ts';
import type { NewSource, Source } from './source.ts';

const COLUMNS = sql`id, name, url, is_local as "isLocal", etag, last_modified as "lastModified",
  checked_at as "checkedAt", succeeded_at as "succeededAt", last_problem as "lastProblem"`;

export async function insertSource(db: Database, source: NewSource): Promise<Source | undefined> {
  const { rows } = await sql<Source>`
    insert into sources (name, url, is_local) values (${source.name}, ${source.url}, ${source.isLocal})
    on conflict do nothing returning ${COLUMNS}`.execute(db);
  return rows[0];
}

export async function listSources(db: Database): Promise<Source[]> {
  return (await sql<Source>`select ${COLUMNS} from sources order by id`.execute(db)).rows;
}

export async function findSource(db: Database, id: number): Promise<Source | undefined> {
  return (await sql<Source>`select ${COLUMNS} from sources where id = ${id}`.execute(db)).rows[0];
}

/** `validators` undefined: nothing had changed, those that we hold stay. */
export async function recordSuccess(
  db: Database,
  id: number,
  at: Date,
  validators?: { etag: string | undefined; lastModified: string | undefined },
): Promise<void> {
  await sql`update sources set checked_at = ${at}, succeeded_at = ${at}, last_problem = null,
      etag = case when ${validators === undefined} then etag else ${validators?.etag ?? null} end,
      last_modified = case when ${validators === undefined} then last_modified else ${validators?.lastModified ?? null} end
    where id = ${id}`.execute(db);
}

export async function recordProblem(db: Database, id: number, at: Date, problem: string): Promise<void> {
  await sql`update sources set checked_at = ${at}, last_problem = ${problem} where id = ${id}`.execute(db);
}
