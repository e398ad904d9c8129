import { domainOf } from '../lib/addresses.ts';
import type { Parked } from './batches.ts';
import type { BatchKey, Claimed, Settlement } from './delivery.ts';
import type { Outlet } from './outlet.ts';
import type { Gate } from './pacing/gate.ts';
import type { Posting } from './posting.ts';

/** One recipient of a run. */
export interface Parcel {
  run: Run;
  row: Claimed;
  domain: string;
  /** The relay that it goes by; undefined until it is marked for one. */
  outlet: Outlet | undefined;
  /** Of its domain, from when it takes the parcel to when the parcel is through. */
  gate: Gate | undefined;
  /** When the ledger said that it is being handed over (performance.now). */
  grantedAt: number;
  settlement: Settlement | undefined;
  /** A lane that has begun it waits for the ledger to say that it still may. */
  asking: ((may: boolean) => void) | undefined;
}

/** A claimed batch on its way through a process. */
export class Run {
  readonly key: BatchKey;
  readonly posting: Posting;
  readonly parcels: Parcel[];
  /** Who was given back, to be tried at a later time. */
  readonly parked: Parked[] = [];
  /** Until when (performance.now) nobody else can have taken the batch. */
  leaseUntil: number;
  /** No further mail of it is to be begun. */
  halted = false;
  /** Why the mail itself could not be made. */
  fault: unknown;
  #left: number;
  #finish = () => {};

  constructor(key: BatchKey, posting: Posting, { rows, leaseUntil }: { rows: Claimed[]; leaseUntil: number }) {
    this.key = key;
    this.posting = posting;
    this.leaseUntil = leaseUntil;
    this.parcels = rows.map((row) => this.#parcelOf(row));
    this.#left = rows.length;
  }

  /** Resolves when every parcel is through. To be asked for once, before the first one is. */
  through(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#left === 0) resolve();
      else this.#finish = resolve;
    });
  }

  /** One of its parcels is through: in the ledger, or given back untouched, to be tried after so long. */
  done({ row: { subscriberId } }: Parcel, parkedForMs = 0): void {
    if (parkedForMs > 0) this.parked.push({ subscriberId, waitMs: Math.round(parkedForMs) });
    if (--this.#left === 0) this.#finish();
  }

  #parcelOf(row: Claimed): Parcel {
    return {
      run: this,
      row,
      domain: domainOf(row.address),
      outlet: undefined,
      gate: undefined,
      grantedAt: 0,
      settlement: undefined,
      asking: undefined,
    };
  }
}
