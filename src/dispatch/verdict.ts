import { MINUTE_MS, SECOND_MS } from '../lib/time.ts';
import {
  type Handover,
  enhancedCode,
  isAboutMailbox,
  isAboutRelay,
  isAboutUs,
  isThrottle,
  saysUnknownMailbox,
  wordsOf,
} from '../platform/smtp/index.ts';
import { deferralMs, jittered } from './backoff.ts';
import type { Cause, Settlement } from './delivery.ts';

/** What a hand-over says beyond the one recipient. */
export type Sign =
  | 'well'
  /** The relay did not take mail at all. */
  | 'relay-failed'
  | 'relay-throttled'
  | 'domain-throttled'
  /** A temporary answer that is not about one mailbox. */
  | 'domain-troubled'
  /** We are refused, not the reader. */
  | 'blocked'
  | 'nothing';

export interface Verdict {
  settlement: Omit<Settlement, 'relay'>;
  sign: Sign;
}

const AGAIN_MS = 2 * SECOND_MS;
const THROTTLED_MS = MINUTE_MS;
const BLOCKED_MS = 15 * MINUTE_MS;
const FINAL: Pick<Settlement, 'waitMs' | 'charged'> = { waitMs: 0, charged: false };

/** What is to be written down of a recipient, and what is to be learned of the relay and the domain. */
export function verdictOf(handover: Handover, attempts: number): Verdict {
  if (isAboutRelay(handover)) return aboutRelay(handover);
  const reason = wordsOf(handover);
  switch (handover.outcome) {
    case 'accepted':
      return { settlement: { state: 'accepted', cause: null, reason: '', ...FINAL }, sign: 'well' };
    case 'uncertain':
      return { settlement: { state: 'uncertain', cause: 'connection-lost', reason, ...FINAL }, sign: 'nothing' };
    case 'given-back':
      return { settlement: { state: 'planned', cause: null, reason: '', ...FINAL }, sign: 'nothing' };
    case 'not-sent':
      return { settlement: deferred('connection-lost', reason, deferralMs(attempts), true), sign: 'nothing' };
    case 'deferred':
      return temporary(handover, attempts);
    case 'refused':
      if (isAboutUs(handover))
        return { settlement: deferred('policy', reason, jittered(BLOCKED_MS), false), sign: 'blocked' };
      return { settlement: { state: 'refused', cause: causeOf(handover), reason, ...FINAL }, sign: 'nothing' };
  }
}

/** Before a recipient was named, nothing counts against one. */
function aboutRelay(handover: Handover): Verdict {
  const throttled = handover.outcome === 'deferred' && isThrottle(handover);
  const settlement = {
    state: 'planned',
    cause: null,
    reason: wordsOf(handover),
    waitMs: jittered(AGAIN_MS),
    charged: false,
  } as const;
  return { settlement, sign: throttled ? 'relay-throttled' : 'relay-failed' };
}

function temporary(handover: Extract<Handover, { outcome: 'deferred' }>, attempts: number): Verdict {
  const { reply } = handover;
  if (isThrottle(handover))
    return { settlement: deferred('throttled', reply, jittered(THROTTLED_MS), false), sign: 'domain-throttled' };
  const cause = isAboutMailbox(handover) ? 'mailbox' : 'temporary';
  const sign = cause === 'mailbox' ? 'nothing' : 'domain-troubled';
  return { settlement: deferred(cause, reply, deferralMs(attempts), true), sign };
}

function deferred(cause: Cause, reason: string, waitMs: number, charged: boolean): Omit<Settlement, 'relay'> {
  return { state: 'deferred', cause, reason, waitMs, charged };
}

/** RFC 3463: 5.1.x and 5.2.x are about the address and the mailbox. */
function causeOf(handover: Extract<Handover, { outcome: 'refused' }>): Cause {
  const enhanced = enhancedCode(handover.reply) ?? '';
  if (saysUnknownMailbox(handover)) return 'unknown-mailbox';
  if (/^5\.[12]\./.test(enhanced)) return 'mailbox';
  if (enhanced === '5.6.7') return 'not-ascii';
  return handover.code === 552 || enhanced === '5.3.4' ? 'too-large' : 'refused';
}
