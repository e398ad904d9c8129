import { AsyncLocalStorage } from 'node:async_hooks';

// Where an act comes from travels beside it, not through every function on the way (docs/decisions/0012): whoever takes an act
// in, a request or a command, says so once, and what is written down of the act says it too.

export interface Origin {
  via: 'desk' | 'api' | 'command line' | 'link' | 'clock';
  /** The account that acts, where there is one. */
  accountId: number | null;
  /** The network address that it came from, or the system user at the command line. */
  address: string;
  /** The program that it came with, as it names itself. */
  agent: string;
}

const current = new AsyncLocalStorage<Origin>();

/** Does something with all that is written down of it marked as coming from there. */
export function actingFrom<T>(origin: Origin, act: () => T): T {
  return current.run(origin, act);
}

export function originNow(): Origin | undefined {
  return current.getStore();
}
