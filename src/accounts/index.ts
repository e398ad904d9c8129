export {
  type Account,
  type NewAccount,
  ROLES,
  ROLE_SENTENCES,
  type Role,
  isAtLeast,
  newAccountSchema,
} from './account.ts';
export { addressSchema } from './address.ts';
export { countRecoveryCodes, findAccount, findAccountByAddress, listAccounts } from './store.ts';
export { type SignedIn, admit, proveFactor, signIn, signInByLink } from './signIn.ts';
export { type From, endSession, endSessionByHash, findSession, isSessionGood, listSessions } from './sessions.ts';
export { createLink, readLink } from './links.ts';
export {
  beginFactor,
  changeAccount,
  changePassword,
  confirmFactor,
  confirmsPassword,
  getAccount,
  makeAccount,
  makeFirstAdministrator,
  makeFirstLink,
  makeResetLink,
  removeFactor,
  removeFactorOf,
  renewRecoveryCodes,
  setPassword,
  setPasswordByLink,
} from './manage.ts';
export {
  LONGEST_TOKEN_DAYS,
  SCOPES,
  type Scope,
  findToken,
  isTokenGood,
  listOwnTokens,
  listTokens,
  makeToken,
  revokeToken,
} from './tokens.ts';
export {
  IDEMPOTENCY_STALE_MS,
  type IdempotencyName,
  beginIdempotent,
  dropIdempotent,
  finishIdempotent,
  touchIdempotent,
} from './idempotency.ts';
export { sweepAccounts } from './sweep.ts';
export { beginOidc, finishOidc } from './oidc.ts';
