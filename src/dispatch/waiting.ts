import type { Gate } from './pacing/gate.ts';
import type { Parcel, Run } from './parcel.ts';

type GateOf = (domain: string) => Gate | undefined;

/** Parcels that wait for their turn, by recipient domain: each domain in its turn, so that none waits behind another's limits. */
export class Waiting {
  readonly #domains = new Map<string, Parcel[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(parcels: Parcel[]): void {
    for (const parcel of parcels) {
      const queue = this.#domains.get(parcel.domain);
      if (queue === undefined) this.#domains.set(parcel.domain, [parcel]);
      else queue.push(parcel);
    }
    this.#size += parcels.length;
  }

  /** The next parcel that may leave now, taken through its domain's gate; else how long until one may. */
  next(gateOf: GateOf): { parcel: Parcel | undefined; waitMs: number } {
    let waitMs = Number.POSITIVE_INFINITY;
    for (const [domain, queue] of this.#domains) {
      const gate = gateOf(domain);
      const wait = gate?.waitMs() ?? 0;
      if (wait > 0) {
        waitMs = Math.min(waitMs, wait);
        continue;
      }
      const parcel = queue.shift() as Parcel;
      gate?.take();
      parcel.gate = gate;
      this.#size--;
      this.#toTheEnd(domain, queue);
      return { parcel, waitMs: 0 };
    }
    return { parcel: undefined, waitMs };
  }

  /** Removes and returns what cannot leave within so long: all of a domain that is held, the excess of one that is slow. */
  held(gateOf: GateOf, withinMs: number): { gate: Gate; parcels: Parcel[] }[] {
    const held: { gate: Gate; parcels: Parcel[] }[] = [];
    for (const [domain, queue] of this.#domains) {
      const gate = gateOf(domain);
      if (gate === undefined) continue;
      const parcels = queue.splice(gate.capacity(withinMs));
      if (parcels.length === 0) continue;
      if (queue.length === 0) this.#domains.delete(domain);
      this.#size -= parcels.length;
      held.push({ gate, parcels });
    }
    return held;
  }

  remove(run: Run): Parcel[] {
    const removed: Parcel[] = [];
    for (const [domain, queue] of this.#domains) {
      const kept = queue.filter((parcel) => parcel.run !== run);
      removed.push(...queue.filter((parcel) => parcel.run === run));
      if (kept.length === 0) this.#domains.delete(domain);
      else this.#domains.set(domain, kept);
    }
    this.#size -= removed.length;
    return removed;
  }

  removeAll(): Parcel[] {
    const all = [...this.#domains.values()].flat();
    this.#domains.clear();
    this.#size = 0;
    return all;
  }

  #toTheEnd(domain: string, queue: Parcel[]): void {
    this.#domains.delete(domain);
    if (queue.length > 0) this.#domains.set(domain, queue);
  }
}
