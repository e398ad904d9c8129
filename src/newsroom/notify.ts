import type { Newsletter } from '../editions/index.ts';
import { type LetterName, letterMessage, writeLetter } from '../letters/index.ts';
import type { Newsroom } from './newsroom.ts';

/** Writes to a newsletter's editors. A letter that does not go out is in the log; it holds nothing up. */
export async function notifyEditors(
  { relay, clock, log }: Pick<Newsroom, 'relay' | 'clock' | 'log'>,
  newsletter: Newsletter,
  name: LetterName,
  view: Record<string, string | number>,
): Promise<void> {
  const letter = writeLetter(name, view);
  for (const editor of newsletter.editors) {
    const message = letterMessage(letter, newsletter.sender, { name: '', address: editor }, clock.now());
    const handover = await relay.deliver({ from: newsletter.sender.address, to: editor }, message);
    if (handover.outcome === 'accepted') continue;
    log.warn('a letter to the editors was not taken', {
      letter: name,
      reason: 'reason' in handover ? handover.reason : handover.reply,
    });
  }
}
