export { parsePosts, postsUrl } from './posts.ts';
