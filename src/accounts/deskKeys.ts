import { sha256 } from '../lib/hash.ts';
import { randomId } from '../lib/ids.ts';
import { HOUR_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

// Until there are accounts, the desk opens to whoever has a one-time link that the program has printed: it is good once, for
// a day, and opens a session. Only hashes are kept.

const LINK_MS = 24 * HOUR_MS;
const SESSION_MS = 7 * 24 * HOUR_MS;

/** A token for `/enter/<token>` that leads to `target`, a path of the desk. */
export async function createDeskLink(db: Database, target: string, now: Date): Promise<string> {
  return insertKey(db, 'link', target, new Date(now.getTime() + LINK_MS));
}

/** Uses a link up: a session's token and where to go, or undefined where it is used, expired or unknown. */
export async function enterByLink(
  db: Database,
  token: string,
  now: Date,
): Promise<{ session: string; target: string } | undefined> {
  const { rows } = await sql<{ target: string }>`
    update desk_keys set used_at = ${now}
    where hash = ${sha256(token)} and kind = 'link' and used_at is null and expires_at > ${now}
    returning target`.execute(db);
  const [link] = rows;
  if (link === undefined) return undefined;
  return { session: await insertKey(db, 'session', '/', new Date(now.getTime() + SESSION_MS)), target: link.target };
}

export async function isDeskSession(db: Database, token: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select from desk_keys where hash = ${sha256(token)} and kind = 'session' and expires_at > ${now}`.execute(db);
  return rows.length > 0;
}

async function insertKey(db: Database, kind: 'link' | 'session', target: string, expiresAt: Date): Promise<string> {
  const token = randomId(20);
  await sql`insert into desk_keys (hash, kind, target, expires_at)
    values (${sha256(token)}, ${kind}, ${target}, ${expiresAt})`.execute(db);
  await sql`delete from desk_keys where expires_at < now() - interval '1 day'`.execute(db);
  return token;
}
