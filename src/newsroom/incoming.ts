import { insertIncoming, plainRecipient, wishToLeave } from '../bounces/index.ts';
import { sha256 } from '../lib/hash.ts';
import { networkOf, plainAddress } from '../lib/network.ts';
import { HOUR_MS, MINUTE_MS } from '../lib/time.ts';
import type { Config } from '../platform/config/index.ts';
import { takeFromLimit } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { type IncomingMail, TooMuch, fetchMail } from '../platform/incoming/index.ts';
import { endAsReader } from './leave.ts';
import type { Newsroom } from './newsroom.ts';

// Mail that comes back: who writes to the address for it leaves, and everything else is kept as it came. Nothing is answered (RFC 3834):
// whoever answered a machine would hear from it again.

type Parts = Pick<Newsroom, 'db' | 'clock' | 'keys' | 'unsubscribeAddress'>;

/** Of what is no wish to leave. Mail servers of ours, by LMTP or from this machine, have more to bring than a stranger may. */
const PER_NETWORK = { count: 300, perMs: HOUR_MS, burst: 100 };
/** A report's own part stands first; what it quotes may be long. */
const KEPT_BYTES = 256 * 1_024;
const EACH_MAILBOX = { count: 1, perMs: MINUTE_MS };

/** Is it one of ours to take mail for? The postmaster's always is (RFC 5321 4.5.1). */
export function isOurAddress(
  address: string,
  { unsubscribeAddress, returnPath }: Pick<Config, 'unsubscribeAddress' | 'returnPath'>,
): boolean {
  const ours = [unsubscribeAddress, returnPath].filter((one) => one !== undefined).map((one) => one.toLowerCase());
  const plain = plainRecipient(address);
  return ours.includes(plain) || ours.some((one) => plain === `postmaster@${one.split('@').at(-1)}`);
}

/**
 * Keeps a mail, and ends the subscription of whoever asks for it by it. The same mail again is harmless. Throws `TooMuch` where a network
 * sends more than anybody needs to.
 */
export async function takeIncoming({ db, clock, keys, unsubscribeAddress }: Parts, mail: IncomingMail): Promise<void> {
  const isFetched = mail.client === '';
  const link =
    unsubscribeAddress === undefined
      ? undefined
      : await wishToLeave(mail, { keys, address: unsubscribeAddress, isFetched });
  const isStranger = !isFetched && !mail.isTrusted && plainAddress(mail.client)?.startsWith('127.') !== true;
  if (link === undefined && isStranger) {
    const waitMs = await takeFromLimit(db, `mail from ${networkOf(mail.client)}`, PER_NETWORK);
    if (waitMs > 0) throw new TooMuch();
  }
  const hash = sha256(mail.message.toString('latin1'), mail.to.join(' '));
  await db.transaction().execute(async (tx) => {
    const kept = { hash, at: clock.now(), from: storable(mail.from), to: mail.to.map(storable) };
    const message = mail.message.subarray(0, KEPT_BYTES);
    if (link === undefined) return void (await insertIncoming(tx, { ...kept, message, done: '' }));
    // Who has left is written down with the subscription; the mail has nothing more to say.
    const isNew = await insertIncoming(tx, { ...kept, from: '', to: [], message: null, done: 'unsubscribed' });
    if (isNew) await endAsReader(tx, link, 'by mail');
  });
}

/** A header's text as the database takes it. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** Looks into the mailboxes, each once a minute over all processes. */
export async function fetchIncoming(
  parts: Parts & Pick<Newsroom, 'log'>,
  mailboxes: Config['incoming']['mailboxes'],
): Promise<void> {
  for (const mailbox of mailboxes) {
    const name = `${mailbox.user} at ${mailbox.host}`;
    if ((await takeFromLimit(parts.db, `mailbox ${name} ${mailbox.folder}`, EACH_MAILBOX)) > 0) continue;
    try {
      const count = await fetchMail(mailbox, (mail) => takeIncoming(parts, mail));
      if (count > 0) parts.log.info(`${count} mails fetched from the mailbox of ${name}`);
    } catch (error) {
      parts.log.warn(`the mailbox of ${name} could not be read`, { reason: reasonOf(error) });
    }
  }
}
