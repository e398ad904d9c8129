export { decodeText } from './decode.ts';
export { parseFeed } from './parse.ts';
