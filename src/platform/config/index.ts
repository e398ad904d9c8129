export type { Config, Relay } from './config.ts';
export { readConfig } from './read.ts';
export { localKeys } from './keys.ts';
export { loadConfig } from './load.ts';
export { parseRate, quotaOn } from './relays.ts';
export type { Listening, Mailbox } from './incoming.ts';
