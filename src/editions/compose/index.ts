export { compose, titlesOf, toEditionPiece } from './compose.ts';
export type { ComposeInput, Composition } from './input.ts';
