import type { SigningKeys } from '../lib/tokens.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { holdEdition } from './alerts.ts';
import { claimBatch, releaseBatch, renewLeases } from './batches.ts';
import { finishIfDone } from './finish.ts';
import { Run } from './parcel.ts';
import { type Posting, loadPosting } from './posting.ts';
import type { Sender } from './sender.ts';

// One batch, from claim to release: its recipients become parcels of the process's sender, and when the last of them is
// through, the batch says from its rows when it is due again.

export interface DispatchDeps {
  db: Database;
  sender: Sender;
  keys: SigningKeys;
  leaseMs: number;
  clock: Clock;
  log: Log;
}

/** Our own idea of a lease ends before the database's does. */
const LEASE_MARGIN = 0.1;

/** Returns how many recipients were taken up. Running it twice, anywhere, at any time, is harmless. */
export async function deliverBatch(deps: DispatchDeps, editionId: number, batch: number): Promise<number> {
  const { db, leaseMs, clock } = deps;
  const posting = await postingOf(deps, editionId, batch);
  if (posting === undefined) return 0;
  const resend = posting.resendUncertain;
  const began = performance.now();
  const claimed = await claimBatch(db, editionId, batch, { leaseMs, resend });
  if (claimed === undefined) return 0;
  const key = { editionId, batch, claim: claimed.claim };
  const run = new Run(key, posting, { rows: claimed.rows, leaseUntil: leaseFrom(began, leaseMs) });
  if (claimed.rows.length > 0) await deliverUnderLease(deps, run);
  await releaseBatch(db, key, run.parked, resend);
  if (run.fault !== undefined) await holdForFault(deps, editionId, run.fault);
  const sent = await finishIfDone(db, editionId, resend, clock);
  if (sent !== undefined) deps.log.info(`edition ${editionId} is sent`);
  return claimed.rows.length;
}

/** Undefined where it is not being sent, or not any more: what cannot be signed or read holds the edition. */
async function postingOf(deps: DispatchDeps, editionId: number, batch: number): Promise<Posting | undefined> {
  try {
    return await loadPosting(deps.db, { editionId, batch }, deps.keys);
  } catch (error) {
    if (!(error instanceof RoundupError)) throw error;
    await holdForFault(deps, editionId, error);
    return undefined;
  }
}

async function holdForFault({ db, log }: DispatchDeps, editionId: number, fault: unknown): Promise<void> {
  log.error('a mail could not be made as it was approved', { edition: editionId, reason: reasonOf(fault) });
  await holdEdition(db, editionId, 'mail-not-made', { reason: reasonOf(fault) });
}

async function deliverUnderLease({ db, sender, leaseMs, log }: DispatchDeps, run: Run): Promise<void> {
  const renew = async () => {
    const asked = performance.now();
    const held = await renewLeases(db, [run.key], leaseMs);
    if (held.has(run.key.claim)) run.leaseUntil = leaseFrom(asked, leaseMs);
    else sender.halt(run);
  };
  const renewal = setInterval(() => {
    renew().catch((error: unknown) => log.warn('could not renew a lease', { reason: reasonOf(error) }));
  }, leaseMs / 3);
  try {
    await sender.deliver(run);
  } finally {
    clearInterval(renewal);
  }
}

function leaseFrom(time: number, leaseMs: number): number {
  return time + leaseMs * (1 - LEASE_MARGIN);
}
