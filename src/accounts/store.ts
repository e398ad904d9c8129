import { addressKey } from '../lib/addresses.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { Account, NewAccount } from './account.ts';

const COLUMNS = sql`id, address, name, role, newsletter_ids as "newsletterIds", password_hash is not null as "hasPassword",
  totp_since is not null as "hasFactor", created_at as "createdAt", signed_in_at as "signedInAt",
  disabled_at as "disabledAt"`;

/** Undefined where there is an account of that address. */
export async function insertAccount(db: Database, account: NewAccount, now: Date): Promise<Account | undefined> {
  const { address, name, role, newsletterIds } = account;
  const { rows } = await sql<Account>`
    insert into accounts (address, address_key, name, role, newsletter_ids, created_at)
    values (${address}, ${addressKey(address)}, ${name}, ${role}, ${newsletterIds}::bigint[], ${now})
    on conflict do nothing returning ${COLUMNS}`.execute(db);
  return rows[0];
}

export async function findAccount(db: Database, id: number): Promise<Account | undefined> {
  return (await sql<Account>`select ${COLUMNS} from accounts where id = ${id}`.execute(db)).rows[0];
}

export async function findAccountByAddress(db: Database, address: string): Promise<Account | undefined> {
  const { rows } = await sql<Account>`
    select ${COLUMNS} from accounts where address_key = ${addressKey(address)}`.execute(db);
  return rows[0];
}

export async function listAccounts(db: Database, after: number, limit: number): Promise<Account[]> {
  const { rows } = await sql<Account>`
    select ${COLUMNS} from accounts where id > ${after} order by id limit ${limit}`.execute(db);
  return rows;
}

/** Are there accounts at all? Without one, the first administrator is made by a link that is printed. */
export async function hasAccounts(db: Database): Promise<boolean> {
  return (await sql`select from accounts limit 1`.execute(db)).rows.length > 0;
}

/** Locks the administrators of the whole house who can sign in, so that two callers cannot take away the last two at once. */
export async function lockAdministrators(db: Database): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from accounts a where role = 'administrator' and disabled_at is null and newsletter_ids is null
      and (password_hash is not null or exists (select from account_identities i where i.account_id = a.id))
    order by id for update`.execute(db);
  return rows.map(({ id }) => id);
}

export async function updateAccount(
  db: Database,
  id: number,
  { name, role, newsletterIds, disabledAt }: Pick<Account, 'name' | 'role' | 'newsletterIds' | 'disabledAt'>,
): Promise<void> {
  await sql`update accounts set name = ${name}, role = ${role}, newsletter_ids = ${newsletterIds}::bigint[],
    disabled_at = ${disabledAt} where id = ${id}`.execute(db);
}

export async function markSignedIn(db: Database, id: number, now: Date): Promise<void> {
  await sql`update accounts set signed_in_at = ${now} where id = ${id}`.execute(db);
}

export interface Credentials {
  id: number;
  passwordHash: string | null;
  totpSecret: string | null;
  totpSince: Date | null;
}

export async function readCredentials(db: Database, id: number): Promise<Credentials | undefined> {
  const { rows } = await sql<Credentials>`
    select id, password_hash as "passwordHash", totp_secret as "totpSecret", totp_since as "totpSince"
    from accounts where id = ${id}`.execute(db);
  return rows[0];
}

export async function savePasswordHash(db: Database, id: number, hash: string): Promise<void> {
  await sql`update accounts set password_hash = ${hash} where id = ${id}`.execute(db);
}

/** `since` null: it is being set up. A null secret takes the factor away. */
export async function saveFactor(db: Database, id: number, secret: string | null, since: Date | null): Promise<void> {
  await sql`update accounts set totp_secret = ${secret}, totp_since = ${since}, totp_step = 0 where id = ${id}`.execute(
    db,
  );
}

/** False where a code of that time step, or of a later one, was used before. */
export async function useTotpStep(db: Database, id: number, step: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update accounts set totp_step = ${step} where id = ${id} and totp_step < ${step}`.execute(db);
  return numAffectedRows === 1n;
}

export async function replaceRecoveryCodes(db: Database, id: number, hashes: string[]): Promise<void> {
  await sql`delete from recovery_codes where account_id = ${id}`.execute(db);
  await sql`insert into recovery_codes (account_id, hash) select ${id}, unnest(${hashes}::text[])`.execute(db);
}

/** False where it is none of the account's, or was used. */
export async function useRecoveryCode(db: Database, id: number, hash: string, now: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update recovery_codes set used_at = ${now} where account_id = ${id} and hash = ${hash} and used_at is null`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

export async function countRecoveryCodes(db: Database, id: number): Promise<number> {
  const { rows } = await sql<{ left: number }>`
    select count(*)::int as left from recovery_codes where account_id = ${id} and used_at is null`.execute(db);
  return rows[0]?.left ?? 0;
}

export async function accountOfIdentity(db: Database, issuer: string, subject: string): Promise<Account | undefined> {
  const { rows } = await sql<Account>`
    select ${COLUMNS} from accounts where id = (
      select account_id from account_identities where issuer = ${issuer} and subject = ${subject})`.execute(db);
  return rows[0];
}

/** False where that person of the provider is another account's, or the account another person's. */
export async function linkIdentity(db: Database, issuer: string, subject: string, accountId: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into account_identities (issuer, subject, account_id)
    select ${issuer}, ${subject}, ${accountId}
    where not exists (select from account_identities where issuer = ${issuer} and account_id = ${accountId})
    on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}
