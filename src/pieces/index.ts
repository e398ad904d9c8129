export type { Piece, PieceImage } from './piece.ts';
export { recordPieces } from './record.ts';
export { completePiece, incompletePieces, pagesToCheck, recordCompletionFailure, recordPage } from './complete.ts';
export { type SourceFlow, sourceFlows } from './flow.ts';
export { imageKey } from './imageKey.ts';
export { type ListedPair, decideLikeness, undecidedPairs } from './likenessStore.ts';
export { type Mark, type MarkKind, clearHolds, clearMark, marksFor, marksOn, setEmbargo, setMark } from './marks.ts';
export {
  type HistoryEntry,
  changesSince,
  countPieces,
  findPiece,
  findPieceByUrl,
  findPieces,
  listHistory,
  listPieces,
  type PieceSearch,
  searchPieces,
} from './store.ts';
