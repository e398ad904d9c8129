export { DELIVERY_STATES, type DeliveryState, type Sums } from './delivery.ts';
export { type DispatchDeps, deliverBatch } from './deliverBatch.ts';
export { nudgeOpenBatches, reconcile } from './reconcile.ts';
export { type Posting, type Recipient, loadPosting, messageFor } from './posting.ts';
export {
  type DomainSums,
  type Reason,
  freezeAudience,
  reasonsOf,
  sumsByDomain,
  sumsOf,
  withdrawRemaining,
} from './store.ts';
export { type Rendition, approvedRendition, insertRendition } from './renditions.ts';
export { endPresence, reportPresence, workersPresent } from './presence.ts';
