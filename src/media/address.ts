import { signedFor } from '../lib/imageToken.ts';

// Where to ask for a picture. Content systems scale: what a mail does not need is not carried over the wire. Signed addresses
// expire; where they name what they stand for, that is asked for next.

const SCALES_ITSELF = /\/media-library\/|\/\/assets\.(rebelmouse\.io|rbl\.ms)\//;

/** The addresses to try for a picture of that size, in order. */
export function addressesOf(url: string, { width, height }: { width: number; height: number }): string[] {
  const origin = signedFor(url);
  const scaled = SCALES_ITSELF.test(url) ? withSize(url, width, height) : url;
  return [
    ...new Set([scaled, url, ...(origin?.startsWith('https://') === true && URL.canParse(origin) ? [origin] : [])]),
  ];
}

/** Only these two parameters change; the rest stays as it is written, its `%2C` too. */
function withSize(url: string, width: number, height: number): string {
  if (!/[?&]width=\d/.test(url)) return url;
  return url.replace(/([?&]width=)\d+/, `$1${width}`).replace(/([?&]height=)\d+/, `$1${height}`);
}
