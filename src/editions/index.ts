export { type Publication, publicationSchema } from './publication.ts';
export {
  DEFAULT_SECTIONS,
  type Newsletter,
  type NewsletterSettings,
  PLAIN_SECTIONS,
  newsletterSettingsSchema,
} from './newsletter.ts';
export type {
  Edition,
  EditionAudience,
  EditionContent,
  EditionImage,
  Crop,
  EditionPiece,
  EditionSection,
  EditionState,
} from './edition.ts';
export { OPEN_STATES, isOpen, sectionName } from './edition.ts';
export {
  type EditionBlock,
  blockSchema,
  blockText,
  blocksOf,
  dropBlock,
  findBlock,
  putBlock,
  runsOf,
} from './blocks.ts';
export { type ComposeInput, type Composition, compose, toEditionPiece } from './compose/index.ts';
export { LOOKBACK_MS, type Slot, instantOf, isInTime, localTimeOf, nextSlot, slotsOpening } from './slots.ts';
export { settleSlot, takeSlot, takenSlots } from './slotStore.ts';
export {
  type Approval,
  hasWithdrawnApproval,
  insertApproval,
  lastWithdrawn,
  standingApproval,
  withdrawApproval,
} from './approvals.ts';
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
  bindProposal,
  claimPieces,
  editionsDue,
  editionsIn,
  findEdition,
  insertEdition,
  insertRevision,
  keepProposal,
  lastWindowEnd,
  linksLookedAt,
  noteLinksLooked,
  listChoices,
  lastRevision,
  listEditions,
  listRevisions,
  markTime,
  moveEdition,
  nextNumber,
  nextRevision,
  overrideChoice,
  reviewChoices,
  readContent,
  readProposal,
  releasePieces,
  restoreProposal,
  returnToReview,
  saveChoices,
  listSumsDue,
  takeSumsDue,
} from './store.ts';
export { editionWithSubject, editionsSharing, editionsWith, piecesRunBefore } from './runs.ts';
export {
  type Place,
  type PieceTexts,
  addPiece,
  dropPiece,
  editPiece,
  movePiece,
  openSection,
  piecesOf,
  sectionWith,
} from './edit.ts';
export { type Review, insertReview, listReviews } from './reviews.ts';
export { type Viewer, listViewers, noteViewer, removeViewer } from './viewers.ts';
export { firstProposal, recompose } from './recompose.ts';
export { sparedSets, withoutPieces } from './spare.ts';
export { type Difference, audienceText, compareContents } from './compare.ts';
export { WRITTEN_FIELDS, type WrittenField, type WrittenOver, originalTexts, writtenOver } from './originals.ts';
