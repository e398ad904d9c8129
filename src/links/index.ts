export { checkLink } from './check.ts';
export { type LinkCheck, forgetLinks, linkChecks } from './store.ts';
