export { parseFeed } from './parse.ts';
export { parseOpml } from './opml.ts';
