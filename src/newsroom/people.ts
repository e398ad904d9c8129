import {
  type Account,
  type NewAccount,
  ROLE_SENTENCES,
  createLink,
  getAccount,
  makeAccount,
  makeResetLink,
} from '../accounts/index.ts';
import { recordAct } from '../audit/index.ts';
import { findPublication, listNewsletters } from '../editions/index.ts';
import type { Mailbox } from '../lib/addresses.ts';
import { sha256 } from '../lib/hash.ts';
import { addressKey, parseAddress } from '../lib/addresses.ts';
import { HOUR_MS } from '../lib/time.ts';
import { type LetterName, letterMessage, writeLetter } from '../letters/index.ts';
import { takeFromLimit } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { wordsOf } from '../platform/smtp/index.ts';
import type { Newsroom } from './newsroom.ts';

// Letters to those who work at the desk: invitations and resets. Their links begin with the configured address of the desk.

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log' | 'relay' | 'deskUrl'>;

export interface Invited {
  account: Account;
  link: string;
  /** Undefined where the letter was taken; else why not, and the link has to be handed over some other way. */
  problem: string | undefined;
}

/** Makes an account and writes to it. Throws `state-refused` where there is one of that address. */
export async function inviteAccount(parts: Parts, person: NewAccount, by: string): Promise<Invited> {
  const { account, token } = await makeAccount(parts, person, by);
  return { account, ...(await sendInvitation(parts, account, token, by)) };
}

/** Once more, to somebody who has no password yet. Throws `not-found`, or `state-refused` where there is one. */
export async function inviteAgain(parts: Parts, accountId: number, by: string): Promise<Invited> {
  const account = await getAccount(parts.db, accountId);
  if (account.hasPassword)
    throw new RoundupError('state-refused', `${account.name} has a password already.`, {
      hint: `A new one is set by whoever forgot it, at ${parts.deskUrl}/forgotten, or with: roundup account password ${account.address}`,
    });
  const token = await createLink(parts.db, { kind: 'invitation', accountId }, parts.clock.now());
  await recordAct(parts.db, { actor: by, act: 'account invited again', subject: `account ${accountId}` });
  return { account, ...(await sendInvitation(parts, account, token, by)) };
}

async function sendInvitation(parts: Parts, account: Account, token: string, by: string) {
  const link = `${parts.deskUrl}/join/${token}`;
  const { name, role } = account;
  const problem = await write(parts, account, 'invitation', { by, name, role, does: ROLE_SENTENCES[role], link });
  return { link, problem };
}

/** One letter an address in so long, whoever asks: nobody is to be flooded with them. */
const RESET_LIMIT = { count: 3, perMs: HOUR_MS, burst: 1 };

/** Writes a reset link to an account of that address, if there is one. What becomes of it is told to nobody who asks. */
export async function sendResetLetter(parts: Parts, address: string): Promise<void> {
  const parsed = parseAddress(address);
  if (parsed === undefined) return;
  if ((await takeFromLimit(parts.db, `reset ${sha256(addressKey(parsed))}`, RESET_LIMIT)) > 0) return;
  const made = await makeResetLink(parts, parsed);
  if (made === undefined) return;
  const { account, token } = made;
  await recordAct(parts.db, { actor: account.name, act: 'reset asked for', subject: `account ${account.id}` });
  const problem = await write(parts, account, 'password-reset', { link: `${parts.deskUrl}/join/${token}` });
  if (problem !== undefined) parts.log.warn('a reset letter was not taken', { account: account.id, reason: problem });
}

async function write(
  { db, relay, clock, deskUrl }: Parts,
  { address, name }: Account,
  letter: LetterName,
  view: Record<string, string>,
): Promise<string | undefined> {
  const publication = (await findPublication(db))?.name ?? 'Roundup';
  const from = await senderOf(db, publication, deskUrl);
  const written = await writeLetter(letter, { publication, ...view });
  const message = letterMessage(written, from, { name, address }, clock.now());
  const handover = await relay.deliver({ from: from.address, to: address }, message);
  return handover.outcome === 'accepted' ? undefined : wordsOf(handover);
}

/** The first newsletter's address, under the publication's name; before there is one, one at the desk's host. */
async function senderOf(db: Newsroom['db'], name: string, deskUrl: string): Promise<Mailbox> {
  const [first] = await listNewsletters(db);
  const { hostname } = new URL(deskUrl);
  return { name, address: first?.sender.address ?? `roundup@${/^[0-9.]+$|:/.test(hostname) ? 'localhost' : hostname}` };
}
