export { type Subscriber, type Subscription } from './subscriber.ts';
export {
  type ReaderLink,
  confirmToken,
  isSelf,
  readConfirmToken,
  readReaderToken,
  readSelfToken,
  readerToken,
  selfToken,
} from './tokens.ts';
export {
  findSuppression,
  insertSuppression,
  pageOfSubscribers,
  pageOfSuppressions,
  removeSuppression,
} from './lists.ts';
export { dropImport, eraseFromImports, readImport, stepImport, sweepImports } from './import/import.ts';
export { dropLines } from './import/lines.ts';
export { type ImportReport, OUTCOMES, type Outcome, withoutOutcomes } from './import/report.ts';
export {
  type ImportRun,
  type Undone,
  findImport,
  findRunning,
  holdImport,
  letGoOfImport,
  pageOfImports,
  putOffImport,
  startImport,
  undoImportRows,
} from './import/runs.ts';
export {
  attributesOf,
  countSubscriptions,
  recentSubscriptions,
  endSubscription,
  findSubscriber,
  languageOf,
  findSubscriberByAddress,
  listSubscribers,
  listSubscriptions,
  mailable,
  restoreSubscription,
  setWhyLeft,
  subscribedSince,
  suppressionOf,
} from './store.ts';
export { isLargeDomain, likelyAddress } from './typo.ts';
export { type Consent, listConsents, shortenAddresses, startSubscription, subscriberOf } from './consent.ts';
export {
  type SignUp,
  type WantedSignUp,
  endSignUpOf,
  findSignUp,
  holdSignUpsDue,
  keepSignUp,
  markSignUpMailed,
  putOffDomain,
  sweepSignUps,
  takeLetterTo,
  takeSignUp,
} from './signUps.ts';
export { eraseSubscriber, erasedLately, sweepErasures } from './erase.ts';
export {
  CADENCES,
  endAddressChanges,
  findAddressChange,
  insertAddressChange,
  setAddress,
  setLanguage,
  setPause,
  setSubscription,
  sweepAddressChanges,
  takeAddressChange,
} from './preferences.ts';
export { exportAsCsv, exportAsJson } from './export.ts';
export { type SuppressionImport, exportSuppressions, importSuppressions } from './suppressionList.ts';
export { type FilterContext, compileFilter } from './segments/compile.ts';
export { FIELDS, type Filter, filterText, parseFilter } from './segments/filter.ts';
export {
  type Segment,
  checkFilter,
  countMembers,
  deleteSegment,
  estimateMembers,
  findSegment,
  firstMembers,
  listSegments,
  saveSegment,
} from './segments/segments.ts';
