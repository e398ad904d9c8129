import { signedFor } from '../lib/imageToken.ts';

// Two addresses of one picture. Content systems sign the addresses of images, and give another one each time; what stays is
// the picture's own id.

/** Parameters that cut, scale and sign; what is left says which picture it is. */
const NOT_IDENTITY =
  /^(w|h|width|height|quality|q|fit|crop|coordinates|auto|format|fm|dpr|resize|s|sig|signature|expires|expires_at|token|ixlib|ixid|x-amz-.*|x-goog-.*|policy|key-pair-id|ssl|strip|zoom)$/i;

/** The key under which the addresses of one picture meet. */
export function imageKey(href: string): string {
  const signed = signedFor(href);
  if (signed !== undefined) return signed;
  const url = new URL(href);
  const kept = [...url.searchParams]
    .filter(([name]) => !NOT_IDENTITY.test(name))
    .map(([name, value]) => `${name}=${value}`);
  return `${url.host}${url.pathname}?${kept.toSorted().join('&')}`;
}
