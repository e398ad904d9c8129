export { type Publication, publicationSchema } from './publication.ts';
export {
  DEFAULT_SECTIONS,
  type Newsletter,
  type NewsletterSettings,
  PLAIN_SECTIONS,
  newsletterSettingsSchema,
} from './newsletter.ts';
export type { Choice, Edition, EditionContent, EditionPiece, EditionSection, EditionState } from './edition.ts';
export { type Composition, compose } from './compose.ts';
export { LOOKBACK_MS, type Slot, isInTime, nextSlot, slotsOpening } from './slots.ts';
export { settleSlot, takeSlot, takenSlots } from './slotStore.ts';
export { type Approval, insertApproval, standingApproval } from './approvals.ts';
export * from './newsletterStore.ts';
export * from './store.ts';
