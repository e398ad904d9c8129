export { type Cut, fill, openGaps } from './gaps.ts';
export { type Rendered, renderEdition } from './render.ts';
export { type GapValues, type Stencil, Splicer, makeStencil, splice } from './stencil.ts';
export { noteToText } from './note.ts';
export { wordsOf } from './words.ts';
export { type LetterContent, renderLetter } from './letter.ts';
export { loadTheme, plainTheme } from './theme.ts';
export { type TemplateProblem, checkTheme } from './checkTheme.ts';
export type { RenderInput } from './view.ts';
