export type { Subscriber, Subscription } from './subscriber.ts';
export { type ReaderLink, readReaderToken, readerToken } from './tokens.ts';
export { type ImportReport, importSubscribers } from './import.ts';
export {
  countSubscriptions,
  endSubscription,
  findSubscriber,
  listSubscribers,
  listSubscriptions,
  mailable,
  restoreSubscription,
  suppressSubscribers,
} from './store.ts';
