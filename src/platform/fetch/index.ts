export { FETCH_LIMITS, FetchError, type Fetched, type FetchOptions, fetchDocument } from './fetch.ts';
export { isPublicAddress } from './addresses.ts';
