export { FETCH_LIMITS, type Fetched, type FetchOptions, fetchDocument } from './fetch.ts';
export { FetchError } from './failure.ts';
export { postDocument } from './post.ts';
export { isPublicAddress } from './addresses.ts';
