import { recordAct } from '../audit/index.ts';
import { addressKey, parseAddress } from '../lib/addresses.ts';
import { sha256 } from '../lib/hash.ts';
import { networkOf } from '../lib/network.ts';
import { MINUTE_MS } from '../lib/time.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Clock } from '../platform/clock.ts';
import { type Database, type RateLimit, resetLimit, takeFromLimit } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Account } from './account.ts';
import { recoveryHash, stepOf } from './factor.ts';
import { useLink } from './links.ts';
import { isPassword } from './password.ts';
import { type From, endSession, openSession, readFactorSession } from './sessions.ts';
import {
  findAccount,
  findAccountByAddress,
  markSignedIn,
  readCredentials,
  useRecoveryCode,
  useTotpStep,
} from './store.ts';

// Signing in: a password, or a provider's word, or a one-time link; then the second factor, where the account has one; then a
// session, which is always a new one. Wrong tries are limited by account and by network address, in the database.

export interface SignInParts {
  db: Database;
  clock: Clock;
  keys: SigningKeys;
}

export type SignedIn =
  | { outcome: 'signed-in'; cookie: string; account: Account; target: string }
  | { outcome: 'factor-wanted'; cookie: string }
  | { outcome: 'refused' };

/** Of one thing to guess, from one place. */
export const TRIES: RateLimit = { count: 10, perMs: 15 * MINUTE_MS, burst: 5 };
const PER_NETWORK: RateLimit = { count: 60, perMs: 15 * MINUTE_MS, burst: 20 };
/** From wherever: more, so that a stranger's tries from one place do not keep the account's owner out. */
const PER_ACCOUNT: RateLimit = { count: 60, perMs: 60 * MINUTE_MS, burst: 60 };

/** With a password. Throws `too-many-requests`. The answer and its time are the same for known and unknown addresses. */
export async function signIn(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  given: { address: string; password: string; target: string },
  from: From,
): Promise<SignedIn> {
  const address = parseAddress(given.address) ?? given.address.slice(0, 254);
  const network = networkOf(from.address);
  const name = `sign-in account ${sha256(addressKey(address))}`;
  const limits: [string, RateLimit][] = [
    [`sign-in from ${network}`, PER_NETWORK],
    [`${name} from ${network}`, TRIES],
    [name, PER_ACCOUNT],
  ];
  for (const [key, limit] of limits) await allowTry(db, key, limit);
  const account = await findAccountByAddress(db, address);
  const usable = account !== undefined && account.disabledAt === null ? account : undefined;
  const credentials = usable === undefined ? undefined : await readCredentials(db, usable.id);
  const isRight = await isPassword(credentials?.passwordHash ?? null, given.password);
  if (usable === undefined || !isRight) {
    await recordAct(db, { actor: address, act: 'sign-in refused', subject: subjectOf(account) });
    return { outcome: 'refused' };
  }
  for (const [key] of limits.slice(1)) await resetLimit(db, key);
  return admit({ db, clock }, usable, given.target, from);
}

/** Somebody of whom we know who it is: a session, or the question for the second factor. */
export async function admit(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  account: Account,
  target: string,
  from: From,
): Promise<SignedIn> {
  const now = clock.now();
  if (account.hasFactor)
    return {
      outcome: 'factor-wanted',
      cookie: await openSession(db, account.id, { state: 'factor', target, from, now }),
    };
  return { outcome: 'signed-in', target, account, cookie: await enter(db, account, target, from, now) };
}

/** With a code of the authenticator, or a recovery code. The waiting session is replaced by a new one. Throws `too-many-requests`. */
export async function proveFactor(
  { db, clock, keys }: SignInParts,
  waiting: string,
  code: string,
  from: From,
): Promise<SignedIn> {
  const now = clock.now();
  const session = await readFactorSession(db, waiting, now);
  const account = session === undefined ? undefined : await findAccount(db, session.accountId);
  if (session === undefined || account === undefined) return { outcome: 'refused' };
  const limit = `second factor ${account.id}`;
  await allowTry(db, limit, TRIES);
  if (!(await isCode({ db, keys }, account.id, code, now))) {
    await recordAct(db, { actor: account.name, act: 'second factor refused', subject: subjectOf(account) });
    return { outcome: 'refused' };
  }
  await resetLimit(db, limit);
  return db.transaction().execute(async (tx) => {
    await endSession(tx, waiting);
    const cookie = await enter(tx, account, session.target, from, now);
    return { outcome: 'signed-in', cookie, account, target: session.target };
  });
}

/** By a link that was printed for the operator; the second factor is asked for all the same. */
export async function signInByLink(
  { db, clock }: Pick<SignInParts, 'db' | 'clock'>,
  token: string,
  from: From,
): Promise<SignedIn> {
  const link = await useLink(db, token, ['sign-in'], clock.now());
  const account = link === undefined || link.accountId === null ? undefined : await findAccount(db, link.accountId);
  if (link === undefined || account === undefined) return { outcome: 'refused' };
  return admit({ db, clock }, account, link.target, from);
}

async function enter(db: Database, account: Account, target: string, from: From, now: Date): Promise<string> {
  const cookie = await openSession(db, account.id, { state: 'full', target, from, now });
  await markSignedIn(db, account.id, now);
  await recordAct(db, { actor: account.name, act: 'signed in', subject: subjectOf(account) });
  return cookie;
}

async function isCode(
  { db, keys }: Pick<SignInParts, 'db' | 'keys'>,
  accountId: number,
  code: string,
  now: Date,
): Promise<boolean> {
  const { totpSecret, totpSince } = (await readCredentials(db, accountId)) ?? {};
  const step = totpSecret && totpSince ? stepOf(keys, totpSecret, code, now) : undefined;
  if (step !== undefined) return useTotpStep(db, accountId, step);
  return useRecoveryCode(db, accountId, recoveryHash(accountId, code), now);
}

/** Throws `too-many-requests`. */
export async function allowTry(db: Database, key: string, limit: RateLimit): Promise<void> {
  const waitMs = await takeFromLimit(db, key, limit);
  if (waitMs === 0) return;
  const minutes = Math.ceil(waitMs / MINUTE_MS);
  throw new RoundupError(
    'too-many-requests',
    `Too many tries to sign in. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}, then try again.`,
    { retryMs: waitMs },
  );
}

export function subjectOf(account: Pick<Account, 'id'> | undefined): string {
  return account === undefined ? 'no account' : `account ${account.id}`;
}
