import { markTold, untoldAlerts } from '../letters/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { findNewsletter } from '../editions/index.ts';
import type { Newsroom } from './newsroom.ts';
import { notifyEditors } from './notify.ts';

/**
 * Writes to the editors what has been raised since the last look; what no mail server takes is tried again for a day. Twice
 * after a crash is better than not at all.
 */
export async function tellAlerts(newsroom: Pick<Newsroom, 'db' | 'relay' | 'clock' | 'log'>): Promise<void> {
  for (const { id, newsletterId, editionId, kind, detail, raisedAt } of await untoldAlerts(newsroom.db)) {
    const newsletter = await findNewsletter(newsroom.db, newsletterId);
    const view = { newsletter: newsletter?.name ?? '', edition: editionId ?? 0, ...detail };
    const isTold = newsletter === undefined || (await notifyEditors(newsroom, newsletter, kind, view));
    if (isTold || newsroom.clock.now().getTime() - raisedAt.getTime() > DAY_MS) await markTold(newsroom.db, id);
  }
}
