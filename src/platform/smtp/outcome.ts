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
  | { outcome: 'not-sent'; reason: string; phase: Phase };

/** A server that cannot verify the sender, or does not relay, says so at RCPT too, often in the same words. */
const OTHER_WORDS = /sender|verif|mail from|relay|policy|spam|block/i;
const UNKNOWN_WORDS =
  /(user|mailbox|recipient|address) (unknown|not found|does ?n[o']t exist)|no such (user|mailbox|recipient)|(unknown|invalid) (user|mailbox|recipient)/i;

/**
 * True for a permanent answer to RCPT that says that there is no such mailbox: enhanced codes 5.1.1, 5.1.6 and 5.1.10
 * (RFC 3463, RFC 7505); without an enhanced code, only where the words say so. A 5.7.x is about us, not about the reader.
 */
export function saysUnknownMailbox(handover: Handover): boolean {
  if (handover.outcome !== 'refused' || handover.phase !== 'rcpt') return false;
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(handover.reply)?.[1];
  if (enhanced !== undefined) return enhanced === '5.1.1' || enhanced === '5.1.6' || enhanced === '5.1.10';
  return UNKNOWN_WORDS.test(handover.reply) && !OTHER_WORDS.test(handover.reply);
}

/**
 * True for a permanent refusal that is no verdict on the reader: at the door, of the sender (5.1.7, 5.1.8), or for who we are
 * (5.7.x, RFC 3463 3.8).
 */
export function isAboutUs({ phase, reply }: Extract<Handover, { outcome: 'refused' }>): boolean {
  if (phase === 'connect' || phase === 'auth' || phase === 'mail') return true;
  return /^\d{3}[ -]5\.(7\.\d+|1\.[78])\b/.test(reply) || (phase === 'rcpt' && /sender|verif|relay/i.test(reply));
}
