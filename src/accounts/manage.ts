import { differenceOf, recordAct } from '../audit/index.ts';
import { type Database, resetLimit, takeTurns } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Account, NewAccount } from './account.ts';
import { newRecoveryCodes, newSecret, recoveryHash, stepOf } from './factor.ts';
import { createLink, endLinks, useLink } from './links.ts';
import { checkPassword, hashPassword, isPassword } from './password.ts';
import { endSessions } from './sessions.ts';
import { type SignInParts, TRIES, allowTry, subjectOf } from './signIn.ts';
import {
  findAccount,
  findAccountByAddress,
  hasAccounts,
  insertAccount,
  lockAdministrators,
  readCredentials,
  replaceRecoveryCodes,
  saveFactor,
  savePasswordHash,
  updateAccount,
  useTotpStep,
} from './store.ts';

// What is done with accounts. Whatever changes a password, a role or a factor ends the account's other sessions in the same
// transaction.

type Parts = Pick<SignInParts, 'db' | 'clock'>;

/** Throws `not-found`. */
export async function getAccount(db: Database, id: number): Promise<Account> {
  const account = await findAccount(db, id);
  if (account !== undefined) return account;
  throw new RoundupError('not-found', `There is no account ${id}.`, {
    hint: 'See which there are with: roundup account list',
  });
}

/** Makes an account that waits for its password; `token` is for the link that sets it. Throws `state-refused` where it exists. */
export async function makeAccount(
  { db, clock }: Parts,
  account: NewAccount,
  by: string,
): Promise<{ account: Account; token: string }> {
  return db.transaction().execute(async (tx) => {
    const made = await insertAccount(tx, account, clock.now());
    if (made === undefined)
      throw new RoundupError('state-refused', `There is an account of ${account.address} already.`);
    const { role, newsletterIds } = made;
    await recordAct(tx, { actor: by, act: 'account made', subject: subjectOf(made), detail: { role, newsletterIds } });
    const token = await createLink(tx, { kind: 'invitation', accountId: made.id }, clock.now());
    return { account: made, token };
  });
}

const FIRST = 'the first account';

/** A link that makes the first administrator, which an older one is no more; undefined where there are accounts. */
export async function makeFirstLink({ db, clock }: Parts): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    await takeTurns(tx, FIRST);
    return (await hasAccounts(tx)) ? undefined : createLink(tx, { kind: 'first', accountId: null }, clock.now());
  });
}

/** The first administrator, by the link that the first start prints. Throws `input-invalid`, or `not-found` for a used link. */
export async function makeFirstAdministrator(
  { db, clock }: Parts,
  token: string,
  { password, ...person }: { address: string; name: string; password: string },
): Promise<Account> {
  checkPassword(password, person);
  const hash = await hashPassword(password);
  return db.transaction().execute(async (tx) => {
    await takeTurns(tx, FIRST);
    const link = await useLink(tx, token, ['first'], clock.now());
    if (link === undefined || (await hasAccounts(tx))) throw usedLink();
    const account = await insertAccount(tx, { ...person, role: 'administrator', newsletterIds: null }, clock.now());
    if (account === undefined) throw usedLink();
    await savePasswordHash(tx, account.id, hash);
    await recordAct(tx, { actor: account.name, act: 'first administrator made', subject: subjectOf(account) });
    return account;
  });
}

/**
 * Sets a password by a link: an invitation's or a reset's. Every session of the account ends, and none begins: whoever has the
 * link signs in like anybody else, second factor included. Throws `input-invalid`, or `not-found` for a used link.
 */
export async function setPasswordByLink(
  { db, clock }: Parts,
  token: string,
  password: string,
  accountId: number,
): Promise<Account> {
  const account = await getAccount(db, accountId);
  checkPassword(password, account);
  const hash = await hashPassword(password);
  return db.transaction().execute(async (tx) => {
    const link = await useLink(tx, token, ['invitation', 'reset'], clock.now());
    if (link === undefined || link.accountId !== accountId) throw usedLink();
    await savePasswordHash(tx, accountId, hash);
    await endSessions(tx, accountId);
    await endLinks(tx, accountId);
    const act = link.kind === 'invitation' ? 'invitation taken' : 'password reset';
    await recordAct(tx, { actor: account.name, act, subject: subjectOf(account) });
    return account;
  });
}

function usedLink(): RoundupError {
  return new RoundupError('not-found', 'This link has been used or is too old.', { hint: 'Ask for a new one.' });
}

/** Of oneself: the old one is asked for. `keep`: the session that goes on. Throws `forbidden` for a wrong one. */
export async function changePassword(
  { db }: Parts,
  account: Account,
  { old, password }: { old: string; password: string },
  keep: string | undefined,
): Promise<void> {
  if (!(await confirmsPassword({ db }, account, old)))
    throw new RoundupError('forbidden', 'The present password is another one.');
  checkPassword(password, account);
  await setPassword({ db }, account, password, { by: account.name, keep });
}

/** By the operator, at the command line. Throws `input-invalid`. */
export async function setPassword(
  { db }: Pick<Parts, 'db'>,
  account: Account,
  password: string,
  { by, keep }: { by: string; keep?: string | undefined },
): Promise<void> {
  checkPassword(password, account);
  const hash = await hashPassword(password);
  await db.transaction().execute(async (tx) => {
    await savePasswordHash(tx, account.id, hash);
    await endSessions(tx, account.id, keep);
    await endLinks(tx, account.id);
    await recordAct(tx, { actor: by, act: 'password changed', subject: subjectOf(account) });
  });
}

export type AccountChange = Partial<Pick<Account, 'name' | 'role' | 'newsletterIds'>> & { disabled?: boolean };

/** Throws `state-refused` where nobody would be left who may decide. */
export async function changeAccount(
  { db, clock }: Parts,
  id: number,
  { disabled, ...change }: AccountChange,
  by: string,
): Promise<Account> {
  return db.transaction().execute(async (tx) => {
    const administrators = await lockAdministrators(tx);
    const before = await getAccount(tx, id);
    const disabledAt =
      disabled === undefined ? before.disabledAt : disabled ? (before.disabledAt ?? clock.now()) : null;
    const after = { ...before, ...change, disabledAt };
    const stays = after.role === 'administrator' && after.disabledAt === null && after.newsletterIds === null;
    if (!stays && administrators.every((one) => one === id) && administrators.length > 0)
      throw new RoundupError(
        'state-refused',
        `${before.name} is the last administrator of all newsletters who can sign in.`,
        {
          hint: 'Make somebody else one first.',
        },
      );
    await updateAccount(tx, id, after);
    const difference = differenceOf(before, after);
    if (Object.keys(difference).some((field) => field !== 'name')) {
      await endSessions(tx, id);
      await endLinks(tx, id);
    }
    await recordAct(tx, { actor: by, act: 'account changed', subject: subjectOf(before), detail: difference });
    return getAccount(tx, id);
  });
}

/** Begins to set up a second factor: its secret, for the authenticator. It counts once a code of it was right. */
export async function beginFactor(
  { db, keys }: SignInParts,
  account: Account,
): Promise<{ secret: string; uri: string }> {
  if (account.hasFactor)
    throw new RoundupError('state-refused', 'There is a second factor already.', { hint: 'Take it away first.' });
  const { secret, uri, sealed } = newSecret(keys, account.address);
  await saveFactor(db, account.id, sealed, null);
  return { secret, uri };
}

/** Ends setting it up; returns the recovery codes, shown this once. Throws `forbidden` for a wrong code. */
export async function confirmFactor(
  { db, keys, clock }: SignInParts,
  account: Account,
  code: string,
  keep: string | undefined,
): Promise<string[]> {
  const { totpSecret, totpSince } = (await readCredentials(db, account.id)) ?? {};
  const step = totpSecret && !totpSince ? stepOf(keys, totpSecret, code, clock.now()) : undefined;
  if (step === undefined)
    throw new RoundupError('forbidden', 'This code is wrong, or too old.', {
      hint: 'Type the one that your authenticator shows now; its clock must be right.',
    });
  const codes = newRecoveryCodes();
  await db.transaction().execute(async (tx) => {
    await saveFactor(tx, account.id, totpSecret as string, clock.now());
    await useTotpStep(tx, account.id, step);
    await replaceRecoveryCodes(
      tx,
      account.id,
      codes.map((one) => recoveryHash(account.id, one)),
    );
    await endSessions(tx, account.id, keep);
    await endLinks(tx, account.id);
    await recordAct(tx, { actor: account.name, act: 'second factor set up', subject: subjectOf(account) });
  });
  return codes;
}

/** New recovery codes; the old ones are good no more. */
export async function renewRecoveryCodes({ db }: Pick<Parts, 'db'>, account: Account): Promise<string[]> {
  const codes = newRecoveryCodes();
  await db.transaction().execute(async (tx) => {
    await replaceRecoveryCodes(
      tx,
      account.id,
      codes.map((one) => recoveryHash(account.id, one)),
    );
    await recordAct(tx, { actor: account.name, act: 'recovery codes renewed', subject: subjectOf(account) });
  });
  return codes;
}

/** Somebody else's, who has lost it. One's own takes the password. Throws `not-found`, `state-refused`. */
export async function removeFactorOf(
  { db }: Pick<Parts, 'db'>,
  accountId: number,
  administrator: Account,
): Promise<Account> {
  if (accountId === administrator.id)
    throw new RoundupError(
      'state-refused',
      'Take your own second factor away on your own page; it asks for your password.',
    );
  const account = await getAccount(db, accountId);
  await removeFactor({ db }, account, { by: administrator.name });
  return account;
}

export async function removeFactor(
  { db }: Pick<Parts, 'db'>,
  account: Account,
  { by, keep }: { by: string; keep?: string | undefined },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await saveFactor(tx, account.id, null, null);
    await replaceRecoveryCodes(tx, account.id, []);
    await endSessions(tx, account.id, keep);
    await endLinks(tx, account.id);
    await recordAct(tx, { actor: by, act: 'second factor removed', subject: subjectOf(account) });
  });
}

/** Is it the account's password? For what wants it once more. Throws `too-many-requests` after too many that were not. */
export async function confirmsPassword(
  { db }: Pick<Parts, 'db'>,
  account: Account,
  password: string,
): Promise<boolean> {
  const limit = `password of ${account.id}`;
  await allowTry(db, limit, TRIES);
  const isRight = await isPassword((await readCredentials(db, account.id))?.passwordHash ?? null, password);
  if (isRight) await resetLimit(db, limit);
  return isRight;
}

/** A link to set a new password; undefined where there is no such account, which is told to nobody. */
export async function makeResetLink(
  { db, clock }: Parts,
  address: string,
): Promise<{ account: Account; token: string } | undefined> {
  const account = await findAccountByAddress(db, address);
  if (account === undefined || account.disabledAt !== null) return undefined;
  const kind = account.hasPassword ? 'reset' : 'invitation';
  return { account, token: await createLink(db, { kind, accountId: account.id }, clock.now()) };
}
