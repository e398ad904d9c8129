/** Where in the conversation something happened. */
export type Phase = 'connect' | 'auth' | 'mail' | 'rcpt' | 'data' | 'body';

/**
 * What became of one mail. `accepted` is the server's 250 after the dot; `uncertain` means that the body was handed over and
 * no answer came: it may have arrived. In every other case it has not.
 */
export type Handover =
  | { outcome: 'accepted'; reply: string }
  | { outcome: 'deferred'; reply: string; code: number; phase: Phase }
  | { outcome: 'refused'; reply: string; code: number; phase: Phase }
  | { outcome: 'uncertain'; reason: string }
  /** Not begun after all, because we thought better of it. */
  | { outcome: 'given-back'; reason: string }
  | { outcome: 'not-sent'; reason: string; phase: Phase };

type Deferred = Extract<Handover, { outcome: 'deferred' }>;
type Refused = Extract<Handover, { outcome: 'refused' }>;

/** A server that cannot verify the sender, or does not relay, says so at RCPT too, often in the same words. */
const OTHER_WORDS = /sender|verif|mail from|relay|policy|spam|block/i;
const UNKNOWN_WORDS =
  /(user|mailbox|recipient|address) (unknown|not found|does ?n[o']t exist)|no such (user|mailbox|recipient)|(unknown|invalid) (user|mailbox|recipient)/i;
const UNKNOWN_CODES = new Set(['5.1.1', '5.1.6', '5.1.10']);

/** What a server said or what went wrong, in its words. */
export function wordsOf(handover: Handover): string {
  return 'reply' in handover ? handover.reply : handover.reason;
}

/** True where it happened before a recipient was named: it says something of the mail server, not of anybody's mailbox. */
export function isAboutRelay(handover: Handover): boolean {
  return (
    'phase' in handover && (handover.phase === 'connect' || handover.phase === 'auth' || handover.phase === 'mail')
  );
}

/**
 * True for a permanent answer to RCPT that says that there is no such mailbox: enhanced codes 5.1.1, 5.1.6 and 5.1.10
 * (RFC 3463, RFC 7505); without an enhanced code, only where the words say so. A 5.7.x is about us, not about the reader.
 */
export function saysUnknownMailbox(handover: Handover): boolean {
  if (handover.outcome !== 'refused' || handover.phase !== 'rcpt') return false;
  const enhanced = enhancedCode(handover.reply);
  if (enhanced !== undefined) return UNKNOWN_CODES.has(enhanced);
  return UNKNOWN_WORDS.test(handover.reply) && !OTHER_WORDS.test(handover.reply);
}

/** True for a permanent refusal for who we are (5.7.x, RFC 3463 3.8) or of the sender (5.1.7, 5.1.8): no verdict on a reader. */
export function isAboutUs({ phase, reply }: Refused): boolean {
  const enhanced = enhancedCode(reply);
  if (enhanced !== undefined) return /^5\.(7\.\d+|1\.[78])$/.test(enhanced);
  return phase === 'rcpt' && /sender|verif|relay/i.test(reply);
}

/** True for "not so fast": 421, and 450, 451, 452, 454 with 4.7.x (RFC 5321 4.2.3, RFC 3463 3.8). */
export function isThrottle({ code, reply }: Deferred): boolean {
  if (code === 421) return true;
  return (
    (code === 450 || code === 451 || code === 452 || code === 454) && enhancedCode(reply)?.startsWith('4.7.') === true
  );
}

/** True for a temporary answer about this one mailbox: full, moved, disabled for now (4.1.x, 4.2.x). */
export function isAboutMailbox({ reply }: Deferred): boolean {
  return /^4\.[12]\./.test(enhancedCode(reply) ?? '');
}

/** The enhanced status code (RFC 2034) of a reply, where it has one. */
export function enhancedCode(reply: string): string | undefined {
  return /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1];
}
