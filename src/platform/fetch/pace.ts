import { setTimeout as sleep } from 'node:timers/promises';

// Politeness: one request at a time to a host, a breath between two, and patience where a server asks for it. Hosts do not
// wait for each other.

const GAP_MS = 500;
const MAX_HOSTS = 5_000;

interface Host {
  /** Ends with the request before. */
  free: Promise<void>;
  /** When the breath after it is over. */
  nextAt: number;
  waiting: number;
  heldUntil: Date | undefined;
}

const hosts = new Map<string, Host>();

/** Takes a host's turn, and runs `act` in it. */
export async function inTurn<T>(host: string, act: () => Promise<T>): Promise<T> {
  const entry = hostOf(host);
  const before = entry.free;
  const turn = newTurn();
  entry.free = turn.over;
  entry.waiting++;
  try {
    await before;
    const breathMs = entry.nextAt - Date.now();
    if (breathMs > 0) await sleep(breathMs);
    return await act();
  } finally {
    entry.waiting--;
    entry.nextAt = Date.now() + GAP_MS;
    turn.end();
  }
}

function newTurn(): { over: Promise<void>; end: () => void } {
  let end: (() => void) | undefined;
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end: () => end?.() };
}

/** A server has asked for patience (Retry-After). */
export function holdHost(host: string, until: Date): void {
  hostOf(host).heldUntil = until;
}

export function heldUntil(host: string): Date | undefined {
  const until = hosts.get(host)?.heldUntil;
  return until !== undefined && until.getTime() > Date.now() ? until : undefined;
}

function hostOf(host: string): Host {
  const known = hosts.get(host);
  if (known !== undefined) return known;
  if (hosts.size >= MAX_HOSTS) {
    for (const [name, { waiting, heldUntil: until }] of hosts)
      if (waiting === 0 && (until === undefined || until.getTime() < Date.now())) hosts.delete(name);
  }
  const fresh: Host = { free: Promise.resolve(), nextAt: 0, waiting: 0, heldUntil: undefined };
  hosts.set(host, fresh);
  return fresh;
}
