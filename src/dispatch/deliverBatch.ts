import { EventEmitter, once } from 'node:events';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { domainOf } from '../lib/addresses.ts';
import { holdEdition } from './alerts.ts';
import { type Parked, claimBatch, releaseBatch, renewLeases } from './batches.ts';
import type { BatchKey, Claimed } from './delivery.ts';
import { finishIfDone } from './finish.ts';
import type { Parcel, Run } from './parcel.ts';
import { type Posting, loadPosting } from './posting.ts';
import type { Sender } from './sender.ts';

// One batch, from claim to release: its recipients become parcels of the process's sender, and when the last of them is
// through, the batch says from its rows when it is due again.

export interface DispatchDeps {
  db: Database;
  sender: Sender;
  keys: Parameters<typeof loadPosting>[2];
  leaseMs: number;
  clock: Clock;
  log: Log;
}

/** Our own idea of a lease ends before the database's does. */
const LEASE_MARGIN = 0.1;

/** Returns how many recipients were taken up. Running it twice, anywhere, at any time, is harmless. */
export async function deliverBatch(deps: DispatchDeps, editionId: number, batch: number): Promise<number> {
  const { db, leaseMs, clock } = deps;
  const posting = await postingOf(deps, editionId);
  if (posting === undefined) return 0;
  const resend = posting.resendUncertain;
  const began = performance.now();
  const claimed = await claimBatch(db, editionId, batch, { leaseMs, resend });
  if (claimed === undefined) return 0;
  const key = { editionId, batch, claim: claimed.claim };
  const { parked, fault } = await runBatch(deps, posting, { key, rows: claimed.rows, began });
  await releaseBatch(db, key, parked, resend);
  if (fault !== undefined) await holdForFault(deps, editionId, fault);
  await finishIfDone(db, editionId, resend, clock);
  return claimed.rows.length;
}

/** Undefined where it is not being sent, or not any more: what cannot be signed or read holds the edition. */
async function postingOf(deps: DispatchDeps, editionId: number): Promise<Posting | undefined> {
  try {
    return await loadPosting(deps.db, editionId, deps.keys);
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

async function runBatch(
  deps: DispatchDeps,
  posting: Posting,
  { key, rows, began }: { key: BatchKey; rows: Claimed[]; began: number },
): Promise<{ parked: Parked[]; fault: unknown }> {
  if (rows.length === 0) return { parked: [], fault: undefined };
  const { sender, leaseMs } = deps;
  const parked: Parked[] = [];
  const leaseFrom = (time: number) => time + leaseMs * (1 - LEASE_MARGIN);
  let left = rows.length;
  const through = new EventEmitter();
  const finished = once(through, 'finished');
  const run: Run = {
    key,
    posting,
    leaseUntil: leaseFrom(began),
    halted: false,
    fault: undefined,
    done: ({ row: { subscriberId } }, parkedForMs = 0) => {
      if (parkedForMs > 0) parked.push({ subscriberId, waitMs: Math.round(parkedForMs) });
      if (--left === 0) through.emit('finished');
    },
  };
  const renew = async () => {
    const asked = performance.now();
    const held = await renewLeases(deps.db, [key], leaseMs);
    if (held.has(key.claim)) run.leaseUntil = leaseFrom(asked);
    else sender.halt(run);
  };
  const renewal = setInterval(() => {
    renew().catch((error: unknown) => deps.log.warn('could not renew a lease', { reason: reasonOf(error) }));
  }, leaseMs / 3);
  try {
    await sender.take(
      run,
      rows.map((row) => parcelOf(run, row)),
    );
    await finished;
  } finally {
    clearInterval(renewal);
    sender.finish(run);
  }
  return { parked, fault: run.fault };
}

function parcelOf(run: Run, row: Claimed): Parcel {
  return {
    run,
    row,
    domain: domainOf(row.address),
    gate: undefined,
    grantedAt: 0,
    settlement: undefined,
    asking: undefined,
  };
}
