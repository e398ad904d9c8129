export { type Web, startWeb } from './web.ts';
