import type { FetchOptions } from '../platform/fetch/index.ts';
import type { Telling } from './deliver.ts';

/** Delivers what is due; what it takes to do so is loaded by the process that does. Returns how many it tried. */
export async function deliverDue(telling: Telling, options: FetchOptions = {}): Promise<number> {
  const deliver = await import('./deliver.ts');
  return deliver.deliverDue(telling, options);
}
