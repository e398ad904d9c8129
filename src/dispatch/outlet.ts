import type { Relay } from '../platform/config/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { type Handover, SmtpSession } from '../platform/smtp/index.ts';
import type { Gate } from './pacing/gate.ts';
import type { Parcel } from './parcel.ts';

// The connections of this process to one relay. Each lane is one connection: it takes a parcel that the books have marked as
// being handed over, delivers it, and takes the next. Lanes come into being while there is work and the relay allows, and end
// when there is none.

/** What a lane needs of the sender. */
export interface Floor {
  openSession(relay: Relay): Promise<SmtpSession | Handover>;
  /** Hands a parcel over on this session, and has it settled. */
  deliver(parcel: Parcel, session: SmtpSession, outlet: Outlet): Promise<void>;
  /** It was marked too long ago: the books must look again. */
  regrant(parcel: Parcel): void;
  /** Is there anything that this outlet could have to do? */
  hasWork(): boolean;
  relayFailed(outlet: Outlet, handover: Handover): void;
  /** A connection has come or gone. */
  changed(outlet: Outlet): void;
}

/** What the books said so long ago is not good enough to begin a mail on. */
export const STALE_MS = 500;
/** A relay that takes no mail for longer than this is not there just now: it is held, or has had its quota. */
export const SOON_ENOUGH_MS = 1_500;
/** A relay that has not ended a mail for so long is not waited for by the others. */
const STILL_MS = 3_000;
/** A connection that stands idle is one that another process cannot have. */
const IDLE_MS = 1_000;

export class Outlet {
  relay: Relay;
  /** Its rate, quota and holds. */
  readonly gate: Gate;
  /** Its connections, over all processes. */
  readonly connections: Gate;
  readonly #floor: Floor;
  readonly #ready: Parcel[] = [];
  readonly #waiting: ((parcel: Parcel | undefined) => void)[] = [];
  #lanes = 0;
  #open = 0;
  #stopped = false;
  #movedAt = 0;
  /** Parcels that the books have in `handing` by way of this outlet. */
  handing = 0;
  /** Parcels that were given to it, for its share beside others. */
  served = 0;

  constructor(relay: Relay, gates: { gate: Gate; connections: Gate }, floor: Floor) {
    this.relay = relay;
    this.gate = gates.gate;
    this.connections = gates.connections;
    this.#floor = floor;
  }

  /** How many more parcels may be in `handing`: never more than two for each open connection. */
  get room(): number {
    return this.#stopped ? 0 : 2 * this.#open - this.handing;
  }

  /** What it was given, by its weight. */
  get shareServed(): number {
    return this.served / Math.max(this.relay.weight, 0.001);
  }

  /** Is it there, and has it taken mail lately where it was given any? */
  get isMoving(): boolean {
    const isStill = this.handing > 0 && performance.now() - this.#movedAt > STILL_MS;
    return this.#open > 0 && this.gate.waitMs() < SOON_ENOUGH_MS && !isStill;
  }

  /** A parcel of it is through. */
  moved(): void {
    this.#movedAt = performance.now();
  }

  get lanes(): number {
    return this.#lanes;
  }

  get open(): number {
    return this.#open;
  }

  /** Opens a connection for each parcel that waits, as far as the relay allows. Returns how long until it allows more. */
  widen(waiting: number): number {
    let waitMs = this.gate.waitMs();
    // A rate is kept by what is sent, not by how many connections there are.
    if (this.gate.heldMs === 0 && waitMs < SOON_ENOUGH_MS) waitMs = 0;
    while (!this.#stopped && waitMs === 0 && this.#lanes < Math.min(this.relay.connections, waiting + this.handing)) {
      waitMs = this.connections.waitMs();
      if (waitMs > 0) break;
      this.connections.take();
      this.#lanes++;
      void this.#runLane();
    }
    return waitMs;
  }

  /** Where another process has begun to send, connections that stand idle beyond our share are for it. */
  shed(): void {
    for (const lane of this.#waiting.splice(0, this.connections.excess)) lane(undefined);
  }

  /** A parcel that may be sent now. */
  push(parcel: Parcel): void {
    const lane = this.#waiting.shift();
    if (lane === undefined) this.#ready.push(parcel);
    else lane(parcel);
  }

  /** Parcels that nobody has begun to send. */
  takeBack(): Parcel[] {
    return this.#ready.splice(0);
  }

  /** Lanes end after what they are at. */
  stop(): void {
    this.#stopped = true;
    for (const lane of this.#waiting.splice(0)) lane(undefined);
  }

  async #runLane(): Promise<void> {
    let session: SmtpSession | undefined;
    try {
      while (!this.#stopped && this.connections.excess === 0) {
        session ??= await this.#openSession();
        if (session === undefined) return;
        const parcel = await this.#next(session);
        if (parcel === undefined) return;
        if (await this.#deliver(parcel, session)) continue;
        this.#closed(session);
        session = undefined;
        if (!this.#floor.hasWork() && this.#ready.length === 0) return;
      }
    } finally {
      this.#lanes--;
      this.connections.done();
      if (session !== undefined) this.#closed(session);
      this.#floor.changed(this);
    }
  }

  /** True where the connection is good for another one. */
  async #deliver(parcel: Parcel, session: SmtpSession): Promise<boolean> {
    if (session.broken) {
      // The server has closed what stood idle: the parcel waits for a connection that is there.
      this.#ready.unshift(parcel);
      return false;
    }
    await this.#floor.deliver(parcel, session, this);
    return !session.broken && session.messages < this.relay.perConnection && parcel.gate?.isUsedUp(session) !== true;
  }

  async #openSession(): Promise<SmtpSession | undefined> {
    if (this.gate.heldMs > 0) return undefined;
    const session = await this.#floor.openSession(this.relay).catch(asHandover);
    if (!(session instanceof SmtpSession)) {
      this.#floor.relayFailed(this, session);
      return undefined;
    }
    this.#open++;
    this.#floor.changed(this);
    return session;
  }

  #closed(session: SmtpSession): void {
    session.close();
    this.#open--;
  }

  /** Undefined when nothing has come for a while, or the connection has gone meanwhile. */
  #next(session: SmtpSession): Promise<Parcel | undefined> | Parcel | undefined {
    for (let parcel = this.#ready.shift(); parcel !== undefined; parcel = this.#ready.shift()) {
      if (performance.now() - parcel.grantedAt < STALE_MS) return parcel;
      this.#floor.regrant(parcel);
    }
    if (session.broken) return undefined;
    return new Promise((resolve) => {
      const lane = (parcel: Parcel | undefined) => {
        clearTimeout(timer);
        resolve(parcel);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(lane), 1);
        resolve(undefined);
      }, IDLE_MS);
      this.#waiting.push(lane);
    });
  }
}

function asHandover(error: unknown): Handover {
  return { outcome: 'not-sent', reason: reasonOf(error), phase: 'connect' };
}
