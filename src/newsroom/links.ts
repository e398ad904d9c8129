import { type SigningKeys, signToken, verifyToken } from '../lib/tokens.ts';

/** The links of an edition's mails, all built from the configured base URL. */
export function editionLinks(baseUrl: string, keys: SigningKeys, editionId: number) {
  return {
    view: `${baseUrl}/e/${signToken(keys, 'view', [editionId])}`,
    unsubscribe: (token: string) => `${baseUrl}/u/${token}`,
    preferences: (token: string) => `${baseUrl}/p/${token}`,
  };
}

/** The edition of a view token, or undefined. */
export function editionOfViewToken(keys: SigningKeys, token: string): number | undefined {
  return verifyToken(keys, 'view', token)?.[0];
}
