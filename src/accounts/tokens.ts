import { recordAct } from '../audit/index.ts';
import { sha256 } from '../lib/hash.ts';
import { randomId } from '../lib/ids.ts';
import { DAY_MS, MINUTE_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Account } from './account.ts';
import type { SignInParts } from './signIn.ts';

// Tokens for programs. A token may do what its scopes say and what the role of its account may, whichever is less; it ends on
// its day, when it is revoked, and with its account.

/** What a token may be for: an area, to read or to write. `sending` is approving and sending. */
export const AREAS = [
  'publication',
  'newsletters',
  'sources',
  'pieces',
  'editions',
  'sending',
  'subscribers',
  'media',
  'accounts',
  'webhooks',
  'audit',
] as const;
export type Area = (typeof AREAS)[number];
export type Scope = `${Area}:${'read' | 'write'}`;
/** Nobody writes the audit log, and pictures are for everybody to see. */
const NONE: ReadonlySet<Scope> = new Set(['audit:write', 'media:read']);
export const SCOPES: Scope[] = AREAS.flatMap((area): Scope[] => [`${area}:read`, `${area}:write`]).filter(
  (scope) => !NONE.has(scope),
);

export interface ApiToken {
  id: number;
  accountId: number;
  name: string;
  /** Its first characters. */
  beginning: string;
  scopes: Scope[];
  newsletterIds: number[] | null;
  expiresAt: Date;
  createdAt: Date;
  usedAt: Date | null;
  revokedAt: Date | null;
}

export const LONGEST_TOKEN_DAYS = 400;
const PREFIX = 'rup_';
const USED_MS = MINUTE_MS;

const COLUMNS = sql`id, account_id as "accountId", name, beginning, scopes, newsletter_ids as "newsletterIds",
  expires_at as "expiresAt", created_at as "createdAt", used_at as "usedAt", revoked_at as "revokedAt"`;

export interface NewToken {
  name: string;
  scopes: Scope[];
  newsletterIds: number[] | null;
  days: number;
}

/** Makes a token; `secret` is shown this once and kept as a hash. */
export async function makeToken(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  account: Account,
  { name, scopes, newsletterIds, days }: NewToken,
): Promise<{ token: ApiToken; secret: string }> {
  const secret = PREFIX + randomId(25);
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + Math.min(days, LONGEST_TOKEN_DAYS) * DAY_MS);
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<ApiToken>`
      insert into api_tokens (account_id, name, hash, beginning, scopes, newsletter_ids, expires_at, created_at)
      values (${account.id}, ${name}, ${sha256(secret)}, ${secret.slice(0, PREFIX.length + 4)}, ${scopes}::text[],
        ${newsletterIds}::bigint[], ${expiresAt}, ${now}) returning ${COLUMNS}`.execute(tx);
    const token = rows[0] as ApiToken;
    await recordAct(tx, {
      actor: account.name,
      act: 'token made',
      subject: `token ${token.id}`,
      detail: { name, scopes, newsletterIds, expiresAt: expiresAt.toISOString() },
    });
    return { token, secret };
  });
}

/** The token that a secret stands for, where it is good now. */
export async function findToken(db: Database, secret: string, now: Date): Promise<ApiToken | undefined> {
  if (!secret.startsWith(PREFIX) || secret.length > 100) return undefined;
  const { rows } = await sql<ApiToken>`
    select ${COLUMNS} from api_tokens where hash = ${sha256(secret)} and revoked_at is null and expires_at > ${now}`.execute(
    db,
  );
  const [token] = rows;
  if (token !== undefined && now.getTime() - (token.usedAt?.getTime() ?? 0) > USED_MS)
    await sql`update api_tokens set used_at = ${now} where id = ${token.id}`.execute(db);
  return token;
}

/** Is a token, by its id, still good? For what goes on for longer than a request. */
export async function isTokenGood(db: Database, id: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    select from api_tokens t join accounts a on a.id = t.account_id
    where t.id = ${id} and t.revoked_at is null and t.expires_at > ${now} and a.disabled_at is null`.execute(db);
  return rows.length > 0;
}

/** Of one account, or of all. */
export async function listTokens(
  db: Database,
  { accountId, after, limit }: { accountId?: number | undefined; after: number; limit: number },
): Promise<ApiToken[]> {
  const mine = accountId === undefined ? sql`` : sql`and account_id = ${accountId}`;
  const { rows } = await sql<ApiToken>`
    select ${COLUMNS} from api_tokens where id > ${after} ${mine} order by id limit ${limit}`.execute(db);
  return rows;
}

/** Of one account: those that are good first, each the newest first. */
export async function listOwnTokens(
  db: Database,
  { accountId, now, limit }: { accountId: number; now: Date; limit: number },
): Promise<ApiToken[]> {
  const { rows } = await sql<ApiToken>`
    select ${COLUMNS} from api_tokens where account_id = ${accountId}
    order by (revoked_at is null and expires_at > ${now}) desc, id desc limit ${limit}`.execute(db);
  return rows;
}

/** `accountId`: whose it must be. Throws `not-found`. Again is harmless. */
export async function revokeToken(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  id: number,
  { accountId, by }: { accountId?: number | undefined; by: string },
): Promise<void> {
  const mine = accountId === undefined ? sql`` : sql`and account_id = ${accountId}`;
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql`
      update api_tokens set revoked_at = coalesce(revoked_at, ${clock.now()}) where id = ${id} ${mine} returning id`.execute(
      tx,
    );
    if (rows.length === 0) throw new RoundupError('not-found', `There is no token ${id}.`);
    await recordAct(tx, { actor: by, act: 'token revoked', subject: `token ${id}` });
  });
}
