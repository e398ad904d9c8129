export type { Source } from './source.ts';
export { readSource } from './read.ts';
export { findSource, insertSource, listSources, recordProblem, recordSuccess } from './store.ts';
