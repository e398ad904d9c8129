import PostalMime from 'postal-mime';
import type { SigningKeys } from '../lib/tokens.ts';
import type { IncomingMail } from '../platform/incoming/index.ts';
import { type ReaderLink, readReaderToken } from '../subscribers/index.ts';

const MAX_PLACE = 1_000;

/** The address of an address with something behind a plus: "leave+x@…" is "leave@…". In lower case. */
export function plainRecipient(address: string): string {
  const lower = address.toLowerCase();
  const [at, plus] = [lower.lastIndexOf('@'), lower.indexOf('+')];
  return plus === -1 || plus > at ? lower : lower.slice(0, plus) + lower.slice(at);
}

/** What stands behind the plus; empty where there is none. */
function behindPlus(address: string): string {
  const [at, plus] = [address.lastIndexOf('@'), address.indexOf('+')];
  return plus === -1 || plus > at ? '' : address.slice(plus + 1, at);
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
  // What cannot be read wishes nothing, and is kept like all the rest.
  const parsed = await PostalMime.parse(message).catch(() => undefined);
  if (parsed === undefined) return undefined;
  const { headers, subject = '' } = parsed;
  const valueOf = (name: string) =>
    headers
      .find(({ key }) => key === name)
      ?.value.trim()
      .toLowerCase();
  const submitted = valueOf('auto-submitted') ?? 'no';
  if (submitted !== 'no' && !submitted.startsWith('no;')) return undefined;
  if (valueOf('return-path') === '<>' || valueOf('content-type')?.startsWith('multipart/report')) return undefined;
  const places = [subject, ...ours.map(behindPlus)];
  const words = places.flatMap((place) =>
    place
      .slice(0, MAX_PLACE)
      .toLowerCase()
      .split(/[^a-z0-9.]+/),
  );
  return words.map((word) => readReaderToken(keys, 'unsubscribe', word)).find((link) => link !== undefined);
}
