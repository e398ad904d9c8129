import type * as client from 'openid-client';
import { recordAct } from '../audit/index.ts';
import { parseAddress } from '../lib/addresses.ts';
import { MINUTE_MS } from '../lib/time.ts';
import { seal, unseal } from '../lib/seal.ts';
import type { SigningKeys } from '../lib/tokens.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import type { Account } from './account.ts';
import { subjectOf } from './signIn.ts';
import { accountOfIdentity, findAccountByAddress, linkIdentity } from './store.ts';

// Signing in by an OpenID provider (authorization code flow with PKCE, state and nonce; openid-client checks what comes back).
// Nobody gets an account by it: the first time, the provider's word for an address that it has verified leads to the account of
// that address; from then on, the person is known by issuer and subject.

export interface OidcProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** What the button says. */
  name: string;
}

interface Pending {
  verifier: string;
  state: string;
  nonce: string;
  target: string;
  begunAt: number;
}

/** Time to type a password there. */
const LONGEST_MS = 10 * MINUTE_MS;
const PURPOSE = 'oidc';
/** Loaded by whoever signs somebody in by it. */
const library = () => import('openid-client');
let known: { key: string; configuration: Promise<client.Configuration> } | undefined;

/** Where to send the browser, and what it brings back with it, encrypted. Throws `fetch-failed` where the provider is away. */
export async function beginOidc(
  provider: OidcProvider,
  keys: SigningKeys,
  { redirectUri, target }: { redirectUri: string; target: string },
): Promise<{ url: string; pending: string }> {
  const configuration = await configurationOf(provider);
  const client = await library();
  const verifier = client.randomPKCECodeVerifier();
  const pending: Pending = {
    verifier,
    state: client.randomState(),
    nonce: client.randomNonce(),
    target,
    begunAt: Date.now(),
  };
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid email profile',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: pending.state,
    nonce: pending.nonce,
  });
  return { url: url.href, pending: seal(keys, PURPOSE, JSON.stringify(pending)) };
}

/** The account that the provider vouches for, or undefined: it is none of ours. Throws `forbidden` for an answer that is not right. */
export async function finishOidc(
  { db, keys }: { db: Database; keys: SigningKeys },
  provider: OidcProvider,
  { url, pending }: { url: URL; pending: string },
): Promise<{ account: Account; target: string } | undefined> {
  const opened = unseal(keys, PURPOSE, pending);
  const begun = opened === undefined ? undefined : (JSON.parse(opened) as Pending);
  if (begun === undefined || Date.now() - begun.begunAt > LONGEST_MS)
    throw new RoundupError('forbidden', 'This sign-in was begun in another browser, or long ago.');
  const { verifier, state, nonce, target } = begun;
  const claims = await claimsOf(provider, url, { verifier, state, nonce });
  const account = await accountOf(db, claims);
  return account === undefined ? undefined : { account, target };
}

async function claimsOf(
  provider: OidcProvider,
  url: URL,
  { verifier, state, nonce }: Pick<Pending, 'verifier' | 'state' | 'nonce'>,
): Promise<client.IDToken> {
  const configuration = await configurationOf(provider);
  const client = await library();
  try {
    const tokens = await client.authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims() as client.IDToken;
    if (claims.email !== undefined) return claims;
    return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  } catch (cause) {
    throw new RoundupError('forbidden', `${provider.name} did not let you in: ${reasonOf(cause)}`, { cause });
  }
}

async function accountOf(db: Database, claims: client.IDToken): Promise<Account | undefined> {
  const {
    iss,
    sub,
    email,
    email_verified: isVerified,
  } = claims as client.IDToken & {
    email?: string;
    email_verified?: boolean;
  };
  const before = await accountOfIdentity(db, iss, sub);
  if (before !== undefined) return before.disabledAt === null ? before : undefined;
  const address = isVerified === true && typeof email === 'string' ? parseAddress(email) : undefined;
  const account = address === undefined ? undefined : await findAccountByAddress(db, address);
  if (account === undefined || account.disabledAt !== null) return undefined;
  if (!(await linkIdentity(db, iss, sub, account.id))) return undefined;
  await recordAct(db, {
    actor: account.name,
    act: 'identity linked',
    subject: subjectOf(account),
    detail: { issuer: iss },
  });
  return account;
}

async function configurationOf({ issuer, clientId, clientSecret, name }: OidcProvider): Promise<client.Configuration> {
  const key = JSON.stringify([issuer, clientId, clientSecret]);
  const client = await library();
  // Plain http is for a provider on this machine.
  const options = { execute: issuer.startsWith('http:') ? [client.allowInsecureRequests] : [] };
  if (known?.key !== key) {
    known = { key, configuration: client.discovery(new URL(issuer), clientId, clientSecret, undefined, options) };
  }
  try {
    return await known.configuration;
  } catch (cause) {
    known = undefined;
    throw new RoundupError('fetch-failed', `${name} cannot be reached to sign you in: ${reasonOf(cause)}`, { cause });
  }
}
