import { setTimeout as sleep } from 'node:timers/promises';
import type { Newsletter } from '../editions/index.ts';
import { type LetterName, letterMessage, writeLetter } from '../letters/index.ts';
import { wordsOf } from '../platform/smtp/index.ts';
import type { Newsroom } from './newsroom.ts';

/** The clock does not wait longer than this for a mail server. */
const PATIENCE_MS = 20_000;
const TOO_SLOW = { outcome: 'uncertain', reason: 'the mail server is slow' } as const;

/** Writes to a newsletter's editors. False where nobody's letter was taken; that is in the log, too, and holds nothing up. */
export async function notifyEditors(
  { relay, clock, log }: Pick<Newsroom, 'relay' | 'clock' | 'log'>,
  newsletter: Newsletter,
  name: LetterName,
  view: Record<string, string | number>,
): Promise<boolean> {
  const letter = await writeLetter(name, view);
  const tell = async (editor: string) => {
    const message = letterMessage(letter, newsletter.sender, { name: '', address: editor }, clock.now());
    const sent = relay.deliver({ from: newsletter.sender.address, to: editor }, message);
    const handover = await Promise.race([sent, sleep(PATIENCE_MS, TOO_SLOW, { ref: false })]);
    if (handover.outcome === 'accepted') return true;
    log.warn('a letter to the editors was not taken', { letter: name, reason: wordsOf(handover) });
    return false;
  };
  const told = await Promise.all(newsletter.editors.map(tell));
  return told.length === 0 || told.includes(true);
}
