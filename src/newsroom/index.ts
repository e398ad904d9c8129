export type { Newsroom } from './newsroom.ts';
export { approveEdition } from './approve.ts';
export { changeInWords, keepDespiteChanges, newsOf, takeChanges } from './changes.ts';
export { type Collected, collectAll, collectById, lookAround, sourceIds } from './collect.ts';
export { addPieceByUrl, completePieces } from './complete.ts';
export { proposeCorrection, reopenStopped } from './correct.ts';
export { getEdition } from './find.ts';
export { sourceHealth } from './health.ts';
export { fetchEditionImages } from './images.ts';
export { comeBack, leave } from './leave.ts';
export { markPiece } from './mark.ts';
export { openSlots } from './openSlots.ts';
export { type Proposal, proposeEdition } from './propose.ts';
export { recomposeEdition } from './recompose.ts';
export { SAMPLE_ADDRESS, renderNow } from './render.ts';
export { retryEdition } from './retry.ts';
export {
  type Revised,
  addToEdition,
  dropFromEdition,
  editInEdition,
  holdFromEdition,
  moveInEdition,
  noPiece,
  restoreRevision,
  reviseEdition,
} from './revise.ts';
export {
  cancelEdition,
  pauseEdition,
  releaseDue,
  resumeEdition,
  scheduleEdition,
  sendEdition,
  stopEdition,
} from './send.ts';
export { sendTest } from './sendTest.ts';
export { tick } from './tick.ts';
