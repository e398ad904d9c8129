export { type Handover, saysUnknownMailbox } from './outcome.ts';
export type { StuffedMessage } from './session.ts';
export { RelayPool } from './pool.ts';
