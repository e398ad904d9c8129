import type { Database } from '../../platform/database/index.ts';
import { type Ask, freeSlots, giveBack, reserve, spread, takeSlots } from './store.ts';

// What one relay or one recipient domain lets this process do now: not while it is held, at its rate, within its day's quota,
// and over no more connections than it allows. Rate and quota are drawn from the database some messages ahead; connections are
// leased from it. Nothing here waits: it says how long to wait.

/** What is configured; undefined: no limit. */
export interface Rule {
  perSecond: number | undefined;
  /** Messages under way at the same time. */
  connections: number | undefined;
  /** Messages until a connection is replaced. */
  perConnection: number | undefined;
  /** Messages of a day; Infinity: no quota. */
  perDay: () => number;
}

/** What a process is among others. */
export interface Process {
  db: Database;
  /** Its name in the books. */
  holder: string;
  leaseMs: number;
  /** How many processes are sending. */
  senders: () => number;
  /** Something may go on that could not before. */
  wake: () => void;
}

const ASK_AGAIN_MS = 250;
const SOON_MS = 20;
const MOST_AHEAD = 200;
const SLOTS_AT_ONCE = 8;
/** A moment that has passed unused is over: what was drawn for it does not come on top of the next. */
const LATE_MS = 250;

export class Gate {
  readonly key: string;
  rule: Rule;
  readonly #process: Process;
  #heldUntil = 0;
  #slowedTo: number | undefined;
  #passes: number[] = [];
  #asking = false;
  #askAt = 0;
  #slots: number[] = [];
  #slotsChangedAt = 0;
  /** Others have all the connections that there may be. */
  #hasNone = false;
  readonly #onSession = new WeakMap<object, number>();
  #inUse = 0;

  constructor(key: string, rule: Rule, process: Process) {
    this.key = key;
    this.rule = rule;
    this.#process = process;
  }

  /** What the last look at the database said. */
  learn({ heldMs, slowedTo }: { heldMs: number; slowedTo: number | null }): void {
    this.#heldUntil = performance.now() + heldMs;
    this.#slowedTo = slowedTo ?? undefined;
  }

  get slowedTo(): number | null {
    return this.#slowedTo ?? null;
  }

  get heldMs(): number {
    return Math.max(0, this.#heldUntil - performance.now());
  }

  /** Messages a second; undefined: as fast as it goes. */
  get rate(): number | undefined {
    const rates = [this.rule.perSecond, this.#slowedTo].filter((rate) => rate !== undefined);
    return rates.length === 0 ? undefined : Math.min(...rates);
  }

  /** Is there anything to it now? */
  get isOpen(): boolean {
    return (
      this.rate === undefined &&
      this.rule.connections === undefined &&
      !Number.isFinite(this.rule.perDay()) &&
      this.heldMs === 0
    );
  }

  /** How long until the next message may leave; 0: now. */
  waitMs(): number {
    const held = this.heldMs;
    if (held > 0) return held;
    if (this.rule.connections !== undefined && this.#inUse >= this.#slots.length) return this.#askForSlots();
    if (this.rate === undefined && !Number.isFinite(this.rule.perDay())) return 0;
    if (this.rate !== undefined) this.#dropLate();
    const [next] = this.#passes;
    if (next === undefined) return this.#askForPasses();
    return Math.max(0, next - performance.now());
  }

  /** How many messages may leave within so long, at most. */
  capacity(withinMs: number): number {
    const wait = this.waitMs();
    if (wait > withinMs || this.#hasNone) return 0;
    return this.rate === undefined ? Number.POSITIVE_INFINITY : Math.ceil((this.rate * withinMs) / 1_000);
  }

  /** When messages that have to wait may be tried: the first, and each next one so much later. Never rejects. */
  async spread(count: number): Promise<{ firstMs: number; everyMs: number }> {
    const waitMs = Math.max(this.waitMs(), ASK_AGAIN_MS);
    const { rate } = this;
    if (rate === undefined) return { firstMs: waitMs, everyMs: 0 };
    const firstMs = await spread(this.#process.db, this.key, count, rate).catch(() => waitMs);
    return { firstMs: Math.max(firstMs, waitMs), everyMs: 1_000 / rate };
  }

  /** One message leaves; only after `waitMs` was 0. */
  take(): void {
    this.#passes.shift();
    this.#inUse++;
  }

  /** How many more are in use than this process may have: where another one began to send, it gets its share. */
  get excess(): number {
    return Math.max(0, this.#inUse - Math.min(this.#share, this.#slots.length));
  }

  get #share(): number {
    return Math.ceil((this.rule.connections ?? Number.POSITIVE_INFINITY) / Math.max(1, this.#process.senders()));
  }

  /** A message has gone over a connection. */
  countOn(session: object): void {
    if (this.rule.perConnection !== undefined) this.#onSession.set(session, (this.#onSession.get(session) ?? 0) + 1);
  }

  /** A connection has carried as many messages as it should. */
  isUsedUp(session: object): boolean {
    return (this.#onSession.get(session) ?? 0) >= (this.rule.perConnection ?? Number.POSITIVE_INFINITY);
  }

  /** A message that was taken is through, or did not leave after all. */
  done(): void {
    this.#inUse--;
    // Where there are fewer than processes, nobody keeps one for the next time.
    const isScarce = (this.rule.connections ?? Number.POSITIVE_INFINITY) < this.#process.senders();
    const kept = isScarce ? this.#inUse : Math.max(this.#share, this.#inUse);
    if (this.#slots.length > kept) void this.#freeBeyond(kept);
  }

  /** Nothing is under way, and nothing is drawn ahead. */
  get isIdle(): boolean {
    return this.#inUse === 0 && this.#passes.length === 0 && this.#slots.length === 0 && !this.#asking;
  }

  /** Slots that nothing needs are for others. */
  freeUnused(): void {
    if (this.#inUse === 0 && this.#slots.length > 0 && !this.#asking) void this.#freeBeyond(0);
  }

  /** The slots that it had in the database at a time; news since then count more. */
  keepSlots(slots: number[], asOf: number): void {
    if (this.#slotsChangedAt < asOf && !this.#asking) this.#slots = slots;
  }

  /** Gives back what is not in use: connections, and the reserved part of a quota. */
  async rest(): Promise<void> {
    const { db } = this.#process;
    const unused = this.#passes.splice(0).length;
    await this.#freeBeyond(this.#inUse);
    if (unused > 0 && Number.isFinite(this.rule.perDay())) await giveBack(db, this.key, unused);
  }

  #dropLate(): void {
    const oldest = performance.now() - LATE_MS;
    while ((this.#passes[0] ?? Number.POSITIVE_INFINITY) < oldest) this.#passes.shift();
  }

  async #freeBeyond(kept: number): Promise<void> {
    const { db, holder } = this.#process;
    const free = this.#slots.splice(kept);
    this.#slotsChangedAt = performance.now();
    // What is not freed ends with its lease.
    if (free.length > 0) await freeSlots(db, this.key, free, holder).catch(() => {});
  }

  #askForPasses(): number {
    const rate = this.rate;
    const want = rate === undefined ? MOST_AHEAD : Math.min(MOST_AHEAD, Math.max(1, Math.ceil(rate / 4)));
    const ask: Ask = { want, perSecond: this.rule.perSecond, perDay: this.rule.perDay() };
    return this.#ask(async () => {
      const { count, waitMs, everyMs } = await reserve(this.#process.db, this.key, ask);
      const from = performance.now() + waitMs;
      for (let n = 0; n < count; n++) this.#passes.push(from + n * everyMs);
      return count > 0 ? 0 : waitMs;
    });
  }

  #askForSlots(): number {
    const { db, holder, leaseMs } = this.#process;
    const limit = this.rule.connections ?? 0;
    const share = this.#share;
    if (this.#slots.length >= share) return ASK_AGAIN_MS;
    return this.#ask(async () => {
      const want = Math.min(share - this.#slots.length, SLOTS_AT_ONCE);
      const slots = await takeSlots(db, this.key, { limit, want, holder, leaseMs });
      this.#slots.push(...slots);
      this.#hasNone = this.#slots.length === 0;
      this.#slotsChangedAt = performance.now();
      return slots.length > 0 ? 0 : ASK_AGAIN_MS;
    });
  }

  /** One question at a time; `answer` says how long to wait before the next one. */
  #ask(answer: () => Promise<number>): number {
    const now = performance.now();
    if (now < this.#askAt) return this.#askAt - now;
    if (!this.#asking) {
      this.#asking = true;
      void this.#hear(answer);
    }
    return SOON_MS;
  }

  async #hear(answer: () => Promise<number>): Promise<void> {
    const waitMs = await answer().catch(() => ASK_AGAIN_MS);
    this.#asking = false;
    this.#askAt = performance.now() + waitMs;
    this.#process.wake();
  }
}
