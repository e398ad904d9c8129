export { removeEmbedded, startEmbedded } from './server.ts';
