import { sha256 } from '../lib/hash.ts';
import { randomId } from '../lib/ids.ts';
import { DAY_MS, MINUTE_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

// Sessions are rows, looked up at each request: what ends one ends it everywhere at once. The cookie holds a random name of
// 160 bits; the row holds its hash.

/** Not used for so long, it ends; and after so long anyhow. */
const IDLE_MS = 7 * DAY_MS;
const LONGEST_MS = 30 * DAY_MS;
const FACTOR_MS = 10 * MINUTE_MS;
/** That somebody is there is written down no more often than this. */
const SEEN_MS = MINUTE_MS;
const MAX_AGENT_LENGTH = 300;

export interface From {
  address: string;
  agent: string;
}

export interface Session {
  hash: string;
  accountId: number;
  createdAt: Date;
  seenAt: Date;
  address: string;
  agent: string;
}

/** `factor`: it waits for the second factor, for ten minutes, and opens nothing. Returns what goes into the cookie. */
export async function openSession(
  db: Database,
  accountId: number,
  session: { state: 'factor' | 'full'; target: string; from: From; now: Date },
): Promise<string> {
  const { state, target, from, now } = session;
  const token = randomId(20);
  const expiresAt = new Date(now.getTime() + (state === 'full' ? LONGEST_MS : FACTOR_MS));
  await sql`insert into sessions (hash, account_id, state, target, created_at, seen_at, expires_at, address, agent)
    values (${sha256(token)}, ${accountId}, ${state}, ${target}, ${now}, ${now}, ${expiresAt}, ${from.address},
      ${from.agent.slice(0, MAX_AGENT_LENGTH)})`.execute(db);
  return token;
}

/** The account of a session that is good now, and its hash. */
export async function findSession(
  db: Database,
  token: string,
  now: Date,
): Promise<{ accountId: number; hash: string } | undefined> {
  const hash = sha256(token);
  const idleSince = new Date(now.getTime() - IDLE_MS);
  const { rows } = await sql<{ accountId: number; seenAt: Date }>`
    select s.account_id as "accountId", s.seen_at as "seenAt" from sessions s join accounts a on a.id = s.account_id
    where s.hash = ${hash} and s.state = 'full' and s.expires_at > ${now} and s.seen_at > ${idleSince}
      and a.disabled_at is null`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  if (now.getTime() - row.seenAt.getTime() > SEEN_MS)
    await sql`update sessions set seen_at = ${now} where hash = ${hash}`.execute(db);
  return { accountId: row.accountId, hash };
}

/** Is a session, by its hash, still one? For what goes on for longer than a request. */
export async function isSessionGood(db: Database, hash: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select from sessions s join accounts a on a.id = s.account_id
    where s.hash = ${hash} and s.expires_at > ${now} and a.disabled_at is null`.execute(db);
  return rows.length > 0;
}

export async function sweepSessions(db: Database, now: Date): Promise<void> {
  await sql`delete from sessions where expires_at < ${now}`.execute(db);
}

/** Takes a session that waits for its second factor; it is gone with that. */
export async function readFactorSession(
  db: Database,
  token: string,
  now: Date,
): Promise<{ accountId: number; target: string } | undefined> {
  const { rows } = await sql<{ accountId: number; target: string }>`
    select account_id as "accountId", target from sessions s
    where hash = ${sha256(token)} and state = 'factor' and expires_at > ${now}
      and exists (select from accounts a where a.id = s.account_id and a.disabled_at is null)`.execute(db);
  return rows[0];
}

export async function endSession(db: Database, token: string): Promise<void> {
  await sql`delete from sessions where hash = ${sha256(token)}`.execute(db);
}

export async function endSessionByHash(db: Database, accountId: number, hash: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from sessions where account_id = ${accountId} and hash = ${hash}`.execute(db);
  return numAffectedRows === 1n;
}

/** Ends an account's sessions, but for the one that is named. */
export async function endSessions(db: Database, accountId: number, except?: string): Promise<void> {
  await sql`delete from sessions where account_id = ${accountId} and hash <> ${except ?? ''}`.execute(db);
}

export async function listSessions(db: Database, accountId: number, now: Date): Promise<Session[]> {
  const { rows } = await sql<Session>`
    select hash, account_id as "accountId", created_at as "createdAt", seen_at as "seenAt", address, agent
    from sessions where account_id = ${accountId} and state = 'full' and expires_at > ${now}
    order by seen_at desc`.execute(db);
  return rows;
}
