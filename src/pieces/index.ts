export type { Piece, PieceImage } from './piece.ts';
export { recordPieces } from './record.ts';
export { countPieces, listPieces } from './store.ts';
