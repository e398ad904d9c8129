import { reconcile } from '../dispatch/index.ts';
import type { Newsroom } from './newsroom.ts';
import { openSlots } from './openSlots.ts';
import { releaseDue } from './send.ts';

/** What time asks for: slots to open, editions to release, sends to carry on. Any process may do it, at any time. */
export async function tick(newsroom: Newsroom): Promise<void> {
  await openSlots(newsroom);
  await releaseDue(newsroom);
  for (const edition of await reconcile(newsroom.db, newsroom.dispatchQueue, newsroom.clock)) {
    newsroom.log.info(`edition ${edition.id} is sent`);
  }
}
