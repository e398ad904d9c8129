import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for something that comes by itself. Throws with what there was last. */
export async function until<T>(read: () => Promise<T>, isSo: (value: T) => boolean, mostMs = 10_000): Promise<T> {
  const began = performance.now();
  for (;;) {
    const value = await read();
    if (isSo(value)) return value;
    if (performance.now() - began > mostMs) throw new Error(`after ${mostMs} ms it is ${JSON.stringify(value)}`);
    await sleep(50);
  }
}
