import { reconcile } from '../dispatch/index.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { openSlots } from './openSlots.ts';
import { releaseDue } from './send.ts';

/**
 * What time asks for: sends to carry on, editions to release, slots to open. Any process may do it, at any time; what fails
 * does not keep the rest.
 */
export async function tick(newsroom: Newsroom): Promise<void> {
  await attempt(newsroom, 'carrying on what is being sent', async () => {
    for (const edition of await reconcile(newsroom.db, newsroom.dispatchQueue, newsroom.clock)) {
      newsroom.log.info(`edition ${edition.id} is sent`);
    }
  });
  await attempt(newsroom, 'releasing what is due', () => releaseDue(newsroom));
  await attempt(newsroom, 'opening slots', () => openSlots(newsroom));
}

async function attempt({ log }: Newsroom, what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    log.error(`${what} failed`, { reason: reasonOf(error) });
  }
}
