export type { Piece, PieceImage, PieceReport, PoolChange } from './piece.ts';
export { recordPieces } from './record.ts';
export { countPieces, listPieces } from './store.ts';
