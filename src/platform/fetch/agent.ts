import { once } from 'node:events';
import { Agent } from 'undici';
import { type Resolver, allowedAddresses } from './addresses.ts';

/** A name server that does not answer is no reason to wait for longer. */
export async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const done = new AbortController();
  const aborted = once(signal, 'abort', { signal: done.signal }).then(() => {
    throw new Error('aborted');
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    aborted.catch(() => {});
    done.abort();
  }
}

/** A connection that can only go to the addresses that were checked just now: no second look-up that could differ. */
export async function pinnedAgent(hostname: string, isLocal: boolean, resolve: Resolver): Promise<Agent> {
  const addresses = await allowedAddresses(hostname, isLocal, resolve);
  return new Agent({
    connect: {
      lookup: (_host, options, callback) => {
        const [one] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, one?.address ?? '', one?.family);
      },
    },
    pipelining: 0,
  });
}
