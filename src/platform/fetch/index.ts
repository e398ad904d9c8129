export {
  FETCH_LIMITS,
  type FetchLimits,
  type FetchOptions,
  type Fetched,
  type FetchRequest,
  fetchDocument,
} from './fetch.ts';
export { type Resolver, isPublicAddress } from './addresses.ts';
