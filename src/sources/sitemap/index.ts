export { parseSitemap } from './parse.ts';
