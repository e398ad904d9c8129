export type { Newsroom } from './newsroom.ts';
export { proposeCorrection, reopenStopped } from './correct.ts';
export { retryEdition } from './retry.ts';
export { approveEdition } from './approve.ts';
export { type Collected, collectAll, collectById, sourceIds } from './collect.ts';
export { getEdition } from './find.ts';
export { comeBack, leave } from './leave.ts';
export { openSlots } from './openSlots.ts';
export { type Proposal, proposeEdition } from './propose.ts';
export { reviseEdition } from './revise.ts';
export { SAMPLE_ADDRESS, renderNow } from './render.ts';
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
