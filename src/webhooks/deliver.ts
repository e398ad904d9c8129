import { inLanes } from '../lib/lanes.ts';
import { unseal } from '../lib/seal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Database } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { FetchError, type FetchOptions, postDocument } from '../platform/fetch/index.ts';
import { SECRET_PURPOSE } from './secret.ts';
import { signatureOf } from './sign.ts';
import { type DueDelivery, type Outcome, pauseWebhook, recordOutcome, takeDue } from './store.ts';

// Deliveries are rows; whoever looks takes what is due under a lease, so that any process may die at any point and the event is
// told all the same, perhaps twice: its id is the same each time. Back-off as Standard Webhooks proposes it: nine tries in a
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
const AT_ONCE = 8;
const LEASE_MS = MINUTE_MS;
const LIMITS = { timeMs: 15 * SECOND_MS, sizeBytes: 64 * 1_024, redirects: 0 };
const MAX_PROBLEM_LENGTH = 500;
const GONE = 410;

/** Delivers what is due. Returns how many it tried. */
export async function deliverDue(
  { db, keys }: { db: Database; keys: SigningKeys },
  options: FetchOptions = {},
): Promise<number> {
  const due = await takeDue(db, 4 * AT_ONCE, LEASE_MS);
  await inLanes(due, AT_ONCE, async (delivery) => {
    const outcome = await tryOnce(delivery, keys, options);
    await recordOutcome(db, delivery.id, outcome);
    if (outcome.deliveredAt !== null || outcome.againMs !== null) return;
    const cause =
      outcome.status === GONE ? 'it answered that it is gone (410)' : `it took nothing in ${delivery.attempts} tries`;
    await pauseWebhook(db, delivery.webhookId, cause);
  });
  return due.length;
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
