import { randomBytes } from 'node:crypto';

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz';

/** Crockford's base32 in lower case: safe in URLs, in local parts that mail systems fold, and for reading aloud. */
export function base32(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      out += BASE32[(held >>> (bits - 5)) & 31];
      bits -= 5;
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? out + BASE32[(held << (5 - bits)) & 31] : out;
}

/** An unguessable name of `bytes` random bytes (16 = 128 bits, 26 characters). */
export function randomId(bytes = 16): string {
  return base32(randomBytes(bytes));
}
