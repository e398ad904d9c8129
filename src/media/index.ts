export { fetchImage, sizeName } from './fetch.ts';
export { keepUpload } from './keep.ts';
export type { ImageSize } from './image.ts';
export { findMedia, mediaSources } from './store.ts';
