import { recordAct } from '../audit/index.ts';
import { addressKey, parseAddress } from '../lib/addresses.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  endSubscription,
  findSubscriber,
  insertSuppression,
  removeSuppression,
  type SuppressionImport,
  importSuppressions,
} from '../subscribers/index.ts';
import { announce } from '../webhooks/index.ts';
import type { Newsroom } from './newsroom.ts';

// What the house does with its list. What readers do themselves is in leave.ts.

type Parts = Pick<Newsroom, 'db' | 'clock'>;

/** Ends somebody's subscription on their behalf. True where there was one. Throws `not-found`. */
export async function unsubscribeReader(
  { db }: Pick<Parts, 'db'>,
  { subscriberId, newsletterId }: { subscriberId: number; newsletterId: number },
  by: string,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if ((await findSubscriber(tx, subscriberId)) === undefined)
      throw new RoundupError('not-found', `There is no subscriber ${subscriberId}.`);
    const ended = await endSubscription(tx, newsletterId, subscriberId, `by ${by}`);
    if (!ended) return false;
    const subject = `subscriber ${subscriberId}`;
    await recordAct(tx, { actor: by, act: 'subscription ended', subject, detail: { newsletterId } });
    await announce(tx, { type: 'subscription.ended', newsletterId, data: { subscriberId, newsletterId } });
    return true;
  });
}

/** Puts an address on the list of those that are never mailed. Again is harmless. Throws `input-invalid`. */
export async function suppressAddress(
  { db }: Pick<Parts, 'db'>,
  text: string,
  detail: string,
  by: string,
): Promise<string> {
  const key = keyOf(text);
  await db.transaction().execute(async (tx) => {
    if (!(await insertSuppression(tx, key, detail))) return;
    await recordAct(tx, { actor: by, act: 'address suppressed', subject: 'suppressions', detail: { why: detail } });
  });
  return key;
}

/** Throws `not-found` where it is not on it. Who left or bounced stays unsubscribed all the same. */
export async function liftSuppression({ db }: Pick<Parts, 'db'>, text: string, by: string): Promise<void> {
  const key = keyOf(text);
  await db.transaction().execute(async (tx) => {
    if (!(await removeSuppression(tx, key))) throw new RoundupError('not-found', 'This address is not suppressed.');
    await recordAct(tx, { actor: by, act: 'suppression lifted', subject: 'suppressions' });
  });
}

function keyOf(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw new RoundupError('input-invalid', `"${text.slice(0, 100)}" is not a mail address.`);
  return addressKey(address);
}

/** Takes a list of addresses, or of hashes of them, that are never to be mailed. Throws `input-invalid` for what is no list. */
export async function importSuppressionList(
  { db }: Pick<Parts, 'db'>,
  file: string,
  detail: string,
  by: string,
): Promise<SuppressionImport> {
  const report = await importSuppressions(db, file, detail);
  const { problems: _problems, ...counts } = report;
  await recordAct(db, {
    actor: by,
    act: 'suppressions imported',
    subject: 'suppressions',
    detail: { why: detail, ...counts },
  });
  return report;
}
