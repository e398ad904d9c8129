import { differenceOf, recordAct } from '../audit/index.ts';
import { seal } from '../lib/seal.ts';
import { DAY_MS } from '../lib/time.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { SECRET_PURPOSE, newWebhookSecret } from './secret.ts';
import {
  deleteWebhook,
  findWebhook,
  insertDeliveries,
  insertWebhook,
  replayDelivery,
  rotateSecret,
  updateWebhook,
} from './store.ts';
import type { NewWebhook, Webhook } from './webhook.ts';

interface Parts {
  db: Database;
  clock: Clock;
  keys: SigningKeys;
}

/** How long the secret of before signs beside the new one: time to carry the new one over. */
const OLD_SECRET_MS = DAY_MS;

/** Throws `not-found`. */
export async function getWebhook(db: Database, id: number): Promise<Webhook> {
  const webhook = await findWebhook(db, id);
  if (webhook !== undefined) return webhook;
  throw new RoundupError('not-found', `There is no webhook ${id}.`, {
    hint: 'See which there are with: roundup webhook list',
  });
}

/** `secret` is shown this once. */
export async function makeWebhook(
  { db, clock, keys }: Parts,
  wanted: NewWebhook,
  by: string,
): Promise<{ webhook: Webhook; secret: string }> {
  const secret = newWebhookSecret();
  return db.transaction().execute(async (tx) => {
    const webhook = await insertWebhook(tx, wanted, seal(keys, SECRET_PURPOSE, secret), clock.now());
    const { url, events } = webhook;
    await recordAct(tx, { actor: by, act: 'webhook made', subject: `webhook ${webhook.id}`, detail: { url, events } });
    return { webhook, secret };
  });
}

/** `paused` false takes it up again: what is due is told then. */
export async function changeWebhook(
  { db, clock }: Pick<Parts, 'db' | 'clock'>,
  id: number,
  { paused, ...change }: Partial<NewWebhook> & { paused?: boolean | undefined },
  by: string,
): Promise<Webhook> {
  return db.transaction().execute(async (tx) => {
    const before = await getWebhook(tx, id);
    const pausedAt = paused === undefined ? before.pausedAt : paused ? (before.pausedAt ?? clock.now()) : null;
    const pausedCause = pausedAt === null || before.pausedAt === null ? null : before.pausedCause;
    const after = { ...before, ...change, pausedAt, pausedCause };
    await updateWebhook(tx, id, after);
    const detail = differenceOf(before, after);
    await recordAct(tx, { actor: by, act: 'webhook changed', subject: `webhook ${id}`, detail });
    return getWebhook(tx, id);
  });
}

/** A new secret; both sign for a day. */
export async function renewSecret({ db, clock, keys }: Parts, id: number, by: string): Promise<string> {
  const secret = newWebhookSecret();
  await db.transaction().execute(async (tx) => {
    await getWebhook(tx, id);
    await rotateSecret(tx, id, seal(keys, SECRET_PURPOSE, secret), new Date(clock.now().getTime() + OLD_SECRET_MS));
    await recordAct(tx, { actor: by, act: 'webhook secret renewed', subject: `webhook ${id}` });
  });
  return secret;
}

export async function removeWebhook({ db }: Pick<Parts, 'db'>, id: number, by: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { url } = await getWebhook(tx, id);
    await deleteWebhook(tx, id);
    await recordAct(tx, { actor: by, act: 'webhook removed', subject: `webhook ${id}`, detail: { url } });
  });
}

/** Tells one webhook that this is a test. */
export async function testWebhook({ db }: Pick<Parts, 'db'>, id: number, by: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { name } = await getWebhook(tx, id);
    await insertDeliveries(tx, { type: 'test', newsletterId: null, data: { webhook: name, askedBy: by } }, id);
    await recordAct(tx, { actor: by, act: 'webhook tested', subject: `webhook ${id}` });
  });
}

/** Tells an event again, under the id it had. Throws `not-found`. */
export async function replayEvent(
  { db }: Pick<Parts, 'db'>,
  { webhookId, deliveryId }: { webhookId: number; deliveryId: number },
  by: string,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await getWebhook(tx, webhookId);
    if (!(await replayDelivery(tx, webhookId, deliveryId)))
      throw new RoundupError('not-found', `Webhook ${webhookId} has no delivery ${deliveryId}.`);
    const detail = { delivery: deliveryId };
    await recordAct(tx, { actor: by, act: 'webhook delivery replayed', subject: `webhook ${webhookId}`, detail });
  });
}
