export { decodeText } from './decode.ts';
export { type ParsedFeed, parseFeed } from './parse.ts';
