export { type Cut, fill } from './gaps.ts';
export { type Rendered, renderEdition } from './render.ts';
export { type GapValues, type Stencil, makeStencil, splice } from './stencil.ts';
export { builtInTheme } from './theme.ts';
