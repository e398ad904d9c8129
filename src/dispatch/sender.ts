import { setTimeout as sleep } from 'node:timers/promises';
import { SECOND_MS } from '../lib/time.ts';
import type { Relay } from '../platform/config/index.ts';
import type { Database, Statements } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { signMessage } from '../platform/mime/index.ts';
import { type Handover, type SmtpSession, wordsOf } from '../platform/smtp/index.ts';
import type { Settlement } from './delivery.ts';
import { type Floor, type Outlet, SOON_ENOUGH_MS, STALE_MS } from './outlet.ts';
import { Outlets } from './outlets.ts';
import type { Gate } from './pacing/gate.ts';
import { Pacing } from './pacing/pacing.ts';
import { SPREAD_SECONDS } from './pacing/store.ts';
import type { Parcel, Run } from './parcel.ts';
import { messageFor, returnPathFor } from './posting.ts';
import { type Grant, type Turn, UNTOUCHED, runTurn, turnsOf } from './turn.ts';
import { type Sign, verdictOf } from './verdict.ts';
import { Waiting } from './waiting.ts';

// What a process sends, whatever batches it comes from. Parcels wait by recipient domain; as connections and limits allow, they
// are marked `handing` in the books, delivered, and settled. Marking and settling go into the books together, a turn at a time:
// what gathers while one turn is being committed makes the next. A lane takes its next parcel as soon as its last one is
// queued for the books, and at most two parcels for each open connection are in `handing`: that is all that a crash can put in
// doubt. While the database does not answer, no turn ends, nothing is marked, and so no mail is begun; what is known is written
// when it answers again.

export interface SenderParts {
  db: Database;
  statements: Statements;
  /** Asked anew now and then: the local inbox moves its port when it starts anew. */
  relays: () => Relay[];
  openSession: Floor['openSession'];
  returnPath: string | undefined;
  leaseMs: number;
  /** The process's name in the books. */
  holder: string;
  log: Log;
  /** Domains of an edition that refuse us (5.7.x) have had another message settled. */
  onBlocked: (editionId: number, domains: string[]) => Promise<void>;
  /** What must be in the books before anybody else is mailed: who left while they could not be written. */
  beforeTurn: () => Promise<void>;
}

const RETRY_MS = 200;
/** After the books were away, other machines get so long to write down who left meanwhile, before anybody is mailed. */
const GRACE_MS = 1_500;

export class Sender {
  readonly #parts: SenderParts;
  readonly #pacing: Pacing;
  readonly #outlets: Outlets;
  readonly #waiting = new Waiting();
  readonly #runs = new Set<Run>();
  #stale: Parcel[] = [];
  #settled: Parcel[] = [];
  #turning = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(parts: SenderParts) {
    this.#parts = parts;
    const { db, holder, leaseMs, log } = parts;
    this.#pacing = new Pacing({ db, holder, leaseMs, wake: () => this.#pump() }, log);
    this.#outlets = new Outlets(parts.relays, this.#pacing, {
      openSession: parts.openSession,
      deliver: (parcel, session, outlet) => this.#deliver(parcel, session, outlet),
      regrant: (parcel) => void this.#stale.push(parcel),
      hasWork: () => this.#waiting.size > 0,
      relayFailed: (outlet, handover) => this.#relayFailed(outlet, handover),
      changed: (outlet) => this.#outletChanged(outlet),
    });
  }

  get isBusy(): boolean {
    return this.#runs.size > 0;
  }

  /** Resolves when every parcel of a run is through: in the ledger, or given back. Rejects, with none begun, without a relay. */
  async deliver(run: Run): Promise<void> {
    this.#runs.add(run);
    try {
      await this.#pacing.start();
      this.#outlets.meet();
      const through = run.through();
      this.#waiting.add(run.parcels);
      if (this.#stopped) this.#giveBackWaiting();
      this.#pump();
      await through;
    } finally {
      this.#runs.delete(run);
      if (this.#runs.size === 0) this.#endOfRuns();
    }
  }

  #endOfRuns(): void {
    clearTimeout(this.#timer);
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#restIfIdle();
  }

  /** No further mail of a run is begun. */
  halt(run: Run): void {
    run.halted = true;
    for (const parcel of this.#waiting.remove(run)) run.done(parcel, 0);
  }

  /** No further mail is begun; what is under way is finished, and what was only marked is given back. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#giveBackWaiting();
    for (const outlet of this.#outlets.all) {
      outlet.stop();
      this.#giveBackReady(outlet);
    }
    this.#pump();
  }

  /** Resolves when everything is in the books. */
  async settled(): Promise<void> {
    if (this.#runs.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Goes on with whatever can go on. */
  #pump(): void {
    clearTimeout(this.#timer);
    for (const outlet of this.#outlets.all) outlet.shed();
    if (this.#runs.size === 0) return;
    if (!this.#stopped && this.#waiting.size > 0) this.#widen();
    if (!this.#turning) void this.#turn();
  }

  #widen(): void {
    const waits = this.#outlets.usable().map((outlet) => outlet.widen(this.#waiting.size));
    const waitMs = Math.min(...waits);
    if (waitMs > 0 && Number.isFinite(waitMs)) this.#later(waitMs);
  }

  async #turn(): Promise<void> {
    this.#turning = true;
    try {
      while (await this.#oneTurn());
    } finally {
      this.#turning = false;
    }
    this.#parkIdle();
  }

  /** True where there was something to write. */
  async #oneTurn(): Promise<boolean> {
    const settled = this.#settled.splice(0);
    // One edition's turn is one statement: what it settles makes room in the same moment. Several are not.
    const isOne = this.#isOneEdition();
    if (isOne) this.#unmark(settled);
    const wanted = [...this.#stale.splice(0), ...this.#nextParcels()];
    if (settled.length === 0 && wanted.length === 0) return false;
    await this.#write(settled, wanted);
    if (!isOne) this.#unmark(settled);
    return true;
  }

  #unmark(settled: Parcel[]): void {
    for (const parcel of settled) this.#outletOf(parcel).handing--;
  }

  #isOneEdition(): boolean {
    const [first, ...others] = this.#runs;
    return others.every((run) => run.key.editionId === first?.key.editionId && run.posting.hash === first.posting.hash);
  }

  /** As many as the open connections and the limits allow. */
  #nextParcels(): Parcel[] {
    const parcels: Parcel[] = [];
    if (this.#stopped) return parcels;
    let waitMs = Number.POSITIVE_INFINITY;
    for (;;) {
      const { outlet, relayWaitMs } = this.#outlets.next();
      waitMs = Math.min(waitMs, relayWaitMs);
      if (outlet === undefined) break;
      const next = this.#waiting.next((domain) => this.#pacing.domainGate(domain));
      if (next.parcel === undefined) {
        waitMs = Math.min(waitMs, next.waitMs);
        break;
      }
      outlet.gate.take();
      outlet.handing++;
      outlet.served++;
      next.parcel.outlet = outlet;
      parcels.push(next.parcel);
    }
    if (this.#waiting.size > 0 && Number.isFinite(waitMs)) this.#later(waitMs);
    return parcels;
  }

  readonly #space = new WeakMap<SmtpSession, Buffer>();

  #outletOf({ outlet }: Parcel): Outlet {
    if (outlet === undefined) throw new Error('a parcel without an outlet');
    return outlet;
  }

  /** Writes until it is written: what a relay has said is not to be forgotten because the database is away. */
  async #write(settled: Parcel[], wanted: Parcel[]): Promise<void> {
    await Promise.all(
      turnsOf(settled, wanted).map(async (turn) => {
        const { grants, askedAt, isRepeated } = await this.#commit(turn);
        for (const [index, parcel] of turn.wanted.entries())
          this.#granted(parcel, grants[index] ?? 'not-ours', { askedAt, isRepeated });
        this.#booked(turn.editionId, turn.settled);
      }),
    );
  }

  /** `askedAt`: what it says was true then or later; it may have been waiting for others since. */
  async #commit(turn: Turn): Promise<{ grants: Grant[]; askedAt: number; isRepeated: boolean }> {
    for (let told = false; ; told = true) {
      try {
        await this.#parts.beforeTurn();
        if (told) await this.#afterOutage(turn);
        const askedAt = performance.now();
        return { grants: await runTurn(this.#parts.statements, turn), askedAt, isRepeated: told };
      } catch (error) {
        const facts = { edition: turn.editionId, reason: reasonOf(error) };
        if (!told) this.#parts.log.warn('could not write the ledger, trying until it works', facts);
        await sleep(RETRY_MS);
      }
    }
  }

  /** What is known is written at once; what is asked for waits a little. Both are asked for once more after it. */
  async #afterOutage(turn: Turn): Promise<void> {
    await runTurn(this.#parts.statements, { ...turn, wanted: [] });
    if (turn.wanted.length > 0) await sleep(GRACE_MS);
  }

  #granted(parcel: Parcel, grant: Grant, { askedAt, isRepeated }: { askedAt: number; isRepeated: boolean }): void {
    const outlet = this.#outletOf(parcel);
    const { run, asking } = parcel;
    // It may be marked although we were told nothing of it.
    const isMarked = parcel.grantedAt > 0 || isRepeated;
    if (grant === 'granted') parcel.grantedAt = askedAt;
    // The edition was paused or stopped, or the batch is no longer ours: the rest of it is not either.
    if (grant === 'not-ours' && !run.halted) this.halt(run);
    const mayGo = grant === 'granted' && !this.#stopped && !run.halted;
    if (asking !== undefined) {
      // A lane has it, and waits for the answer; whatever comes of it is settled there.
      parcel.asking = undefined;
      return asking(mayGo);
    }
    if (mayGo && outlet.open > 0) return outlet.push(parcel);
    // What is marked is given back, if it still is ours to give.
    if (grant === 'granted' || (grant === 'not-ours' && isMarked)) return this.#settle(parcel, UNTOUCHED);
    outlet.handing--;
    parcel.gate?.done();
    run.done(parcel, grant === 'withdrawn' ? undefined : 0);
  }

  #booked(editionId: number, parcels: Parcel[]): void {
    const blocked = new Set<string>();
    for (const parcel of parcels) {
      parcel.gate?.done();
      if (parcel.settlement?.cause === 'policy') blocked.add(parcel.domain);
      parcel.run.done(parcel);
    }
    if (blocked.size === 0) return;
    this.#parts
      .onBlocked(editionId, [...blocked])
      .catch((error: unknown) =>
        this.#parts.log.warn('could not look at who refuses us', { edition: editionId, reason: reasonOf(error) }),
      );
  }

  async #deliver(parcel: Parcel, session: SmtpSession, outlet: Outlet): Promise<void> {
    const { run, row, domain } = parcel;
    const { posting } = run;
    if (run.halted || performance.now() > run.leaseUntil) return this.#settle(parcel, UNTOUCHED);
    let handover: Handover;
    try {
      const bytes = messageFor(posting, row, this.#space.get(session));
      this.#space.delete(session);
      const message = await signMessage(bytes, posting.dkim, posting.startedAt);
      parcel.gate?.countOn(session);
      const envelope = { from: returnPathFor(posting, row, this.#parts.returnPath), to: row.address };
      handover = await session.deliver(envelope, message, () => this.#mayBegin(parcel));
      // Accepted, it has left to the last byte: the next message of this connection may take its place.
      if (handover.outcome === 'accepted') this.#space.set(session, Buffer.from(bytes.buffer));
    } catch (error) {
      // A mail that cannot be made as it was approved must not go out in another way.
      run.fault ??= error;
      this.halt(run);
      return this.#settle(parcel, UNTOUCHED);
    }
    const { settlement, sign } = verdictOf(handover, row.attempts);
    // A server may close a connection that has carried mail when it likes: that says nothing of the relay.
    const isWornOut = handover.outcome === 'not-sent' && session.messages > 1;
    this.#learn(isWornOut ? 'nothing' : sign, { relay: outlet.relay.name, domain, words: wordsOf(handover) });
    this.#settle(parcel, { ...settlement, relay: outlet.relay.name });
  }

  /** Asked when the server waits for the message, which may be long after the books were asked: then they are asked again. */
  #mayBegin(parcel: Parcel): boolean | Promise<boolean> {
    const { run, grantedAt } = parcel;
    const now = performance.now();
    if (this.#stopped || run.halted || now > run.leaseUntil) return false;
    if (now - grantedAt < STALE_MS) return true;
    return new Promise((resolve) => {
      parcel.asking = resolve;
      this.#stale.push(parcel);
      this.#pump();
    });
  }

  #learn(sign: Sign, about: { relay: string; domain: string; words: string }): void {
    const { relay, domain, words } = about;
    if (sign === 'well') this.#pacing.well(relay, domain);
    else if (sign === 'relay-throttled') this.#pacing.throttled(`relay:${relay}`, words);
    else if (sign === 'domain-throttled') this.#pacing.throttled(`domain:${domain}`, words);
    else if (sign === 'relay-failed') this.#pacing.relayFailed(relay, words);
    else if (sign === 'domain-troubled') this.#pacing.domainTroubled(domain, words);
  }

  #settle(parcel: Parcel, settlement: Settlement): void {
    parcel.settlement = settlement;
    this.#outletOf(parcel).moved();
    this.#settled.push(parcel);
    this.#pump();
  }

  #relayFailed(outlet: Outlet, handover: Handover): void {
    const { sign } = verdictOf(handover, 0);
    this.#learn(sign, { relay: outlet.relay.name, domain: '', words: wordsOf(handover) });
  }

  #outletChanged(outlet: Outlet): void {
    if (outlet.open === 0) this.#giveBackReady(outlet);
    this.#pump();
    this.#restIfIdle();
  }

  /** What is limited is for others when nothing is to be sent and no connection is open. */
  #restIfIdle(): void {
    if (this.#runs.size > 0 || this.#outlets.all.some((outlet) => outlet.lanes > 0)) return;
    void this.#pacing.rest().catch(() => {});
  }

  /** Marked for an outlet that has no connection any more, and not begun. */
  #giveBackReady(outlet: Outlet): void {
    for (const parcel of outlet.takeBack()) this.#settle(parcel, UNTOUCHED);
  }

  #giveBackWaiting(): void {
    for (const parcel of this.#waiting.removeAll()) parcel.run.done(parcel, 0);
  }

  #parkAll(waitMs: number): void {
    for (const parcel of this.#waiting.removeAll()) parcel.run.done(parcel, waitMs);
  }

  /** Who has to wait for a domain's limits is given back, spread over the time that it takes: others may have more to do. */
  #parkIdle(): void {
    if (this.#waiting.size === 0 || this.#stopped) return;
    // Every relay is away, or has had what it may have today.
    const relaysWaitMs = Math.min(...this.#outlets.usable().map((outlet) => outlet.gate.waitMs()));
    if (relaysWaitMs > SOON_ENOUGH_MS) return this.#parkAll(relaysWaitMs);
    for (const { gate, parcels } of this.#waiting.held((domain) => this.#pacing.domainGate(domain), SOON_ENOUGH_MS)) {
      void this.#spread(gate, parcels);
    }
  }

  async #spread(gate: Gate, parcels: Parcel[]): Promise<void> {
    const { firstMs, everyMs } = await gate.spread(parcels.length);
    // Whose turn is far away is looked at again before.
    const farthest = SPREAD_SECONDS * SECOND_MS * (0.8 + 0.4 * Math.random());
    for (const [index, parcel] of parcels.entries())
      parcel.run.done(parcel, Math.min(firstMs + index * everyMs, farthest));
  }

  #later(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, Math.min(waitMs, STALE_MS)));
  }
}
