export { fetchImage, sizeName } from './fetch.ts';
export { keepUpload } from './keep.ts';
export { mediaIn, mediaPath } from './path.ts';
export { shareImage } from './shareImage.ts';
export type { ImageSize } from './image.ts';
export { findMedia, mediaSources } from './store.ts';
