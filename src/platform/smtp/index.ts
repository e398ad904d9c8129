export { type Handover, isAboutUs, saysUnknownMailbox } from './outcome.ts';
export type { StuffedMessage } from './session.ts';
export { RelayPool } from './pool.ts';
