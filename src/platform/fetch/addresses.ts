import type { LookupAddress } from 'node:dns';
import dns from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

// Which addresses a fetch may connect to. Only public unicast ones, unless a source is marked local: what a feed's address
// or a redirect names must never reach the operator's own network (RFC 6890's registries, by ipaddr.js).

export type Resolver = (hostname: string) => Promise<LookupAddress[]>;

export const systemResolver: Resolver = (hostname) => dns.lookup(hostname, { all: true, verbatim: true });

/** RFC 6052's well-known prefix. The one for local use (RFC 8215) leads into somebody's own network. */
const NAT64 = ipaddr.IPv6.parse('64:ff9b::');

/** True for addresses that belong to the open internet. IPv4 inside IPv6 (mapped, NAT64) is judged as that IPv4. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast';
  if (parsed.isIPv4MappedAddress()) return isPublicAddress(parsed.toIPv4Address().toString());
  if (parsed.match(NAT64, 96)) return isPublicAddress(parsed.toByteArray().slice(12).join('.'));
  return parsed.range() === 'unicast';
}

/** The addresses of a host that may be connected to; throws in words where there is none. */
export async function allowedAddresses(
  hostname: string,
  isLocal: boolean,
  resolve: Resolver,
): Promise<LookupAddress[]> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(host);
  const found = literal === 0 ? await resolve(host) : [{ address: host, family: literal }];
  if (found.length === 0) throw new Error(`the host ${host} has no address`);
  const allowed = isLocal ? found : found.filter(({ address }) => isPublicAddress(address));
  if (allowed.length === 0)
    throw new Error(`${host} is an address of a private network; mark the source as local (--local) if that is meant`);
  return allowed;
}
