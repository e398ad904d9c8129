import type { SigningKeys } from '../lib/tokens.ts';
import type { Database } from '../platform/database/index.ts';
import type { FetchOptions } from '../platform/fetch/index.ts';

/** Delivers what is due; what it takes to do so is loaded by the process that does. Returns how many it tried. */
export async function deliverDue(
  parts: { db: Database; keys: SigningKeys },
  options: FetchOptions = {},
): Promise<number> {
  const deliver = await import('./deliver.ts');
  return deliver.deliverDue(parts, options);
}
