import { addressKey } from '../lib/addresses.ts';
import { sha256 } from '../lib/hash.ts';
import { type SigningKeys, signToken, verifyToken } from '../lib/tokens.ts';

// The tokens in a reader's links: who, on which newsletter, and from which edition they came. One purpose each.

export interface ReaderLink {
  newsletterId: number;
  subscriberId: number;
  /** 0 where the link is in no edition. */
  editionId: number;
}

type LinkPurpose = 'unsubscribe' | 'preferences' | 'view';

export function readerToken(keys: SigningKeys, purpose: LinkPurpose, link: ReaderLink): string {
  return signToken(keys, purpose, [link.newsletterId, link.subscriberId, link.editionId]);
}

export function readReaderToken(keys: SigningKeys, purpose: LinkPurpose, token: string): ReaderLink | undefined {
  const [newsletterId, subscriberId, editionId] = verifyToken(keys, purpose, token) ?? [];
  if (newsletterId === undefined || subscriberId === undefined || editionId === undefined) return undefined;
  return { newsletterId, subscriberId, editionId };
}

/** Good until a time, in ms, for whoever is reached at one address: with another address, or later, it is worth nothing. */
export interface SelfLink {
  subscriberId: number;
  address: string;
  until: number;
}

export function selfToken(keys: SigningKeys, { subscriberId, address, until }: SelfLink): string {
  return signToken(keys, 'self', [subscriberId, until, addressMark(address)]);
}

/** Whose it is; whether it is theirs still is for `isSelf` to say, with their address. */
export function readSelfToken(keys: SigningKeys, token: string, now: Date): number | undefined {
  const [subscriberId, until] = verifyToken(keys, 'self', token) ?? [];
  return until === undefined || until < now.getTime() ? undefined : subscriberId;
}

export function isSelf(keys: SigningKeys, token: string, address: string): boolean {
  return verifyToken(keys, 'self', token)?.[2] === addressMark(address);
}

/** 48 bits of a hash of it. */
function addressMark(address: string): number {
  return Number.parseInt(sha256(addressKey(address)).slice(0, 12), 16);
}

/** The link to say yes by; its own time is over even where the wish was made again since. */
export function confirmToken(keys: SigningKeys, signUpId: number, until: number): string {
  return signToken(keys, 'confirm', [signUpId, until]);
}

/** The number of the sign-up. */
export function readConfirmToken(keys: SigningKeys, token: string, now: Date): number | undefined {
  const [signUpId, until] = verifyToken(keys, 'confirm', token) ?? [];
  return until === undefined || until < now.getTime() ? undefined : signUpId;
}
