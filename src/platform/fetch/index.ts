export { FETCH_LIMITS, type FetchOptions, fetchDocument } from './fetch.ts';
export { isPublicAddress } from './addresses.ts';
