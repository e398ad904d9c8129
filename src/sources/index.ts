export type { FoundPiece, FoundPieceImage } from './found.ts';
export type { NewSource, Source } from './source.ts';
export { type Reading, readSource } from './read.ts';
export { findSource, insertSource, listSources, recordProblem, recordSuccess } from './store.ts';
