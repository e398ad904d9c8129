import type { BatchKey, Claimed, Settlement } from './delivery.ts';
import type { Gate } from './pacing/gate.ts';
import type { Posting } from './posting.ts';

/** A claimed batch on its way through a process. */
export interface Run {
  key: BatchKey;
  posting: Posting;
  /** Until when (performance.now) nobody else can have taken the batch. */
  leaseUntil: number;
  /** No further mail of it is to be begun. */
  halted: boolean;
  /** Why the mail itself could not be made. */
  fault: unknown;
  /** One of its parcels is through: in the books, or given back untouched, to be tried after so long. */
  done(parcel: Parcel, parkedForMs?: number): void;
}

/** One recipient of a run. */
export interface Parcel {
  run: Run;
  row: Claimed;
  domain: string;
  /** Of its domain, from when it takes the parcel to when the parcel is through. */
  gate: Gate | undefined;
  /** When the books said that it is being handed over (performance.now). */
  grantedAt: number;
  settlement: Settlement | undefined;
  /** A lane that has begun it waits for the books to say that it still may. */
  asking: ((may: boolean) => void) | undefined;
}
