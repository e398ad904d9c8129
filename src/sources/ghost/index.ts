export { contentUrl, parseContent } from './posts.ts';
