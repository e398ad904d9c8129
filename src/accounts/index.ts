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
export { countRecoveryCodes, findAccount, findAccountByAddress, hasAccounts, listAccounts } from './store.ts';
export { type SignedIn, admit, proveFactor, signIn, signInByLink } from './signIn.ts';
export { type From, endSession, endSessionByHash, findSession, listSessions } from './sessions.ts';
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
  makeResetLink,
  removeFactor,
  renewRecoveryCodes,
  setPassword,
  setPasswordByLink,
} from './manage.ts';
export { LONGEST_TOKEN_DAYS, SCOPES, type Scope, findToken, listTokens, makeToken, revokeToken } from './tokens.ts';
export { beginIdempotent, dropIdempotent, finishIdempotent } from './idempotency.ts';
export { beginOidc, finishOidc } from './oidc.ts';
