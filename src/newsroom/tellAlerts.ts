import { markTold, untoldAlerts } from '../dispatch/index.ts';
import { findNewsletter } from '../editions/index.ts';
import type { Newsroom } from './newsroom.ts';
import { notifyEditors } from './notify.ts';

/** Writes to the editors what has been raised since the last look. Again after a crash is better than not at all. */
export async function tellAlerts(newsroom: Pick<Newsroom, 'db' | 'relay' | 'clock' | 'log'>): Promise<void> {
  for (const { id, newsletterId, editionId, kind, detail } of await untoldAlerts(newsroom.db)) {
    const newsletter = await findNewsletter(newsroom.db, newsletterId);
    if (newsletter !== undefined)
      await notifyEditors(newsroom, newsletter, kind, { newsletter: newsletter.name, edition: editionId, ...detail });
    await markTold(newsroom.db, id);
  }
}
