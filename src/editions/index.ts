export { type Publication, publicationSchema } from './publication.ts';
export {
  DEFAULT_SECTIONS,
  type Newsletter,
  type NewsletterSettings,
  PLAIN_SECTIONS,
  newsletterSettingsSchema,
} from './newsletter.ts';
export type { Edition, EditionContent, EditionPiece, EditionSection, EditionState } from './edition.ts';
export { type Composition, compose } from './compose.ts';
export { LOOKBACK_MS, type Slot, isInTime, nextSlot, slotsOpening } from './slots.ts';
export { settleSlot, takeSlot, takenSlots } from './slotStore.ts';
export { type Approval, insertApproval, standingApproval, withdrawApproval } from './approvals.ts';
export {
  findNewsletter,
  findPublication,
  getNewsletter,
  getPublication,
  insertNewsletter,
  listNewsletters,
  savePublication,
  setNewsletterSources,
  updateNewsletter,
} from './newsletterStore.ts';
export {
  claimPieces,
  editionsDue,
  editionsIn,
  findEdition,
  insertChoices,
  insertEdition,
  insertRevision,
  lastWindowEnd,
  listChoices,
  listEditions,
  moveEdition,
  nextRevision,
  piecesRunBefore,
  readContent,
  releasePieces,
} from './store.ts';
