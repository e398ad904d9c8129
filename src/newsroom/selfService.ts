import { recordAct } from '../audit/index.ts';
import { eraseIncoming } from '../bounces/index.ts';
import { type ReaderDelivery, deliveriesTo, eraseDeliveries, readdress } from '../dispatch/index.ts';
import { listNewsletters } from '../editions/index.ts';
import { endLettersAbout, endLettersTo, insertLetter } from '../letters/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { takeFromLimit } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  type Consent,
  type Subscription,
  attributesOf,
  endAddressChanges,
  endSignUpOf,
  eraseFromImports,
  eraseSubscriber,
  findSubscriber,
  findSuppression,
  insertAddressChange,
  languageOf,
  listConsents,
  listSubscriptions,
  setAddress,
  takeAddressChange,
  takeLetterTo,
} from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';
import { letterTongue } from './signUp.ts';

// What a reader may do about their address and their data. Mails get forwarded, and their links with them: so it takes a fresh link,
// mailed to the address.

type Parts = Pick<Newsroom, 'db' | 'clock'>;

const LINK_MS = DAY_MS;
/** Nobody is flooded with links, whoever asks for them. */
const NEW_ADDRESSES = { count: 5, perMs: DAY_MS, burst: 3 };
const LINKS = { count: 3, perMs: DAY_MS, burst: 3 };

/** Mails the link to the subscriber's own address. Too many are left out, and that is told to nobody. */
export async function mailSelfLink({ db, clock }: Parts, subscriberId: number, newsletterId: number): Promise<void> {
  const subscriber = await findSubscriber(db, subscriberId);
  if (subscriber === undefined) return;
  if ((await takeFromLimit(db, `links to subscriber ${subscriberId}`, LINKS)) > 0) return;
  const now = clock.now();
  const newsletter = (await listNewsletters(db)).find(({ id }) => id === newsletterId);
  await insertLetter(db, {
    newsletterId: newsletter?.id ?? null,
    letter: 'self',
    address: subscriber.address,
    language: letterTongue(await languageOf(db, subscriberId), newsletter),
    about: { subscriberId, until: new Date(now.getTime() + LINK_MS).toISOString() },
    madeAt: now,
  });
}

/**
 * Asks a new address whether it is the subscriber's. Whether somebody else has it, it is not to be mailed, or has had as many letters
 * as one may is told to nobody. `from`: the network that asks.
 */
export async function askNewAddress(
  { db, clock }: Parts,
  subscriberId: number,
  { address, from }: { address: string; from: string },
): Promise<void> {
  if ((await takeFromLimit(db, `new addresses from ${from}`, NEW_ADDRESSES)) > 0) return;
  if ((await takeFromLimit(db, `new addresses of subscriber ${subscriberId}`, NEW_ADDRESSES)) > 0) return;
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + LINK_MS);
  await db.transaction().execute(async (tx) => {
    if ((await findSuppression(tx, address)) !== undefined) return;
    if (!(await takeLetterTo(tx, address, now))) return;
    const [first] = await listSubscriptions(tx, subscriberId);
    const newsletter = (await listNewsletters(tx)).find(({ id }) => id === first?.newsletterId);
    const changeId = await insertAddressChange(tx, { subscriberId, address, expiresAt });
    await insertLetter(tx, {
      newsletterId: newsletter?.id ?? null,
      letter: 'new-address',
      address,
      language: letterTongue(await languageOf(tx, subscriberId), newsletter),
      about: { changeId, until: expiresAt.toISOString() },
      madeAt: now,
    });
  });
}

/**
 * Undefined where the link is used or too old. What was on its way to the old address goes to the new one, as far as no worker has it
 * in hand; links of the old one, and other changes, are worth nothing any more. Throws `state-refused` where another subscriber has
 * the address, or it must not be mailed.
 */
export async function confirmNewAddress({ db, clock }: Parts, changeId: number): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    const change = await takeAddressChange(tx, changeId, clock.now());
    if (change === undefined) return undefined;
    const { subscriberId, address } = change;
    if ((await findSuppression(tx, address)) !== undefined || !(await setAddress(tx, subscriberId, address)))
      throw new RoundupError('state-refused', `${address} is subscribed already, or must not be mailed.`);
    await endSignUpOf(tx, address);
    await endLettersAbout(tx, subscriberId, await endAddressChanges(tx, subscriberId));
    await readdress(tx, subscriberId, address);
    const actor = `subscriber ${subscriberId}`;
    await recordAct(tx, { actor, act: 'address changed', subject: actor });
    return address;
  });
}

export interface ReaderData {
  address: string;
  name: string;
  language: string;
  attributes: Record<string, string>;
  subscriptions: Subscription[];
  consents: Consent[];
  deliveries: ReaderDelivery[];
}

/** All that we know of somebody (GDPR, article 15). Throws `not-found`. */
export async function readerData({ db }: Pick<Parts, 'db'>, subscriberId: number): Promise<ReaderData> {
  const subscriber = await findSubscriber(db, subscriberId);
  if (subscriber === undefined) throw new RoundupError('not-found', `There is no subscriber ${subscriberId}.`);
  const { address, name } = subscriber;
  return {
    address,
    name,
    language: await languageOf(db, subscriberId),
    attributes: await attributesOf(db, subscriberId),
    subscriptions: await listSubscriptions(db, subscriberId),
    consents: await listConsents(db, subscriberId),
    deliveries: await deliveriesTo(db, subscriberId),
  };
}

/**
 * Forgets somebody (GDPR, article 17): subscriptions, consents and name go, and the ledger's rows lose address, name and what
 * servers said, and keep their state, so that every sum stays. An address that must not be mailed stays so, as a hash. Throws
 * `not-found`.
 */
export async function eraseReader({ db, clock }: Parts, subscriberId: number, by: string): Promise<void> {
  const now = clock.now();
  await db.transaction().execute(async (tx) => {
    const subscriber = await findSubscriber(tx, subscriberId);
    if (subscriber === undefined) throw new RoundupError('not-found', `There is no subscriber ${subscriberId}.`);
    await endLettersTo(tx, subscriber.address);
    await endLettersAbout(tx, subscriberId, await endAddressChanges(tx, subscriberId));
    await endSignUpOf(tx, subscriber.address);
    await eraseFromImports(tx, subscriber.address);
    await eraseIncoming(tx, subscriber.address);
    await eraseSubscriber(tx, subscriberId, now);
    await eraseDeliveries(tx, [subscriberId]);
    await recordAct(tx, { actor: by, act: 'subscriber erased', subject: `subscriber ${subscriberId}` });
  });
}
