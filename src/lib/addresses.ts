import { domainToASCII } from 'node:url';

export interface Mailbox {
  name: string;
  address: string;
}

/** RFC 5321 4.5.3.1: 64 octets of local part, 254 of address in a path. */
const MAX_LOCAL_OCTETS = 64;
const MAX_ADDRESS_OCTETS = 254;
const LOCAL_PART = /^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * One mail address in the form in which it is kept: the domain in lower-case ASCII (IDNA), the local part as written.
 * Undefined for what no mail system would take as a dot-atom address (RFC 5321 4.1.2, RFC 6531); quoted local parts and
 * address literals are refused on purpose: subscribers do not have them, attackers do.
 */
export function parseAddress(text: string): string | undefined {
  const trimmed = text.trim().normalize('NFC');
  const at = trimmed.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = trimmed.slice(0, at);
  if (!LOCAL_PART.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return undefined;
  if (Buffer.byteLength(local) > MAX_LOCAL_OCTETS) return undefined;
  const domain = parseDomain(trimmed.slice(at + 1));
  if (domain === undefined) return undefined;
  const address = `${local}@${domain}`;
  return Buffer.byteLength(address) <= MAX_ADDRESS_OCTETS ? address : undefined;
}

/** The key under which two spellings are one person: all of it in lower case. */
export function addressKey(address: string): string {
  return address.toLowerCase();
}

/** For whoever has it to know it, and nobody else to learn it: "a…@example.org". */
export function maskedAddress(address: string): string {
  const [first = ''] = address;
  return `${first}…@${domainOf(address)}`;
}

/** The recipient domain of a parsed address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** A domain name in the form in which it is kept: lower-case ASCII (IDNA). Undefined for what is none. */
export function parseDomain(text: string): string | undefined {
  const domain = domainToASCII(text.replace(/\.$/, '')).toLowerCase();
  const labels = domain.split('.');
  if (domain.length === 0 || domain.length > 253 || labels.length < 2) return undefined;
  if (/^\d+$/.test(labels.at(-1) ?? '')) return undefined;
  return labels.every((label) => LABEL.test(label)) ? domain : undefined;
}
