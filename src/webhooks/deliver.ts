import { unseal } from '../lib/seal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Database } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { FetchError, type FetchOptions, postDocument } from '../platform/fetch/index.ts';
import { SECRET_PURPOSE } from './secret.ts';
import { signatureOf } from './sign.ts';
import { type DueDelivery, type Outcome, pauseWebhook, recordOutcome, takeDue } from './store.ts';

// Deliveries are rows; whoever looks takes what is due under a lease, so that any process may die at any point and the event is
// told all the same, perhaps twice: its id is the same each time. Each webhook has a lane of its own, so that a slow one keeps
// nobody waiting. Back-off as Standard Webhooks proposes it: nine tries in a
// little more than a day; then the webhook is paused, with its cause, until somebody looks.

const TRY_AGAIN_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
];
const WEBHOOKS_AT_ONCE = 16;
const EACH = 4;
/** More than a lane takes at worst. */
const LEASE_MS = 3 * MINUTE_MS;
const LIMITS = { timeMs: 15 * SECOND_MS, sizeBytes: 64 * 1_024, redirects: 0 };
const MAX_PROBLEM_LENGTH = 500;
const GONE = 410;

export interface Telling {
  db: Database;
  keys: SigningKeys;
  log: Log;
  /** The webhooks that this process is telling something, by id; the next call leaves them alone. */
  busy: Set<number>;
}

/** Delivers what is due, a few of each webhook. Returns how many it tried. */
export async function deliverDue(telling: Telling, options: FetchOptions = {}): Promise<number> {
  const { db, busy } = telling;
  const room = { webhooks: Math.max(0, WEBHOOKS_AT_ONCE - busy.size), each: EACH, except: [...busy] };
  const due = await takeDue(db, room, LEASE_MS);
  const webhookIds = [...new Set(due.map(({ webhookId }) => webhookId))];
  await Promise.all(
    webhookIds.map((id) => {
      const own = due.filter(({ webhookId }) => webhookId === id);
      return inLane(telling, id, own, options);
    }),
  );
  return due.length;
}

async function inLane(
  telling: Telling,
  webhookId: number,
  deliveries: DueDelivery[],
  options: FetchOptions,
): Promise<void> {
  telling.busy.add(webhookId);
  try {
    for (const delivery of deliveries.toSorted((a, b) => a.id - b.id)) await deliver(telling, delivery, options);
  } finally {
    telling.busy.delete(webhookId);
  }
}

async function deliver({ db, keys, log }: Telling, delivery: DueDelivery, options: FetchOptions): Promise<void> {
  const outcome = await tryOnce(delivery, keys, options);
  const isOurs = await recordOutcome(db, delivery, outcome);
  if (!isOurs || outcome.deliveredAt !== null || outcome.againMs !== null) return;
  const cause =
    outcome.status === GONE ? 'it answered that it is gone (410)' : `it took nothing in ${delivery.attempts} tries`;
  await pauseWebhook(db, delivery.webhookId, cause);
  log.warn(`webhook ${delivery.webhookId} is paused; see: roundup webhook list`, { cause });
}

async function tryOnce(delivery: DueDelivery, keys: SigningKeys, options: FetchOptions): Promise<Outcome> {
  const sentAt = new Date();
  try {
    const secrets = [delivery.secret, delivery.oldSecret]
      .filter((sealed) => sealed !== null)
      .map((sealed) => unseal(keys, SECRET_PURPOSE, sealed));
    const body = JSON.stringify(delivery.payload);
    const status = await postDocument(
      {
        url: delivery.url,
        isLocal: delivery.isLocal,
        body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': delivery.eventId,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / SECOND_MS)),
          'webhook-signature': signatureOf(secrets, { id: delivery.eventId, sentAt, body }),
        },
      },
      { limits: LIMITS, ...options },
    );
    return { status, problem: null, deliveredAt: sentAt, againMs: null };
  } catch (error) {
    const { status, retryAt } = error instanceof FetchError ? error : {};
    const problem = reasonOf(error).slice(0, MAX_PROBLEM_LENGTH);
    const againMs = status === GONE ? null : againAfter(delivery.attempts, retryAt);
    return { status: status ?? null, problem, deliveredAt: null, againMs };
  }
}

/** A little spread, so that what failed together is not tried together. A server may ask for more patience, within a day. */
function againAfter(attempts: number, retryAt: Date | undefined): number | null {
  const usual = TRY_AGAIN_MS[attempts - 1];
  if (usual === undefined) return null;
  const asked = retryAt === undefined ? 0 : Math.min(retryAt.getTime() - Date.now(), DAY_MS);
  return Math.max(usual * (0.9 + 0.2 * Math.random()), asked);
}
