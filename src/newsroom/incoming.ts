import { insertIncoming, plainRecipient, wishToLeave } from '../bounces/index.ts';
import { sha256 } from '../lib/hash.ts';
import { networkOf } from '../lib/network.ts';
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

const PER_NETWORK = { count: 3_000, perMs: HOUR_MS, burst: 1_000 };
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
  if (!isFetched && (await takeFromLimit(db, `mail from ${networkOf(mail.client)}`, PER_NETWORK)) > 0)
    throw new TooMuch();
  const link =
    unsubscribeAddress === undefined
      ? undefined
      : await wishToLeave(mail, { keys, address: unsubscribeAddress, isFetched });
  const hash = sha256(mail.message.toString('latin1'), mail.to.join(' '));
  await db.transaction().execute(async (tx) => {
    const kept = { hash, at: clock.now(), from: mail.from, to: mail.to };
    if (link === undefined) return void (await insertIncoming(tx, { ...kept, message: mail.message, done: '' }));
    // Who has left is written down with the subscription; the mail has nothing more to say.
    const isNew = await insertIncoming(tx, { ...kept, from: '', to: [], message: null, done: 'unsubscribed' });
    if (isNew) await endAsReader(tx, link, 'by mail');
  });
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
