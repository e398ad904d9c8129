// What happens in a seed: drawn from the seed alone, so that a seed can be played again.

export type Random = () => number;

/** A small generator of good quality (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Fault = 'kill' | 'freeze' | 'postgres' | 'redis-restart' | 'redis-wipe' | 'leave';

export interface Plan {
  seed: number;
  workers: number;
  backend: 'postgres' | 'redis';
  tls: 'none' | 'starttls' | 'implicit';
  /** Faults, each when this share of the audience has arrived. */
  events: { at: number; fault: Fault }[];
  /** How likely each message meets it. */
  smtp: {
    cutEnvelope: number;
    cutBody: number;
    cutUnkept: number;
    cutKept: number;
    temporary: number;
    throttled: number;
  };
  /** How long the server takes for a message. */
  delayMs: number;
}

export function planOf(seed: number, hasRedis: boolean): Plan {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const backend = hasRedis && random() < 0.5 ? 'redis' : 'postgres';
  const others: Fault[] = backend === 'redis' ? ['postgres', 'redis-restart', 'redis-wipe'] : ['postgres'];
  // Each seed kills or freezes somebody; most have more than that.
  const faults: Fault[] = [pick(['kill', 'kill', 'freeze']), 'leave'];
  for (let more = Math.floor(random() * 3); more > 0; more--) faults.push(pick(['kill', 'freeze', 'leave', ...others]));
  const likely = (share: number, chance: number) => (random() < share ? chance : 0);
  return {
    seed,
    workers: 2 + Math.floor(random() * 3),
    backend,
    tls: pick(['none', 'none', 'starttls', 'implicit']),
    events: faults.map((fault) => ({ fault, at: 0.05 + 0.7 * random() })).toSorted((a, b) => a.at - b.at),
    smtp: {
      cutEnvelope: likely(0.3, 0.01),
      cutBody: likely(0.3, 0.01),
      cutUnkept: likely(0.3, 0.005),
      cutKept: likely(0.15, 0.003),
      temporary: likely(0.3, 0.02),
      throttled: likely(0.15, 0.005),
    },
    delayMs: 20 + Math.floor(random() * 60),
  };
}
