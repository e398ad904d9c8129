import PostalMime from 'postal-mime';
import type { SigningKeys } from '../lib/tokens.ts';
import type { IncomingMail } from '../platform/incoming/index.ts';
import { type ReaderLink, readReaderToken } from '../subscribers/index.ts';

/** The address of an address with something behind a plus: "leave+x@…" is "leave@…". In lower case. */
export function plainRecipient(address: string): string {
  return address.toLowerCase().replace(/\+[^@]*(?=@)/, '');
}

/**
 * Whose wish to leave a mail is: one to the address for it, with a token in its subject or behind the plus of the address. What a machine
 * has written by itself (RFC 3834 2, RFC 5321 4.5.5), a report of a mail server or an out-of-office note, wishes nothing, and what is
 * only quoted in it is nobody's wish.
 */
export async function wishToLeave(
  { from, to, message }: IncomingMail,
  { keys, address, isFetched }: { keys: SigningKeys; address: string; isFetched: boolean },
): Promise<ReaderLink | undefined> {
  const ours = to.filter((recipient) => plainRecipient(recipient) === address.toLowerCase());
  if (ours.length === 0 || (from === '' && !isFetched)) return undefined;
  const { headers, subject = '' } = await PostalMime.parse(message);
  const valueOf = (name: string) =>
    headers
      .find(({ key }) => key === name)
      ?.value.trim()
      .toLowerCase();
  const submitted = valueOf('auto-submitted') ?? 'no';
  if (submitted !== 'no' && !submitted.startsWith('no;')) return undefined;
  if (valueOf('return-path') === '<>' || valueOf('content-type')?.startsWith('multipart/report')) return undefined;
  const places = [subject, ...ours.map((recipient) => /\+([^@]*)@/.exec(recipient)?.[1] ?? '')];
  const words = places.flatMap((place) => place.toLowerCase().split(/[^a-z0-9.]+/));
  return words.map((word) => readReaderToken(keys, 'unsubscribe', word)).find((link) => link !== undefined);
}
