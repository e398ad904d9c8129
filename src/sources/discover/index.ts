export { type Discovery, type ProposedSource, discoverSources } from './discover.ts';
