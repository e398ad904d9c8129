export { CAUSES, type Cause, DELIVERY_STATES, type Sums } from './delivery.ts';
export { type DispatchDeps, deliverBatch } from './deliverBatch.ts';
export { listDeliveries } from './recipients.ts';
export { Sender } from './sender.ts';
export { watchBlocks } from './blocks.ts';
export { type Again, planAgain, unpark } from './retry.ts';
export { archiveOneEdition } from './retention.ts';
export {
  type DomainLimit,
  type KnownPace,
  knownPaces,
  lift,
  listDomainLimits,
  removeDomainLimit,
  saveDomainLimit,
} from './pacing/store.ts';
export { nudgeDueBatches, reconcile } from './reconcile.ts';
export { loadPosting } from './posting.ts';
export {
  audienceByDomain,
  conditionOf,
  freezeAudience,
  maskOf,
  planRemaining,
  reopenBatches,
  withdrawRemaining,
} from './audience.ts';
export { type DomainSums, type Reason, acceptedPerSecond, lastPace, remainingByDomain, sumsOf } from './sums.ts';
export { type ListedDkimKey, dkimKeysFor, listDkimKeys, newDkimKey, retireDkimKey, useDkimKey } from './dkim/keys.ts';
export { approvedFor, approvedRendition, insertRendition, insertVariants, renditionFor } from './renditions.ts';
export { endPresence, reportPresence, workersPresent } from './presence.ts';
export { type ReaderDelivery, deliveriesTo, eraseDeliveries, mailedSubscribers, readdress } from './erase.ts';
export { type CoursePoint, recentDetails, recentSums, sumsOfMany } from './figures.ts';
