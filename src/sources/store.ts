import { type Database, sql } from '../platform/database/index.ts';
import { BY_HAND, type NewSource, type Source } from './source.ts';

const COLUMNS = sql`id, name, url, kind, is_local as "isLocal", secret, completes, etag, last_modified as "lastModified",
  checked_at as "checkedAt", succeeded_at as "succeededAt", failing_since as "failingSince", last_problem as "lastProblem",
  wait_until as "waitUntil", paused_at as "pausedAt", created_at as "createdAt", told`;

/** Undefined where its name or its address is taken. */
export async function insertSource(
  db: Database,
  source: Pick<NewSource, 'name' | 'url' | 'isLocal'> & Partial<NewSource>,
): Promise<Source | undefined> {
  const { name, url, isLocal, kind = 'feed', secret = null, completes = true } = source;
  const { rows } = await sql<Source>`
    insert into sources (name, url, kind, is_local, secret, completes)
    values (${name}, ${url}, ${kind}, ${isLocal}, ${secret}, ${completes})
    on conflict do nothing returning ${COLUMNS}`.execute(db);
  return rows[0];
}

/** The sources that are collected; the pieces that people added belong to none of them. */
export async function listSources(db: Database): Promise<Source[]> {
  return (await sql<Source>`select ${COLUMNS} from sources where name <> ${BY_HAND} order by id`.execute(db)).rows;
}

export async function findSource(db: Database, id: number): Promise<Source | undefined> {
  return (await sql<Source>`select ${COLUMNS} from sources where id = ${id}`.execute(db)).rows[0];
}

/** The source of pieces that were added by hand, made when the first one is. */
export async function sourceByHand(db: Database): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into sources (name, url, kind, is_local) values (${BY_HAND}, 'about:by-hand', 'page', false)
    on conflict (name) do update set kind = 'page' returning id`.execute(db);
  return rows[0]?.id as number;
}

export interface Success {
  etag: string | undefined;
  lastModified: string | undefined;
  movedTo: string | undefined;
}

/** `read` undefined: nothing had changed, the validators that we hold stay. */
export async function recordSuccess(db: Database, id: number, at: Date, read?: Success): Promise<void> {
  await sql`update sources set checked_at = ${at}, succeeded_at = ${at}, last_problem = null, failing_since = null,
      wait_until = null,
      etag = case when ${read === undefined} then etag else ${read?.etag ?? null} end,
      last_modified = case when ${read === undefined} then last_modified else ${read?.lastModified ?? null} end
    where id = ${id}`.execute(db);
  if (read?.movedTo === undefined) return;
  // Another source may have that address already; then this one stays where it is.
  await sql`update sources set url = ${read.movedTo}
    where id = ${id} and not exists (select from sources where url = ${read.movedTo})`.execute(db);
}

export async function recordProblem(
  db: Database,
  id: number,
  at: Date,
  problem: string,
  waitUntil: Date | undefined,
): Promise<void> {
  await sql`update sources set checked_at = ${at}, last_problem = ${problem}, wait_until = ${waitUntil ?? null},
      failing_since = coalesce(failing_since, ${at})
    where id = ${id}`.execute(db);
}

/** Changes what the operator may change of a source; false where the name is taken. */
export async function updateSource(
  db: Database,
  id: number,
  change: Partial<Pick<Source, 'name' | 'url' | 'isLocal' | 'completes' | 'pausedAt' | 'secret'>>,
): Promise<void> {
  const { name, url, isLocal, completes, pausedAt, secret } = change;
  await sql`update sources set name = coalesce(${name ?? null}, name), url = coalesce(${url ?? null}, url),
      is_local = coalesce(${isLocal ?? null}::boolean, is_local), completes = coalesce(${completes ?? null}::boolean, completes),
      secret = coalesce(${secret ?? null}, secret),
      etag = case when ${url === undefined} then etag end, last_modified = case when ${url === undefined} then last_modified end,
      paused_at = case when ${pausedAt === undefined} then paused_at else ${pausedAt ?? null}::timestamptz end
    where id = ${id}`.execute(db);
}

/** False where another process has told it. */
export async function markSourceTold(
  db: Database,
  { id, told: before }: Pick<Source, 'id' | 'told'>,
  told: Source['told'],
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update sources set told = ${told} where id = ${id} and told is not distinct from ${before}`.execute(db);
  return numAffectedRows === 1n;
}
