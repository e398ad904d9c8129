import { recordAct } from '../audit/index.ts';
import { type ListedDkimKey, newDkimKey, retireDkimKey, useDkimKey } from '../dispatch/index.ts';
import { parseDomain } from '../lib/addresses.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

const SELECTOR = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Makes a key for a domain that mail is to be sent from; it signs once it is used. Throws `input-invalid`. */
export async function makeSenderKey(
  { db, clock, keys }: Parts & Pick<Newsroom, 'keys'>,
  wanted: { domain: string; selector?: string | undefined; algorithm?: 'rsa' | 'ed25519' },
  by: string,
): Promise<ListedDkimKey> {
  const domain = parseDomain(wanted.domain.trim().replace(/^.*@/, ''));
  if (domain === undefined)
    throw new RoundupError('input-invalid', `"${wanted.domain.slice(0, 100)}" is not a domain.`);
  const now = clock.now();
  const { algorithm = 'rsa' } = wanted;
  // Two on a day are told apart by the time.
  const selector = wanted.selector ?? `${algorithm[0]}${now.toISOString().slice(0, 16).replaceAll(/[-T:]/g, '')}`;
  if (!SELECTOR.test(selector))
    throw new RoundupError('input-invalid', `"${selector}" is not a selector: letters, digits and hyphens make one.`);
  return db.transaction().execute(async (tx) => {
    const key = await newDkimKey(tx, keys, { domain, selector, algorithm, now });
    await recordAct(tx, { actor: by, act: 'sender key made', subject: `domain ${domain}`, detail: { selector } });
    return key;
  });
}

/** Mail from its domain is signed with it from now on. Throws `not-found`. */
export async function signWith(
  { db, clock }: Parts,
  key: { domain: string; selector: string },
  by: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await useDkimKey(tx, key.domain, key.selector, clock.now()))) throw noKey(key);
    await recordAct(tx, { actor: by, act: 'sender key used', subject: `domain ${key.domain}`, detail: key });
  });
}

/** Its record should stay for a week: mails that it signed are still under way. Throws `not-found`. */
export async function retireSenderKey(
  { db, clock }: Parts,
  key: { domain: string; selector: string },
  by: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await retireDkimKey(tx, key.domain, key.selector, clock.now()))) throw noKey(key);
    await recordAct(tx, { actor: by, act: 'sender key retired', subject: `domain ${key.domain}`, detail: key });
  });
}

function noKey({ domain, selector }: { domain: string; selector: string }): RoundupError {
  return new RoundupError('not-found', `${domain} has no key with the selector "${selector}" to do that with.`);
}
