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
