export { countIncoming, eraseIncoming, insertIncoming, sweepIncoming } from './store.ts';
export { plainRecipient, wishToLeave } from './wish.ts';
