import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../lib/time.ts';

const DEFERRAL_STEPS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS];
const TROUBLE_STEPS_MS = [
  SECOND_MS,
  3 * SECOND_MS,
  10 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
];

/** How long after a 4xx the next try comes: a minute first, three hours at last, each ± 20 % so that tries spread. */
export function deferralMs(attempts: number, random = Math.random()): number {
  return jittered(DEFERRAL_STEPS_MS[Math.min(attempts, DEFERRAL_STEPS_MS.length - 1)] as number, random);
}

/** How long a relay or a domain is left alone after so many failures in a row: a second first, half an hour at last. */
export function troubleMs(failures: number, random = Math.random()): number {
  return jittered(TROUBLE_STEPS_MS[Math.min(failures, TROUBLE_STEPS_MS.length - 1)] as number, random);
}

/** ± 20 %. */
export function jittered(ms: number, random = Math.random()): number {
  return Math.round(ms * (0.8 + 0.4 * random));
}
