export { KIND_NAMES, type Source, type SourceKind } from './source.ts';
export { readSource } from './read.ts';
export { readArticle } from './article.ts';
export { type Discovery, type ProposedSource, discoverSources } from './discover/index.ts';
export { readOpml } from './opml.ts';
export type { FoundPiece } from './found.ts';
export { sealKey } from './secrets.ts';
export {
  findSource,
  insertSource,
  listSources,
  markSourceTold,
  recordProblem,
  recordSuccess,
  sourceByHand,
  updateSource,
} from './store.ts';
