export { type Cut, fill, openGaps } from './gaps.ts';
export { type Rendered, renderEdition } from './render.ts';
export { type GapValues, type Stencil, Splicer, makeStencil, splice } from './stencil.ts';
export { wordsOf } from './words.ts';
export { type LetterContent, renderLetter } from './letter.ts';
export { builtInTheme } from './theme.ts';
