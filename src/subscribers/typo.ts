import { domainOf } from '../lib/addresses.ts';

// Slips of the keyboard in the domains that most people have their mail at. A hint, never a correction.

const KNOWN = [
  'gmail.com',
  'googlemail.com',
  'yahoo.com',
  'yahoo.co.uk',
  'yahoo.fr',
  'yahoo.es',
  'hotmail.com',
  'hotmail.co.uk',
  'hotmail.fr',
  'hotmail.es',
  'outlook.com',
  'outlook.fr',
  'outlook.es',
  'live.com',
  'icloud.com',
  'me.com',
  'aol.com',
  'msn.com',
  'gmx.de',
  'gmx.net',
  'gmx.com',
  'web.de',
  't-online.de',
  'orange.fr',
  'free.fr',
  'laposte.net',
  'proton.me',
  'protonmail.com',
  'fastmail.com',
  'comcast.net',
  'btinternet.com',
];

/** Is it a domain at which very many people have their mail? */
export function isLargeDomain(domain: string): boolean {
  return KNOWN.includes(domain);
}

/** The address that may have been meant, or undefined. `address` is a parsed one. */
export function likelyAddress(address: string): string | undefined {
  const domain = domainOf(address);
  if (KNOWN.includes(domain)) return undefined;
  const meant = KNOWN.find((known) => isSlip(domain, known));
  return meant === undefined ? undefined : `${address.slice(0, address.length - domain.length)}${meant}`;
}

/** One letter too many, too few, another one, or two that changed places; short names are too near to each other to tell. */
function isSlip(typed: string, known: string): boolean {
  if (known.length < 8 || Math.abs(typed.length - known.length) > 1) return false;
  let at = 0;
  while (at < typed.length && typed[at] === known[at]) at++;
  const rest = (text: string, from: number) => text.slice(at + from);
  if (rest(typed, 1) === rest(known, 1) || rest(typed, 1) === rest(known, 0) || rest(typed, 0) === rest(known, 1))
    return true;
  return typed[at] === known[at + 1] && typed[at + 1] === known[at] && rest(typed, 2) === rest(known, 2);
}
