export { type Web, startWeb } from './web.ts';
export { formSnippet } from './pages/snippet.ts';
