/** The value of a cookie, by its exact name; undefined where it did not come. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

export interface CookieOptions {
  maxAgeSeconds: number;
  secure: boolean;
  sameSite?: 'Lax' | 'Strict';
}

/** A cookie of ours: for this host, for no script, and not sent along from other sites' forms. */
export function setCookie(
  name: string,
  value: string,
  { maxAgeSeconds, secure, sameSite = 'Lax' }: CookieOptions,
): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAgeSeconds}${secure ? '; Secure' : ''}`;
}
