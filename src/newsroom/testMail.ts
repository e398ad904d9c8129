import { recordAct } from '../audit/index.ts';
import { dkimKeysFor } from '../dispatch/index.ts';
import { findPublication, listNewsletters } from '../editions/index.ts';
import { letterMessage, writeLetter } from '../letters/index.ts';
import { domainOf, parseAddress } from '../lib/addresses.ts';
import { RoundupError } from '../platform/errors.ts';
import { signMessage } from '../platform/mime/index.ts';
import { wordsOf } from '../platform/smtp/index.ts';
import { findSuppression } from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';

/**
 * Sends a mail that says nothing but that it arrives, signed as editions are, from the first newsletter's sender. Returns the server's
 * reply. Throws `input-invalid`, `state-refused` for a suppressed address, `smtp-failed` where no server takes it.
 */
export async function sendTestMail(
  { db, clock, keys, relay, baseUrl }: Pick<Newsroom, 'db' | 'clock' | 'keys' | 'relay' | 'baseUrl'>,
  to: string,
  by: string,
): Promise<string> {
  const address = parseAddress(to);
  if (address === undefined) throw new RoundupError('input-invalid', `"${to.slice(0, 100)}" is not a mail address.`);
  if ((await findSuppression(db, address)) !== undefined)
    throw new RoundupError('state-refused', `${address} is suppressed and gets no mail.`);
  const [newsletter] = await listNewsletters(db);
  const publication = await findPublication(db);
  const sender = newsletter?.sender ?? { name: 'Roundup', address: `roundup@${new URL(baseUrl).hostname}` };
  const now = clock.now();
  const letter = await writeLetter('test-mail', {
    publication: publication?.name ?? 'Roundup',
    by,
    sender: sender.address,
  });
  const message = letterMessage(letter, sender, { name: '', address }, now);
  const signed = await signMessage(Buffer.concat(message), await dkimKeysFor(db, keys, domainOf(sender.address)), now);
  const handover = await relay.deliver({ from: sender.address, to: address }, signed);
  if (handover.outcome !== 'accepted')
    throw new RoundupError('smtp-failed', `The mail server did not take the test for ${address}: ${wordsOf(handover)}`);
  await recordAct(db, { actor: by, act: 'test mail sent', subject: 'mail server', detail: { to: address } });
  return handover.reply;
}
