import { setTimeout as sleep } from 'node:timers/promises';
import { quotaOn, type Relay } from '../../platform/config/index.ts';
import { reasonOf } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { troubleMs } from '../backoff.ts';
import { sendersPresent } from '../presence.ts';
import { Gate, type Process, type Rule } from './gate.ts';
import {
  type DomainLimit,
  type KnownPace,
  clearFailures,
  hold,
  knownPaces,
  listDomainLimits,
  renewSlots,
  slowDown,
  speedUp,
} from './store.ts';

// How fast this process may send, and what it finds out about that. What is found out goes to the database at once; what
// others found out comes from there once a second.

const LOOK_MS = 1_000;
const LOOK_AGAIN_MS = 250;
const REST_AFTER_THROTTLE_MS = 3_000;
/** Temporary answers in a row, none of them about one mailbox, after which a domain is left alone for a time. */
const TROUBLED_AFTER = 10;
/** How fast it begins anew where a server complains before it took anything. */
const UNOBSERVED_PER_SECOND = 2;
const COUNTED_OVER_MS = 5_000;
const NO_RULE: Rule = {
  perSecond: undefined,
  connections: undefined,
  perConnection: undefined,
  perDay: () => Number.POSITIVE_INFINITY,
};

export class Pacing {
  readonly #process: Process;
  readonly #log: Log;
  readonly #gates = new Map<string, Gate>();
  #counts = new Map<string, number>();
  #countsBefore = new Map<string, number>();
  #countedSince = 0;
  #countedSinceBefore = 0;
  readonly #troubles = new Map<string, number>();
  readonly #failing = new Set<string>();
  #limits = new Map<string, DomainLimit>();
  #senders = 1;
  #timer: NodeJS.Timeout | undefined;
  #started: Promise<void> | undefined;
  #looking = false;
  /** Counts beginnings and rests, so that a beginning that was overtaken ends. */
  #turn = 0;

  constructor(process: Omit<Process, 'senders'>, log: Log) {
    this.#process = { ...process, senders: () => this.#senders };
    this.#log = log;
  }

  /** Begins to look, and waits for the first look. */
  async start(): Promise<void> {
    this.#started ??= this.#begin();
    await this.#started;
  }

  async #begin(): Promise<void> {
    this.#countAnew(performance.now());
    this.#countAnew(performance.now());
    const turn = ++this.#turn;
    // Nothing is sent without knowing what is limited or on hold.
    while (turn === this.#turn && !(await this.#look())) await sleep(LOOK_AGAIN_MS);
    if (turn === this.#turn) this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** Ends looking, and gives back what is not in use. */
  async rest(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#started = undefined;
    this.#turn++;
    await Promise.all([...this.#gates.values()].map((gate) => gate.rest()));
  }

  relayGate(relay: Relay): Gate {
    const key = `relay:${relay.name}`;
    // Its connections are real ones, which the outlet opens; what it takes of them is no business of each message.
    const rule = { ...NO_RULE, perSecond: relay.perSecond, perDay: () => quotaOn(relay, new Date()) };
    return this.#gateOf(key, rule);
  }

  /** For the connections of a relay: a gate whose every slot is one. */
  connectionGate(relay: Relay): Gate {
    return this.#gateOf(`connections:${relay.name}`, { ...NO_RULE, connections: relay.connections });
  }

  /** Undefined where nothing is to be said about a domain. */
  domainGate(domain: string): Gate | undefined {
    const key = `domain:${domain}`;
    const gate = this.#gates.get(key);
    const rule = this.#ruleFor(domain);
    if (gate === undefined) return rule === undefined ? undefined : this.#gateOf(key, rule);
    gate.rule = rule ?? NO_RULE;
    return gate.isOpen ? undefined : gate;
  }

  /** A message was accepted. */
  well(relay: string, domain: string): void {
    for (const key of [`relay:${relay}`, `domain:${domain}`]) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      if (this.#failing.delete(key)) this.#tell(clearFailures(this.#process.db, key));
    }
    this.#troubles.delete(domain);
  }

  throttled(key: string, reason: string): void {
    const observed = this.#observed(key) * this.#senders;
    this.#log.warn(`${key} asks us to be slower`, { reason });
    this.#hold(key, REST_AFTER_THROTTLE_MS);
    const change = { observed: observed || UNOBSERVED_PER_SECOND, restMs: REST_AFTER_THROTTLE_MS, reason };
    this.#tell(slowDown(this.#process.db, key, change));
  }

  /** It did not take mail the last time. */
  isFailing(relay: string): boolean {
    return this.#failing.has(`relay:${relay}`);
  }

  /** A relay does not take mail. */
  relayFailed(relay: string, reason: string): void {
    this.#fail(`relay:${relay}`, 'away', reason);
  }

  /** A temporary answer that is not about one mailbox; many in a row are a domain in trouble. */
  domainTroubled(domain: string, reason: string): void {
    const count = (this.#troubles.get(domain) ?? 0) + 1;
    this.#troubles.set(domain, count % TROUBLED_AFTER);
    if (count >= TROUBLED_AFTER) this.#fail(`domain:${domain}`, 'trouble', reason);
  }

  #fail(key: string, cause: string, reason: string): void {
    const failures = this.#failures.get(key) ?? 0;
    const forMs = troubleMs(failures);
    if (!this.#failing.has(key)) this.#log.warn(`${key} does not take mail`, { reason });
    this.#failing.add(key);
    this.#hold(key, forMs);
    this.#tell(hold(this.#process.db, key, { forMs, cause, reason }));
  }

  /** At once for this process; others learn it from the database. */
  #hold(key: string, forMs: number): void {
    const gate = this.#gateOf(key, this.#gates.get(key)?.rule ?? NO_RULE);
    if (gate.heldMs < forMs) gate.learn({ heldMs: forMs, slowedTo: gate.slowedTo });
  }

  #failures = new Map<string, number>();

  /** True where it learned what there is to know. */
  async #look(): Promise<boolean> {
    if (this.#looking) return false;
    this.#looking = true;
    const { db, holder, leaseMs, wake } = this.#process;
    const began = performance.now();
    if (began - this.#countedSince > COUNTED_OVER_MS) this.#countAnew(began);
    try {
      const [paces, limits, senders, slots] = await Promise.all([
        knownPaces(db),
        listDomainLimits(db),
        sendersPresent(db),
        renewSlots(db, holder, leaseMs),
        speedUp(db),
      ]);
      this.#limits = new Map(limits.map((limit) => [limit.domain, limit]));
      this.#senders = Math.max(1, senders);
      this.#teach(paces, slots, began);
      wake();
      return true;
    } catch (error) {
      this.#log.debug('could not look at the pacing', { reason: reasonOf(error) });
      return false;
    } finally {
      this.#looking = false;
    }
  }

  /** Each gate what was found out about it, as of a time. */
  #teach(paces: KnownPace[], slots: { key: string; slot: number }[], asOf: number): void {
    const known = new Map(paces.map((pace) => [pace.key, pace]));
    const held = new Map<string, number[]>();
    for (const { key, slot } of slots) held.set(key, [...(held.get(key) ?? []), slot]);
    this.#failures = new Map(paces.map(({ key, failures }) => [key, failures]));
    for (const { key, failures } of paces) {
      if (!this.#gates.has(key)) this.#gateOf(key, NO_RULE);
      if (failures > 0) this.#failing.add(key);
    }
    for (const [key, gate] of this.#gates) {
      gate.learn(known.get(key) ?? { heldMs: 0, slowedTo: null });
      gate.keepSlots(held.get(key) ?? [], asOf);
      if (!key.startsWith('domain:')) continue;
      gate.freeUnused();
      if (gate.isIdle && !known.has(key)) this.#gates.delete(key);
    }
  }

  #ruleFor(domain: string): Rule | undefined {
    const limit = this.#limits.get(domain) ?? this.#limits.get('*');
    if (limit === undefined) return undefined;
    return {
      perSecond: limit.perSecond ?? undefined,
      connections: limit.connections ?? undefined,
      perConnection: limit.perConnection ?? undefined,
      perDay: NO_RULE.perDay,
    };
  }

  #gateOf(key: string, rule: Rule): Gate {
    const known = this.#gates.get(key);
    if (known !== undefined) {
      known.rule = rule;
      return known;
    }
    const gate = new Gate(key, rule, this.#process);
    this.#gates.set(key, gate);
    return gate;
  }

  /** Messages a second that this process has had accepted lately. */
  #observed(key: string): number {
    const count = (this.#countsBefore.get(key) ?? 0) + (this.#counts.get(key) ?? 0);
    return count / Math.max(1, (performance.now() - this.#countedSinceBefore) / 1_000);
  }

  #countAnew(now: number): void {
    this.#countsBefore = this.#counts;
    this.#countedSinceBefore = this.#countedSince;
    this.#counts = new Map();
    this.#countedSince = now;
  }

  /** It may be told again by the next one who finds it out. */
  #tell(told: Promise<unknown>): void {
    told.catch((error: unknown) => this.#log.debug('could not write down a pace', { reason: reasonOf(error) }));
  }
}
