import { dkimKeysFor } from '../dispatch/index.ts';
import { type Newsletter, getPublication, listNewsletters } from '../editions/index.ts';
import {
  type WaitingLetter,
  endLetter,
  insertLetter,
  putOffLetter,
  readerMessage,
  takeLetters,
  writeReaderLetter,
} from '../letters/index.ts';
import { domainOf } from '../lib/addresses.ts';
import { inLanes } from '../lib/lanes.ts';
import { HOUR_MS, MINUTE_MS, shortDateTime } from '../lib/time.ts';
import { type Tongue } from '../lib/tongues.ts';
import { signToken } from '../lib/tokens.ts';
import { type Database, takeFromLimit } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { signMessage } from '../platform/mime/index.ts';
import { isAboutRelay, wordsOf } from '../platform/smtp/index.ts';
import {
  type SignUp,
  confirmToken,
  findSubscriberByAddress,
  findSuppression,
  holdSignUpsDue,
  isLargeDomain,
  listSubscriptions,
  markSignUpMailed,
  putOffDomain,
  readerToken,
  selfToken,
} from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';
import { mailtoOf } from './links.ts';
import { letterTongue } from './signUp.ts';

// Letters to readers. What is due is written into the outbox, and what is in the outbox is handed over; any process may do it, and
// may die over it.

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log' | 'keys' | 'baseUrl' | 'relay' | 'unsubscribeAddress'>;

/** As many as are handed over at once, so that none waits in hand while its lease runs out. */
const AT_ONCE = 6;
const LEASE_MS = 15 * MINUTE_MS;
const CONFIRMATIONS = 100;
const TRY_AGAIN_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];
/** One domain gets so many confirmations, whoever asks; the others wait their turn. */
const PER_DOMAIN = { count: 300, perMs: HOUR_MS, burst: 100 };
const PER_LARGE_DOMAIN = { count: 3_000, perMs: HOUR_MS, burst: 1_000 };

/** Writes the confirmations that are due and hands over what waits. Returns how many letters it had in hand. */
export async function sendReaderLetters(parts: Parts): Promise<number> {
  await writeConfirmations(parts);
  const letters = await takeLetters(parts.db, AT_ONCE, LEASE_MS);
  if (letters.length === 0) return 0;
  const newsletters = await listNewsletters(parts.db);
  await inLanes(letters, AT_ONCE, (letter) => send(parts, letter, newsletters));
  return letters.length;
}

async function writeConfirmations({ db, clock }: Pick<Parts, 'db' | 'clock'>): Promise<void> {
  const now = clock.now();
  await db.transaction().execute(async (tx) => {
    const due = await holdSignUpsDue(tx, CONFIRMATIONS, now);
    if (due.length === 0) return;
    const newsletters = await listNewsletters(tx);
    // In the order of their names, so that two processes never wait for each other's limits.
    const domains = [...new Set(due.map(({ address }) => domainOf(address)))].toSorted();
    for (const domain of domains) {
      const signUps = due.filter(({ address }) => domainOf(address) === domain);
      await confirmDomain(tx, domain, { signUps, newsletters, now });
    }
  });
}

/** As many as the domain may get now; whatever else is due there waits in turn, and holds up nobody elsewhere. */
async function confirmDomain(
  tx: Database,
  domain: string,
  { signUps, newsletters, now }: { signUps: SignUp[]; newsletters: Newsletter[]; now: Date },
): Promise<void> {
  const limit = isLargeDomain(domain) ? PER_LARGE_DOMAIN : PER_DOMAIN;
  for (const signUp of signUps) {
    const waitMs = await takeFromLimit(tx, `confirmations to ${domain}`, limit);
    if (waitMs > 0) {
      const from = new Date(now.getTime() + waitMs);
      return putOffDomain(tx, domain, { now, from, everyMs: limit.perMs / limit.count });
    }
    await markSignUpMailed(tx, signUp.id, now);
    await writeConfirmation(tx, signUp, newsletters, now);
  }
}

/** To whoever is subscribed to all of it, that they are; to a suppressed address, nothing. */
async function writeConfirmation(tx: Database, signUp: SignUp, newsletters: Newsletter[], now: Date): Promise<void> {
  const { id: signUpId, address, language, newsletterIds, expiresAt } = signUp;
  const first = newsletters.find(({ id }) => newsletterIds.includes(id));
  if (first === undefined || (await findSuppression(tx, address)) !== undefined) return;
  const subscriber = await findSubscriberByAddress(tx, address);
  const subscriptions = subscriber === undefined ? [] : await listSubscriptions(tx, subscriber.id);
  const isKnown = newsletterIds.every((id) =>
    subscriptions.some(({ newsletterId, state }) => newsletterId === id && state === 'active'),
  );
  const common = { newsletterId: first.id, address, language: letterTongue(language, first), madeAt: now };
  if (isKnown && subscriber !== undefined)
    await insertLetter(tx, { ...common, letter: 'known', about: { subscriberId: subscriber.id, newsletterIds } });
  else
    await insertLetter(tx, {
      ...common,
      letter: 'confirm',
      about: { signUpId, newsletterIds, until: expiresAt.toISOString() },
    });
}

async function send(parts: Parts, letter: WaitingLetter, newsletters: Newsletter[]): Promise<void> {
  const { db, relay, log } = parts;
  const { id, attempts, address } = letter;
  const putOff = async (reason: string) => {
    const ms = TRY_AGAIN_MS[attempts - 1];
    if (ms !== undefined) return putOffLetter(db, id, ms);
    log.warn(`letter ${id} to a reader was not taken, and is given up`, { letter: letter.letter, reason });
    return endLetter(db, id);
  };
  try {
    const newsletter = newsletters.find((one) => one.id === letter.newsletterId) ?? newsletters[0];
    // Suppressed meanwhile, or left here by an older version: no door is open to it.
    if (newsletter === undefined || (await findSuppression(db, address)) !== undefined) return await endLetter(db, id);
    const message = await messageOf(parts, letter, newsletter, newsletters);
    const handover = await relay.deliver({ from: newsletter.sender.address, to: address }, message);
    // In doubt it is not sent twice: a second letter about one wish is one too many.
    if (handover.outcome === 'accepted' || handover.outcome === 'uncertain') return await endLetter(db, id);
    if (handover.outcome !== 'refused' || isAboutRelay(handover)) return await putOff(wordsOf(handover));
    log.info(`letter ${id} to a reader was refused`, { letter: letter.letter });
    await endLetter(db, id);
  } catch (error) {
    log.error(`letter ${id} to a reader could not be written`, { reason: reasonOf(error) });
    await putOff(reasonOf(error));
  }
}

async function messageOf(
  { db, keys, baseUrl, unsubscribeAddress }: Parts,
  letter: WaitingLetter,
  newsletter: Newsletter,
  newsletters: Newsletter[],
): Promise<Uint8Array[]> {
  const { id, language, about, address, madeAt } = letter;
  const publication = await getPublication(db);
  const named = newsletters.filter((one) => about.newsletterIds?.includes(one.id));
  const links = linksOf({ keys, baseUrl }, letter, newsletter);
  const hasOneList = letter.letter === 'welcome' && named.length === 1;
  const written = await writeReaderLetter(letter.letter, language, {
    publication: publication.name,
    postalAddress: publication.postalAddress,
    url: links[letter.letter],
    values: {
      newsletters: new Intl.ListFormat(language).format(named.map(({ name }) => name)),
      promise: named.length === 1 ? newsletter.description : '',
      until: untilText(about.until, newsletter, language),
      unsubscribeUrl: named.length === 1 ? links.leave : links.welcome,
    },
  });
  const domain = domainOf(newsletter.sender.address);
  const message = readerMessage({
    ...written,
    from: newsletter.sender,
    to: { name: '', address },
    language,
    messageId: `letter.${id}.${madeAt.getTime().toString(36)}@${domain}`,
    date: madeAt,
    unsubscribeUrl: hasOneList ? links.leave : undefined,
    unsubscribeMailto: hasOneList ? mailtoOf(unsubscribeAddress)?.(links.leaveToken) : undefined,
  });
  return signMessage(message, await dkimKeysFor(db, keys, domain), madeAt);
}

/** Where each letter's button leads. */
function linksOf(
  { keys, baseUrl }: Pick<Parts, 'keys' | 'baseUrl'>,
  { about, address }: WaitingLetter,
  newsletter: Newsletter,
) {
  const { signUpId = 0, changeId = 0, subscriberId = 0, newsletterIds = [] } = about;
  const until = about.until === undefined ? 0 : Date.parse(about.until);
  const link = { newsletterId: newsletterIds[0] ?? newsletter.id, subscriberId, editionId: 0 };
  const leaveToken = readerToken(keys, 'unsubscribe', link);
  const preferences = `${baseUrl}/p/${readerToken(keys, 'preferences', link)}`;
  return {
    confirm: `${baseUrl}/confirm/${confirmToken(keys, signUpId, until)}`,
    known: preferences,
    welcome: preferences,
    self: `${baseUrl}/me/${selfToken(keys, { subscriberId, address, until })}`,
    'new-address': `${baseUrl}/address/${signToken(keys, 'new-address', [changeId])}`,
    leave: `${baseUrl}/u/${leaveToken}`,
    leaveToken,
  };
}

function untilText(until: string | undefined, { timeZone }: Newsletter, language: Tongue): string {
  if (until === undefined) return '';
  return language === 'en'
    ? shortDateTime(new Date(until), timeZone)
    : localDateTime(new Date(until), timeZone, language);
}

function localDateTime(date: Date, timeZone: string, language: Tongue): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone }).format(date);
}
