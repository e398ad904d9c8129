export {
  type Handover,
  enhancedCode,
  isAboutMailbox,
  isAboutRelay,
  isAboutUs,
  isThrottle,
  saysUnknownMailbox,
  wordsOf,
} from './outcome.ts';
export { type StuffedMessage, SmtpSession } from './session.ts';
export { RelayPool } from './pool.ts';
