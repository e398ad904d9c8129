import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/time.ts';

const DEFERRAL_STEPS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS];
const UNSENT_WAIT_MS = 10 * SECOND_MS;

/** How long after a 4xx the next try comes: a minute first, three hours at last, each ± 20 % so that tries spread. */
export function deferralMs(attempts: number, random = Math.random()): number {
  const step = DEFERRAL_STEPS_MS[Math.min(attempts, DEFERRAL_STEPS_MS.length - 1)] as number;
  return Math.round(step * (0.8 + 0.4 * random));
}

/** After a try that never got as far as the recipient, such as a mail server that is down. */
export function unsentMs(random = Math.random()): number {
  return Math.round(UNSENT_WAIT_MS * (0.8 + 0.4 * random));
}
