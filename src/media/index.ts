export { fetchImage, variantName } from './fetch.ts';
export type { Variant } from './image.ts';
export { findMedia, mediaSources } from './store.ts';
