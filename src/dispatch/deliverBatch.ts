import type { Semaphore } from '../lib/semaphore.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { type Handover, type RelayPool, isAboutUs, saysUnknownMailbox } from '../platform/smtp/index.ts';
import { suppressSubscribers } from '../subscribers/index.ts';
import { deferralMs, unsentMs } from './backoff.ts';
import type { Claimed, Settlement } from './delivery.ts';
import { Group } from './group.ts';
import { finishIfDone } from './finish.ts';
import { type Posting, loadPosting, messageFor, returnPathFor } from './posting.ts';
import { claimBatch, markHanding, releaseClaim, renewLeases, settle } from './store.ts';

// One batch, from claim to settlement. A lane takes the batch's recipients one after the other: `handing` is committed, the
// mail goes out, what became of it is committed, both in groups over all lanes. A lane never runs more than one mail ahead of
// its last commit, so at most two rows a connection are in `handing` at any time, and that is all that a crash can put in
// doubt. When the database does not answer, no lane begins another mail, and what is known is written when it does.

export interface DispatchDeps {
  db: Database;
  relay: RelayPool;
  /** As many permits as the process has connections; shared by all its batches. */
  lanes: Semaphore;
  keys: SigningKeys;
  returnPath: string | undefined;
  leaseMs: number;
  clock: Clock;
  log: Log;
  /** Once it is aborted, no further mail is begun; what is under way is finished. */
  stopping: AbortSignal;
}

const SETTLE_RETRY_MS = 500;

/** Returns how many recipients were taken up. Running it twice, anywhere, at any time, is harmless. */
export async function deliverBatch(deps: DispatchDeps, editionId: number, batch: number): Promise<number> {
  const posting = await loadPosting(deps.db, editionId);
  if (posting === undefined) return 0;
  const { claim, rows } = await claimBatch(deps.db, editionId, batch, deps.leaseMs);
  if (rows.length === 0) return 0;
  const key = { editionId, batch, claim, newsletterId: posting.newsletterId };
  const renewal = setInterval(() => {
    renewLeases(deps.db, key, deps.leaseMs).catch((error: unknown) =>
      deps.log.warn('could not renew a lease', { reason: reasonOf(error) }),
    );
  }, deps.leaseMs / 3);
  try {
    await new BatchRun(deps, posting, key, rows).run();
  } finally {
    clearInterval(renewal);
    await releaseClaim(deps.db, key);
  }
  await finishIfDone(deps.db, editionId, posting.resendUncertain, deps.clock);
  return rows.length;
}

interface BatchKey {
  editionId: number;
  batch: number;
  claim: number;
  newsletterId: number;
}

class BatchRun {
  readonly #deps: DispatchDeps;
  readonly #posting: Posting;
  readonly #rows: Claimed[];
  readonly #handing: Group<Claimed, boolean>;
  readonly #settling: Group<Settlement, void>;
  #stopped = false;

  constructor(deps: DispatchDeps, posting: Posting, key: BatchKey, rows: Claimed[]) {
    this.#deps = deps;
    this.#posting = posting;
    this.#rows = rows;
    this.#handing = new Group((group) => grantHandover(deps, key, group, (ours) => (this.#stopped ||= !ours)));
    this.#settling = new Group((group) => settleGroup(deps, key, group));
  }

  async run(): Promise<void> {
    const lanes = Math.min(this.#rows.length, this.#deps.relay.connections);
    const ends = await Promise.allSettled(Array.from({ length: lanes }, () => this.#lane()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #lane(): Promise<void> {
    let settled: Promise<void> = Promise.resolve();
    for (let row = this.#next(); row !== undefined; row = this.#next()) {
      await this.#deps.lanes.acquire();
      try {
        const before = settled;
        if (await this.#handing.add(row)) settled = this.#settling.add(await this.#deliver(row));
        // The mail before the last one must be in the books before another one begins.
        await before;
      } catch (error) {
        this.#stopped = true;
        throw error;
      } finally {
        this.#deps.lanes.release();
      }
    }
    await settled;
  }

  #next(): Claimed | undefined {
    return this.#stopped || this.#deps.stopping.aborted ? undefined : this.#rows.pop();
  }

  async #deliver(row: Claimed): Promise<Settlement> {
    const { keys, returnPath, relay } = this.#deps;
    const from = returnPathFor(this.#posting, row, keys, returnPath);
    const handover = await relay.deliver({ from, to: row.address }, messageFor(this.#posting, row, keys));
    // A relay that is away is away for the whole batch: the others are not worth a try each.
    if (handover.outcome === 'not-sent' && (handover.phase === 'connect' || handover.phase === 'auth'))
      this.#stopped = true;
    return settlementOf(row, handover);
  }
}

async function grantHandover(
  { db, leaseMs }: DispatchDeps,
  key: BatchKey,
  group: Claimed[],
  onAnswer: (stillOurs: boolean) => void,
): Promise<boolean[]> {
  const grants = await markHanding(
    db,
    key,
    group.map((row) => row.subscriberId),
    leaseMs,
  );
  const byId = new Map(grants.map((grant) => [grant.subscriberId, grant.granted]));
  // Rows that do not come back: the edition was paused or stopped, or the claim is no longer ours.
  onAnswer(grants.length === group.length);
  return group.map((row) => byId.get(row.subscriberId) ?? false);
}

/** Writes until it is written: what the relay has said is not to be forgotten because the database is away. */
async function settleGroup({ db, log }: DispatchDeps, key: BatchKey, group: Settlement[]): Promise<void[]> {
  for (let told = false; ;) {
    try {
      await settle(db, key, group);
      const unknown = group.filter((settlement) => settlement.unknownMailbox);
      if (unknown.length > 0) await suppressSubscribers(db, unknown.map(asSuppression), 'unknown-mailbox');
      return [];
    } catch (error) {
      if (!told)
        log.warn('could not write the ledger, trying until it works', {
          edition: key.editionId,
          reason: reasonOf(error),
        });
      told = true;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_RETRY_MS));
    }
  }
}

function asSuppression({ subscriberId, reason }: Settlement): { id: number; detail: string } {
  return { id: subscriberId, detail: reason };
}

function settlementOf({ subscriberId, attempts }: Claimed, handover: Handover): Settlement {
  const common = {
    subscriberId,
    waitMs: 0,
    unknownMailbox: saysUnknownMailbox(handover),
    unsent: handover.outcome === 'not-sent',
  };
  switch (handover.outcome) {
    case 'accepted':
      return { ...common, state: 'accepted', reason: '' };
    case 'uncertain':
      return {
        ...common,
        state: 'uncertain',
        reason: `connection lost after the mail was handed over: ${handover.reason}`,
      };
    case 'not-sent':
      return { ...common, state: 'deferred', reason: handover.reason, waitMs: unsentMs() };
    case 'deferred':
      return { ...common, state: 'deferred', reason: handover.reply, waitMs: deferralMs(attempts) };
    case 'refused':
      return {
        ...common,
        state: isAboutUs(handover) ? 'deferred' : 'refused',
        reason: handover.reply,
        waitMs: deferralMs(attempts),
      };
  }
}
