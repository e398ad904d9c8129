export { fetchImage, sizeName } from './fetch.ts';
export type { ImageSize } from './image.ts';
export { findMedia, mediaSources } from './store.ts';
