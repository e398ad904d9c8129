import { recordAct } from '../audit/index.ts';
import { newDkimKey, retireDkimKey, useDkimKey } from '../dispatch/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** Makes a key for a domain that mail is to be sent from; it signs once it is used. Returns the domain. Throws `input-invalid`. */
export async function makeSenderKey(
  { db, clock, keys }: Parts & Pick<Newsroom, 'keys'>,
  name: string,
  by: string,
): Promise<string> {
  const domain = name.trim().toLowerCase().replace(/^.*@/, '');
  if (!DOMAIN.test(domain)) throw new RoundupError('input-invalid', `"${name.slice(0, 100)}" is not a domain.`);
  const now = clock.now();
  // Two on a day are told apart by the time.
  const selector = `r${now.toISOString().slice(0, 16).replaceAll(/[-T:]/g, '')}`;
  await newDkimKey(db, keys, { domain, selector, algorithm: 'rsa', now });
  await recordAct(db, { actor: by, act: 'sender key made', subject: `domain ${domain}`, detail: { selector } });
  return domain;
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
