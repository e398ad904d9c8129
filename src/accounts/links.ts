import { sha256 } from '../lib/hash.ts';
import { randomId } from '../lib/ids.ts';
import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

export type LinkKind = 'first' | 'invitation' | 'reset' | 'sign-in';

const LIFE_MS: Record<LinkKind, number> = {
  first: DAY_MS,
  invitation: 7 * DAY_MS,
  reset: HOUR_MS,
  'sign-in': DAY_MS,
};

export interface AccountLink {
  kind: LinkKind;
  /** Null for `first`. */
  accountId: number | null;
  target: string;
}

/** A one-time link's token. An older link of its kind for that account is good no more. */
export async function createLink(
  db: Database,
  { kind, accountId, target = '/' }: Pick<AccountLink, 'kind' | 'accountId'> & { target?: string },
  now: Date,
): Promise<string> {
  const token = randomId(20);
  if (kind !== 'sign-in')
    await sql`delete from account_links where kind = ${kind} and account_id is not distinct from ${accountId}`.execute(
      db,
    );
  await sql`insert into account_links (hash, kind, account_id, target, expires_at)
    values (${sha256(token)}, ${kind}, ${accountId}, ${target}, ${new Date(now.getTime() + LIFE_MS[kind])})`.execute(
    db,
  );
  return token;
}

export async function sweepLinks(db: Database, now: Date): Promise<void> {
  await sql`delete from account_links where expires_at < ${new Date(now.getTime() - DAY_MS)}`.execute(db);
}

/** What a link is for, without using it up: a GET changes nothing. */
export async function readLink(
  db: Database,
  token: string,
  kinds: LinkKind[],
  now: Date,
): Promise<AccountLink | undefined> {
  const { rows } = await sql<AccountLink>`
    select l.kind, l.account_id as "accountId", l.target from account_links l
    where l.hash = ${sha256(token)} and l.kind = any(${kinds}::text[]) and l.used_at is null and l.expires_at > ${now}
      and not exists (select from accounts a where a.id = l.account_id and a.disabled_at is not null)`.execute(db);
  return rows[0];
}

/** Uses it up; undefined where it is used, expired, of another kind or unknown. */
export async function useLink(
  db: Database,
  token: string,
  kinds: LinkKind[],
  now: Date,
): Promise<AccountLink | undefined> {
  const { rows } = await sql<AccountLink>`
    update account_links l set used_at = ${now}
    where hash = ${sha256(token)} and kind = any(${kinds}::text[]) and used_at is null and expires_at > ${now}
      and not exists (select from accounts a where a.id = l.account_id and a.disabled_at is not null)
    returning kind, account_id as "accountId", target`.execute(db);
  return rows[0];
}

/** Links that were made for an account and not used: a change of password or factor ends them. */
export async function endLinks(db: Database, accountId: number): Promise<void> {
  await sql`delete from account_links where account_id = ${accountId} and used_at is null`.execute(db);
}
