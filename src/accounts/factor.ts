import { Secret, TOTP } from 'otpauth';
import { sha256 } from '../lib/hash.ts';
import { randomId } from '../lib/ids.ts';
import { seal, unseal } from '../lib/seal.ts';
import type { SigningKeys } from '../lib/tokens.ts';

// The second factor: time-based codes (RFC 6238, six digits, thirty seconds, SHA-1 as the authenticator apps have it) and
// recovery codes for the day on which the telephone is lost.

const PERIOD_S = 30;
/** A clock may be half a minute off. */
const WINDOW = 1;
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
const PURPOSE = 'totp';

/** `secret` is typed, `uri` scanned (it holds the same); `sealed` is kept. */
export function newSecret(keys: SigningKeys, address: string): { sealed: string; secret: string; uri: string } {
  const secret = new Secret({ size: SECRET_BYTES }).base32;
  return { secret, uri: totpOf(secret, address).toString(), sealed: seal(keys, PURPOSE, secret) };
}

/** The time step that a code stands for, or undefined where it is wrong. */
export function stepOf(keys: SigningKeys, sealed: string, code: string, now: Date): number | undefined {
  const secret = unseal(keys, PURPOSE, sealed);
  const token = code.replace(/\s/g, '');
  if (secret === undefined || !/^\d{6}$/.test(token)) return undefined;
  const delta = totpOf(secret, '').validate({ token, timestamp: now.getTime(), window: WINDOW });
  return delta === null ? undefined : Math.floor(now.getTime() / 1_000 / PERIOD_S) + delta;
}

function totpOf(secret: string, label: string): TOTP {
  return new TOTP({ issuer: 'Roundup', label, secret: Secret.fromBase32(secret), period: PERIOD_S, digits: 6 });
}

/** Ten codes of 50 bits, in two groups of five; each is good once. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const text = randomId(7).slice(0, 10);
    return `${text.slice(0, 5)}-${text.slice(5)}`;
  });
}

/** However it was typed. */
export function recoveryHash(accountId: number, code: string): string {
  return sha256('recovery', String(accountId), code.toLowerCase().replace(/[^0-9a-z]/g, ''));
}
