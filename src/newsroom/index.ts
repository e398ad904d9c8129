export type { Newsroom } from './newsroom.ts';
export { checkEditionLinks } from './checkLinks.ts';
export { approveEdition } from './approve.ts';
export { changeInWords, isTakenOver, keepDespiteChanges, newsOf, takeChanges } from './changes.ts';
export { type Collected, collectAll, collectById, lookAround, sourceIds } from './collect.ts';
export { addPieceByUrl, completePieces } from './complete.ts';
export { proposeCorrection, reopenStopped } from './correct.ts';
export { getEdition, otherRevision } from './find.ts';
export { sourceHealth } from './health.ts';
export { fetchEditionImages, imageShape, wholeImage, withOwnImages } from './images.ts';
export { comeBack, type KeptLeave, leave, sayWhyLeft } from './leave.ts';
export { markPiece } from './mark.ts';
export { type Invited, inviteAccount, inviteAgain, sendResetLetter } from './people.ts';
export { decidePair, embargoPiece, getPiece } from './pieces.ts';
export { continueImport, importList, previewImport, queueImport, runImport, undoImport } from './import.ts';
export { fetchIncoming, isOurAddress, takeIncoming } from './incoming.ts';
export { importSuppressionList, liftSuppression, suppressAddress, unsubscribeReader } from './readers.ts';
export { askForReview, commentOn, sendBack, takeApprovalBack } from './review.ts';
export { changeNewsletter, makeNewsletter, setPublication } from './settings.ts';
export { addSource, changeSource, getSource } from './sources.ts';
export { openSlots } from './openSlots.ts';
export { type Proposal, proposeEdition } from './propose.ts';
export { recomposeEdition } from './recompose.ts';
export { previewOf, renderNow } from './render.ts';
export { liftHold } from './holds.ts';
export { makeSenderKey, retireSenderKey, signWith } from './senderKeys.ts';
export { sendTestMail } from './testMail.ts';
export { retryEdition } from './retry.ts';
export {
  type Revised,
  addToEdition,
  dropBlockFromEdition,
  dropFromEdition,
  editInEdition,
  holdFromEdition,
  moveInEdition,
  putBlockInEdition,
  restoreRevision,
  addressEdition,
  reviseEdition,
} from './revise.ts';
export {
  cancelEdition,
  pauseEdition,
  releaseDue,
  resumeEdition,
  scheduleEdition,
  sendEdition,
  sendSoon,
  stopEdition,
} from './send.ts';
export {
  askToSubscribe,
  choosePublic,
  confirmSignUp,
  inviteReader,
  isInvitation,
  publicNewsletters,
} from './signUp.ts';
export { sendReaderLetters } from './readerLetters.ts';
export { LONGEST_PAUSE_WEEKS, choicesOf, savePreferences } from './preferences.ts';
export { askNewAddress, confirmNewAddress, eraseReader, mailSelfLink, readerData } from './selfService.ts';
export { audienceOf, countSegment, keepSegment, peopleOfSegment, readFilter, removeSegment } from './segments.ts';
export { sendTest, sendTestTo } from './sendTest.ts';
export {
  copyTheme,
  discardWork,
  editionsOf,
  themeNames,
  themeProblems,
  themeSample,
  tryTheme,
  useTheme,
  workOnRevision,
  workOnTheme,
} from './themes.ts';
export { tick } from './tick.ts';
