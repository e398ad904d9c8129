export { type ReaderLink, readReaderToken, readerToken } from './tokens.ts';
export {
  type ListedImport,
  findSuppression,
  insertImport,
  insertSuppression,
  pageOfImports,
  pageOfSubscribers,
  pageOfSuppressions,
  removeSuppression,
} from './lists.ts';
export { type ImportReport, importSubscribers } from './import.ts';
export {
  countSubscriptions,
  endSubscription,
  findSubscriber,
  findSubscriberByAddress,
  listSubscribers,
  listSubscriptions,
  mailable,
  mailableByDomain,
  restoreSubscription,
  suppressionOf,
} from './store.ts';
