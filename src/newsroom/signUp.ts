import { recordAct } from '../audit/index.ts';
import { type Newsletter, listNewsletters } from '../editions/index.ts';
import { parseAddress } from '../lib/addresses.ts';
import { insertLetter } from '../letters/index.ts';
import { type Tongue, tongueOf } from '../lib/tongues.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  type SignUp,
  type WantedSignUp,
  findSignUp,
  findSuppression,
  keepSignUp,
  startSubscription,
  subscriberOf,
  takeSignUp,
} from '../subscribers/index.ts';
import { announce } from '../webhooks/index.ts';
import type { Newsroom } from './newsroom.ts';

// How a reader comes: asks, gets one letter, and says yes by its link. Before that there is no subscriber.

type Parts = Pick<Newsroom, 'db' | 'clock'>;

export const CONFIRMED = 'confirmed by the link that was mailed to the address';

/** The newsletters that anybody may subscribe to. */
export async function publicNewsletters(db: Database): Promise<Newsletter[]> {
  return (await listNewsletters(db)).filter(({ isPublic }) => isPublic);
}

/** Those of these names. Throws `input-invalid` for one that is not open to all, and for none. */
export async function choosePublic(db: Database, slugs: string[]): Promise<Newsletter[]> {
  const wanted = new Set(slugs);
  const chosen = (await publicNewsletters(db)).filter(({ slug }) => wanted.has(slug));
  if (chosen.length > 0 && chosen.length === wanted.size) return chosen;
  throw new RoundupError('input-invalid', 'There is no such newsletter to subscribe to.');
}

/** Keeps what somebody asks for; what becomes of it is told to nobody but the address. */
export async function askToSubscribe(
  { db, clock }: Parts,
  newsletters: Newsletter[],
  wanted: Omit<WantedSignUp, 'newsletterIds'>,
): Promise<void> {
  const known = new Set(newsletters.flatMap(({ topics }) => topics.map(({ key }) => key)));
  const newsletterIds = newsletters.map(({ id }) => id);
  const topics = wanted.topics.filter((topic) => known.has(topic));
  // Nobody but the house says that somebody was invited.
  const form = isInvitation(wanted) ? `“${wanted.form}”` : wanted.form;
  await keepSignUp(db, { ...wanted, form, newsletterIds, topics }, clock.now());
}

const INVITED = 'invited by ';

/** Was it somebody of the house who asked them? */
export function isInvitation({ form }: Pick<SignUp, 'form'>): boolean {
  return form.startsWith(INVITED);
}

/** Asks somebody whether they want a newsletter: they get the letter that everybody gets who asks, once a day at most. Throws `input-invalid`, `state-refused`. */
export async function inviteReader(
  { db, clock }: Parts,
  { id, language }: Pick<Newsletter, 'id' | 'language'>,
  person: { address: string; name: string },
  by: string,
): Promise<void> {
  const address = parseAddress(person.address);
  if (address === undefined)
    throw new RoundupError('input-invalid', `"${person.address.slice(0, 100)}" is not a mail address.`);
  if ((await findSuppression(db, address)) !== undefined)
    throw new RoundupError('state-refused', `${address} is suppressed, and gets no letter.`);
  const wanted = {
    address,
    name: person.name,
    language,
    newsletterIds: [id],
    topics: [],
    form: `${INVITED}${by}`,
    words: '',
    from: '',
  };
  await db.transaction().execute(async (tx) => {
    await keepSignUp(tx, wanted, clock.now());
    await recordAct(tx, { actor: by, act: 'reader invited', subject: `newsletter ${id}` });
  });
}

/** Subscribes whoever asked to what is chosen of it, and welcomes them. Undefined where the link is used or too old, or nothing of it is chosen. */
export async function confirmSignUp(
  { db, clock }: Parts,
  signUpId: number,
  chosen: number[],
): Promise<{ signUp: SignUp; subscriberId: number; newsletters: Newsletter[] } | undefined> {
  const now = clock.now();
  return db.transaction().execute(async (tx) => {
    const asked = (await findSignUp(tx, signUpId, now))?.newsletterIds.filter((id) => chosen.includes(id));
    const newsletters = (await listNewsletters(tx)).filter(({ id }) => asked?.includes(id));
    const signUp = newsletters.length === 0 ? undefined : await takeSignUp(tx, signUpId, now);
    if (signUp === undefined) return undefined;
    const subscriber = await subscriberOf(tx, signUp);
    const started = [];
    for (const newsletter of newsletters)
      if (await subscribe(tx, subscriber.id, newsletter, { signUp, givenAt: now })) started.push(newsletter);
    const [first] = started;
    if (first !== undefined)
      await insertLetter(tx, {
        newsletterId: first.id,
        letter: 'welcome',
        address: signUp.address,
        language: letterTongue(signUp.language, first),
        about: { subscriberId: subscriber.id, newsletterIds: started.map(({ id }) => id) },
        madeAt: now,
      });
    return { signUp, subscriberId: subscriber.id, newsletters };
  });
}

async function subscribe(
  tx: Database,
  subscriberId: number,
  newsletter: Newsletter,
  { signUp, givenAt }: { signUp: SignUp; givenAt: Date },
): Promise<boolean> {
  const { topics, form, words, from, askedAt } = signUp;
  const own = topics.filter((topic) => newsletter.topics.some(({ key }) => key === topic));
  const consent = { newsletterId: newsletter.id, givenAt, askedAt, ground: CONFIRMED, form, words, address: from };
  if (!(await startSubscription(tx, subscriberId, { ...consent, topics: own }))) return false;
  await recordStart(tx, { subscriberId, newsletterId: newsletter.id, ground: CONFIRMED });
  return true;
}

export async function recordStart(
  tx: Database,
  { subscriberId, newsletterId, ground }: { subscriberId: number; newsletterId: number; ground: string },
): Promise<void> {
  await recordAct(tx, {
    actor: `subscriber ${subscriberId}`,
    act: 'subscription started',
    subject: `newsletter ${newsletterId}`,
    detail: { ground },
  });
  await announce(tx, { type: 'subscription.started', newsletterId, data: { subscriberId, newsletterId, ground } });
}

/** The reader's, where we write it; else the newsletter's; else English. */
export function letterTongue(language: string, newsletter: Pick<Newsletter, 'language'> | undefined): Tongue {
  return tongueOf(language) ?? tongueOf(newsletter?.language) ?? 'en';
}
