import type { Relay } from '../platform/config/index.ts';
import { type Floor, Outlet, SOON_ENOUGH_MS } from './outlet.ts';
import type { Pacing } from './pacing/pacing.ts';

// The relays of this process side by side: which one a parcel goes to.

/** How far a relay may be ahead of another one's share, in messages by weight. */
const AHEAD = 4;

export class Outlets {
  readonly #relays: () => Relay[];
  readonly #pacing: Pacing;
  readonly #floor: Floor;
  readonly #all: Outlet[] = [];

  constructor(relays: () => Relay[], pacing: Pacing, floor: Floor) {
    this.#relays = relays;
    this.#pacing = pacing;
    this.#floor = floor;
  }

  get all(): readonly Outlet[] {
    return this.#all;
  }

  /** Takes up what is configured now. */
  meet(): void {
    for (const relay of this.#relays()) {
      const known = this.#all.find((outlet) => outlet.relay.name === relay.name);
      const gate = this.#pacing.relayGate(relay);
      const connections = this.#pacing.connectionGate(relay);
      if (known === undefined) this.#all.push(new Outlet(relay, { gate, connections }, this.#floor));
      else known.relay = relay;
    }
    // Shares are kept from here on: one that was away has nothing to make up for.
    for (const outlet of this.#all) outlet.served = 0;
  }

  /** Relays of weight 0 stand by until all others are away. */
  usable(): Outlet[] {
    const main = this.#all.filter((outlet) => outlet.relay.weight > 0);
    return main.some((outlet) => !this.#isAway(outlet)) ? main : this.#all;
  }

  /** The relay that is farthest behind its share, of those that can take another parcel. */
  next(): { outlet: Outlet | undefined; relayWaitMs: number } {
    let best: Outlet | undefined;
    let relayWaitMs = Number.POSITIVE_INFINITY;
    const usable = this.usable();
    const behind = Math.min(...usable.filter((outlet) => outlet.isMoving).map((outlet) => outlet.shareServed));
    for (const outlet of usable) {
      // Weights hold although one relay is faster than another, for as long as the other moves at all.
      if (outlet.room <= 0 || outlet.shareServed > behind + AHEAD) continue;
      const waitMs = outlet.gate.waitMs();
      if (waitMs > 0) relayWaitMs = Math.min(relayWaitMs, waitMs);
      else if (best === undefined || outlet.shareServed < best.shareServed) best = outlet;
    }
    return { outlet: best, relayWaitMs };
  }

  /** On hold, over its quota, or failing and without a connection: until it has proved itself others do its work. */
  #isAway(outlet: Outlet): boolean {
    const isFailing = outlet.open === 0 && this.#pacing.isFailing(outlet.relay.name);
    return isFailing || outlet.gate.waitMs() >= SOON_ENOUGH_MS;
  }
}
