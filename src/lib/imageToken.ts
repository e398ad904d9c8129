import { parseJson } from './json.ts';

// Content systems sign the addresses of pictures with a token in the path (JWT, RFC 7519) that says what it stands for, and when
// it expires.

const TOKEN = /\/eyJ[\w-]+\.([\w-]+)\.[\w-]*\//;

/** The address that a signed one stands for; undefined for one that is not signed in this way. */
export function signedFor(url: string): string | undefined {
  const payload = TOKEN.exec(url)?.[1];
  if (payload === undefined) return undefined;
  const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  const image = typeof claims === 'object' && claims !== null && 'image' in claims ? claims.image : undefined;
  return typeof image === 'string' ? image : undefined;
}
