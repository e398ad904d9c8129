import { recordAct } from '../audit/index.ts';
import { type ListedDkimKey, newDkimKey, retireDkimKey, useDkimKey } from '../dispatch/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

const SELECTOR = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** Makes a key for a domain that mail is to be sent from; it signs once it is used. Throws `input-invalid`. */
export async function makeSenderKey(
  { db, clock, keys }: Parts & Pick<Newsroom, 'keys'>,
  wanted: { domain: string; selector?: string | undefined; algorithm?: 'rsa' | 'ed25519' },
  by: string,
): Promise<ListedDkimKey> {
  const domain = wanted.domain.trim().toLowerCase().replace(/^.*@/, '');
  if (!DOMAIN.test(domain))
    throw new RoundupError('input-invalid', `"${wanted.domain.slice(0, 100)}" is not a domain.`);
  const now = clock.now();
  const { algorithm = 'rsa' } = wanted;
  // Two on a day are told apart by the time.
  const selector = wanted.selector ?? `${algorithm[0]}${now.toISOString().slice(0, 16).replaceAll(/[-T:]/g, '')}`;
  if (!SELECTOR.test(selector))
    throw new RoundupError('input-invalid', `"${selector}" is not a selector: letters, digits and hyphens make one.`);
  const key = await newDkimKey(db, keys, { domain, selector, algorithm, now });
  await recordAct(db, { actor: by, act: 'sender key made', subject: `domain ${domain}`, detail: { selector } });
  return key;
}

/** Mail from its domain is signed with it from now on. Throws `not-found`. */
export async function signWith(
  { db, clock }: Parts,
  key: { domain: string; selector: string },
  by: string,
): Promise<void> {
  if (!(await useDkimKey(db, key.domain, key.selector, clock.now()))) throw noKey(key);
  await recordAct(db, { actor: by, act: 'sender key used', subject: `domain ${key.domain}`, detail: key });
}

/** Its record should stay for a week: mails that it signed are still under way. Throws `not-found`. */
export async function retireSenderKey(
  { db, clock }: Parts,
  key: { domain: string; selector: string },
  by: string,
): Promise<void> {
  if (!(await retireDkimKey(db, key.domain, key.selector, clock.now()))) throw noKey(key);
  await recordAct(db, { actor: by, act: 'sender key retired', subject: `domain ${key.domain}`, detail: key });
}

function noKey({ domain, selector }: { domain: string; selector: string }): RoundupError {
  return new RoundupError('not-found', `${domain} has no key with the selector "${selector}" to do that with.`);
}
