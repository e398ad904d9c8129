export { DELIVERY_STATES, type Sums } from './delivery.ts';
export { type DispatchDeps, deliverBatch } from './deliverBatch.ts';
export { nudgeOpenBatches, reconcile } from './reconcile.ts';
export { loadPosting } from './posting.ts';
export {
  type DomainSums,
  type Reason,
  freezeAudience,
  reasonsOf,
  sumsByDomain,
  sumsOf,
  withdrawRemaining,
} from './store.ts';
export { approvedRendition, insertRendition } from './renditions.ts';
export { endPresence, reportPresence, workersPresent } from './presence.ts';
