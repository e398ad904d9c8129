export { parsePage } from './parse.ts';
