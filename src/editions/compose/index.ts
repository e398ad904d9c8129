export { compose, toEditionPiece } from './compose.ts';
export type { ComposeInput, Composition, Kept } from './input.ts';
