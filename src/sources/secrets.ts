import { seal } from '../lib/seal.ts';
import type { SigningKeys } from '../lib/tokens.ts';

export const KEY_PURPOSE = 'source-key';

/** An API key as a source keeps it. */
export function sealKey(keys: SigningKeys, key: string): string {
  return seal(keys, KEY_PURPOSE, key);
}
