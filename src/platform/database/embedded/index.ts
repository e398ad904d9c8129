export { isAlive } from './lock.ts';
export { removeEmbedded, startEmbedded } from './server.ts';
