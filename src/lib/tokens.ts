import { createHmac, timingSafeEqual } from 'node:crypto';
import { base32 } from './ids.ts';

// Signed tokens for links in mail: `keyId.number.number.….mac`, with the numbers in base 36. The purpose is part of what is
// signed and not of the token, so that a token for one purpose is no token for another.

export interface SigningKey {
  id: string;
  secret: Buffer;
}

/** `current` signs; `retired` keys are good for checking an unsubscribe link only, and stay so for ever. */
export interface SigningKeys {
  current: SigningKey;
  retired: SigningKey[];
}

export type TokenPurpose =
  'unsubscribe' | 'preferences' | 'view' | 'message-id' | 'return-path' | 'confirm' | 'self' | 'new-address';

/** 16 bytes of MAC: 128 bits, 26 characters. */
const MAC_BYTES = 16;
const MAX_TOKEN_LENGTH = 200;

/** Signs whole numbers ≥ 0 for one purpose with the current key. */
export function signToken(keys: SigningKeys, purpose: TokenPurpose, numbers: number[]): string {
  const body = [keys.current.id, ...numbers.map((n) => n.toString(36))].join('.');
  return `${body}.${mac(keys.current, purpose, body)}`;
}

/** The numbers that a token was signed with, or undefined where it was not signed by us for this purpose. */
export function verifyToken(keys: SigningKeys, purpose: TokenPurpose, token: string): number[] | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const at = token.lastIndexOf('.');
  const body = token.slice(0, Math.max(at, 0));
  const [keyId, ...fields] = body.split('.');
  const key = keyId === undefined ? undefined : keyFor(keys, purpose, keyId);
  if (key === undefined || !sameText(token.slice(at + 1), mac(key, purpose, body))) return undefined;
  const numbers = fields.map((field) => Number.parseInt(field, 36));
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

function keyFor(keys: SigningKeys, purpose: TokenPurpose, id: string): SigningKey | undefined {
  if (keys.current.id === id) return keys.current;
  return purpose === 'unsubscribe' ? keys.retired.find((key) => key.id === id) : undefined;
}

function mac(key: SigningKey, purpose: TokenPurpose, body: string): string {
  const digest = createHmac('sha256', key.secret).update(`${purpose}\n${body}`).digest();
  return base32(digest.subarray(0, MAC_BYTES));
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The keys with `id` as the one that signs, where we still have it: what was begun with one key is finished with it. */
export function signingWith(keys: SigningKeys, id: string): SigningKeys {
  const all = [keys.current, ...keys.retired];
  const current = all.find((key) => key.id === id) ?? keys.current;
  return { current, retired: all.filter((key) => key !== current) };
}
