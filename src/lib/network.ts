import { isIP } from 'node:net';

/** An address as one text: an IPv4 address in IPv6's clothes (RFC 4291 2.5.5.2) without them; undefined for what is none. */
export function plainAddress(text: string): string | undefined {
  const bare = text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  return isIP(bare) === 0 ? undefined : bare;
}

/** What an address proves no more than, a month later or where it is nobody's business: 24 bits of IPv4, 48 of IPv6. */
export function wideNetworkOf(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`;
  if (isIP(address) !== 6) return '';
  return `${networkOf(address).split(':').slice(0, 3).join(':')}::/48`;
}

/** Whom a limit is for: an IPv4 address, or the network of 64 bits that one household or server has (RFC 6177). */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter(Boolean);
  const after = (tail ?? '').split(':').filter(Boolean);
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
