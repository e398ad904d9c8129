import { archiveOneEdition } from '../dispatch/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { archiveSent } from './archive.ts';
import { withdrawChanged } from './changes.ts';
import { meetDeadlines } from './deadline.ts';
import { openSlots } from './openSlots.ts';
import { releaseDue } from './send.ts';
import { sweep } from './sweep.ts';
import { tellAlerts } from './tellAlerts.ts';
import { tellSums } from './tellSums.ts';

/**
 * What time asks for: changed pieces to flag, editions to release, slots to open, deadlines to meet, editors to
 * tell, old rows to delete. Sends are carried on by the
 * workers. Any process may do it, at any time; what fails
 * does not keep the rest.
 */
export async function tick(newsroom: Newsroom): Promise<void> {
  await attempt(newsroom, 'looking for changed pieces', () => withdrawChanged(newsroom));
  await attempt(newsroom, 'releasing what is due', () => releaseDue(newsroom));
  await attempt(newsroom, 'opening slots', () => openSlots(newsroom));
  await attempt(newsroom, 'meeting deadlines', () => meetDeadlines(newsroom));
  await attempt(newsroom, 'putting what was sent into the archive', () => archiveSent(newsroom));
  await attempt(newsroom, 'telling how sends go on', () => tellSums(newsroom));
  await attempt(newsroom, 'telling the editors', () => tellAlerts(newsroom));
  await attempt(newsroom, 'keeping the ledger to its retention', async () => {
    const cutoff = new Date(newsroom.clock.now().getTime() - newsroom.retentionDays * DAY_MS);
    const id = await archiveOneEdition(newsroom.db, cutoff);
    if (id !== undefined) newsroom.log.info(`edition ${id} keeps its sums; its rows are deleted`);
  });
  await attempt(newsroom, 'forgetting what is of no more use', () => sweep(newsroom));
}

async function attempt({ log }: Newsroom, what: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    log.error(`${what} failed`, { reason: reasonOf(error) });
  }
}
