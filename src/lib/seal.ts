import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { SigningKey, SigningKeys } from './tokens.ts';

// Secrets that have to stand in the database, encrypted (AES-256-GCM) under a key derived from the installation's signing key:
// `keyId.nonce.tag.text`, each part after the id in base64url.

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;

/** `purpose` is part of the key: what was sealed for one thing cannot be opened as another. */
export function seal(keys: SigningKeys, purpose: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, derived(keys.current, purpose), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [keys.current.id, ...[nonce, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.');
}

/** Undefined where none of our keys, the retired ones included, has sealed it. */
export function unseal(keys: SigningKeys, purpose: string, sealed: string): string | undefined {
  const [id, ...parts] = sealed.split('.');
  const key = [keys.current, ...keys.retired].find((known) => known.id === id);
  const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (key === undefined || nonce === undefined || tag === undefined || text === undefined) return undefined;
  try {
    const decipher = createDecipheriv(ALGORITHM, derived(key, purpose), nonce, { authTagLength: 16 }).setAuthTag(tag);
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function derived(key: SigningKey, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key.secret, '', `seal ${purpose}`, 32));
}
