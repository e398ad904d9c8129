import { createHash } from 'node:crypto';

/** SHA-256 over parts, each with its length before it, so that no two lists of parts share a hash; lower-case hex. */
export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}
