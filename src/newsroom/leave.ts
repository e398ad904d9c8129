import { recordAct } from '../audit/index.ts';
import type { Database } from '../platform/database/index.ts';
import { announce } from '../webhooks/index.ts';
import {
  type ReaderLink,
  endSubscription,
  restoreSubscription,
  setWhyLeft,
  subscribedSince,
} from '../subscribers/index.ts';

const causeOf = ({ editionId }: ReaderLink) =>
  editionId === 0 ? 'by the link in a letter' : `by the link in edition ${editionId}`;

/** Who left while it could not be written down, and when (ISO 8601). */
export interface KeptLeave extends ReaderLink {
  at?: string;
}

/**
 * Ends the subscription that a reader's link stands for. True where it was one until now; again is harmless. `at`: when that was said,
 * where it is written down later; who has come back since stays.
 */
export async function leave(db: Database, link: ReaderLink, at?: Date): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (at !== undefined && (await subscribedSince(tx, link, at))) return false;
    return endAsReader(tx, link, causeOf(link));
  });
}

/** The same, in the caller's transaction and with another cause. */
export async function endAsReader(tx: Database, link: ReaderLink, cause: string): Promise<boolean> {
  const ended = await endSubscription(tx, link.newsletterId, link.subscriberId, cause);
  if (ended) await recordReader(tx, link, 'ended');
  return ended;
}

/** Undoes a leave by the same link. */
export async function comeBack(db: Database, link: ReaderLink): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const restored = await restoreSubscription(tx, link.newsletterId, link.subscriberId, causeOf(link));
    if (restored) await recordReader(tx, link, 'restored');
    return restored;
  });
}

async function recordReader(
  tx: Database,
  { subscriberId, newsletterId, editionId }: ReaderLink,
  what: 'ended' | 'restored',
): Promise<void> {
  const actor = `subscriber ${subscriberId}`;
  await recordAct(tx, { actor, act: `subscription ${what}`, subject: `newsletter ${newsletterId}` });
  await announce(tx, { type: `subscription.${what}`, newsletterId, data: { subscriberId, newsletterId, editionId } });
}

const WHYS = new Set(['too-much', 'not-for-me', 'never-asked', 'elsewhere', 'other']);

/** Why somebody left, where they say so; one of a few words. */
export async function sayWhyLeft(db: Database, { newsletterId, subscriberId }: ReaderLink, why: string): Promise<void> {
  if (WHYS.has(why)) await setWhyLeft(db, newsletterId, subscriberId, why);
}
