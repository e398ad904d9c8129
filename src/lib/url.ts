// What makes two addresses one piece. The key leaves out all that publications vary without meaning another page: the
// scheme, `www.`, a trailing slash, the fragment, tracking parameters and the order of the rest.

const TRACKING = new Set([
  'fbclid',
  'gclid',
  'dclid',
  'msclkid',
  'twclid',
  'igshid',
  'mc_cid',
  'mc_eid',
  'mkt_tok',
  'yclid',
  '_hsenc',
  '_hsmi',
  'vero_id',
  'wickedid',
  'oly_enc_id',
  'oly_anon_id',
  'rb_clickid',
  's_cid',
  'cmpid',
  'ito',
  'ref_src',
  'xtor',
]);
const MAX_URL_LENGTH = 2_000;

/** An absolute http or https URL, or undefined. `base` resolves relative ones. */
export function httpUrl(text: string | undefined, base?: string): string | undefined {
  if (text === undefined) return undefined;
  try {
    const url = new URL(text.trim(), base);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
    if (url.username !== '' || url.password !== '') return undefined;
    return url.href.length <= MAX_URL_LENGTH ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** The key under which the addresses of one page meet. Takes what `httpUrl` gave. */
export function urlKey(href: string): string {
  const url = new URL(href);
  const host = url.host.replace(/^www\./, '');
  const path = url.pathname.replace(/\/+$/, '');
  const kept = [...url.searchParams].filter(([name]) => !isTracking(name));
  kept.sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)));
  const query = new URLSearchParams(kept).toString();
  return query === '' ? `${host}${path}` : `${host}${path}?${query}`;
}

function isTracking(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.startsWith('utm_') || lower.startsWith('at_') || TRACKING.has(lower);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
