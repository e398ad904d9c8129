import { recordAct } from '../audit/index.ts';
import { type Newsletter, listNewsletters } from '../editions/index.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Tongue } from '../lib/tongues.ts';
import type { Database } from '../platform/database/index.ts';
import {
  CADENCES,
  type ReaderLink,
  type Subscription,
  listSubscriptions,
  setLanguage,
  setPause,
  setSubscription,
  startSubscription,
} from '../subscribers/index.ts';
import { endAsReader } from './leave.ts';
import type { Newsroom } from './newsroom.ts';
import { recordStart } from './signUp.ts';

export interface WantedPreferences {
  language: Tongue;
  /** Of each newsletter that was shown: is it wanted, what of it, and how often? */
  newsletters: { newsletterId: number; wanted: boolean; topics: string[]; everyDays: number }[];
  /** From now; undefined leaves a pause as it is, 0 ends it. */
  pauseWeeks: number | undefined;
}

const GROUND = 'chosen on the preferences page';
export const LONGEST_PAUSE_WEEKS = 26;

/** What a reader may choose of: what is open to all, and what they have, or had. */
export async function choicesOf(
  db: Database,
  subscriberId: number,
): Promise<{ newsletter: Newsletter; subscription: Subscription | undefined }[]> {
  const subscriptions = await listSubscriptions(db, subscriberId);
  return (await listNewsletters(db)).flatMap((newsletter) => {
    const subscription = subscriptions.find(({ newsletterId }) => newsletterId === newsletter.id);
    return subscription === undefined && !newsletter.isPublic ? [] : [{ newsletter, subscription }];
  });
}

/** Saves what a reader has chosen. `from`: the network address, for what they agree to by it. */
export async function savePreferences(
  { db, clock }: Pick<Newsroom, 'db' | 'clock'>,
  link: ReaderLink,
  { language, newsletters, pauseWeeks }: WantedPreferences,
  from: string,
): Promise<void> {
  const { subscriberId } = link;
  const now = clock.now();
  await db.transaction().execute(async (tx) => {
    await setLanguage(tx, subscriberId, language);
    for (const { newsletter, subscription } of await choicesOf(tx, subscriberId)) {
      const wish = newsletters.find(({ newsletterId }) => newsletterId === newsletter.id);
      if (wish === undefined) continue;
      const pair = { newsletterId: newsletter.id, subscriberId };
      const isActive = subscription?.state === 'active';
      if (!wish.wanted) {
        if (isActive) await endAsReader(tx, { ...pair, editionId: 0 }, 'on the preferences page');
        continue;
      }
      const topics = wish.topics.filter((topic) => newsletter.topics.some(({ key }) => key === topic));
      if (!isActive) await start(tx, pair, { topics, from, now, isOpen: newsletter.isPublic });
      const everyDays = CADENCES.find((days) => days === wish.everyDays) ?? 0;
      await setSubscription(tx, pair, { topics, everyDays });
    }
    if (pauseWeeks === undefined) return;
    const weeks = Math.min(Math.max(0, pauseWeeks), LONGEST_PAUSE_WEEKS);
    await setPause(tx, subscriberId, weeks === 0 ? null : new Date(now.getTime() + weeks * 7 * DAY_MS));
    await recordAct(tx, {
      actor: `subscriber ${subscriberId}`,
      act: weeks === 0 ? 'pause ended' : 'pause begun',
      subject: `subscriber ${subscriberId}`,
      detail: { weeks },
    });
  });
}

type Pair = { newsletterId: number; subscriberId: number };

async function start(
  tx: Database,
  { newsletterId, subscriberId }: Pair,
  { topics, from, now, isOpen }: { topics: string[]; from: string; now: Date; isOpen: boolean },
): Promise<void> {
  if (!isOpen) return;
  const consent = { newsletterId, givenAt: now, askedAt: now, ground: GROUND, form: 'preferences', words: '' };
  if (await startSubscription(tx, subscriberId, { ...consent, address: from, topics }))
    await recordStart(tx, { subscriberId, newsletterId, ground: GROUND });
}
