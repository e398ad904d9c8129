import { type Alert, markTold, takeAlert } from '../letters/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { findNewsletter } from '../editions/index.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { notifyEditors } from './notify.ts';

type Parts = Pick<Newsroom, 'db' | 'relay' | 'clock' | 'log' | 'deskUrl'>;

const MOST = 20;

/**
 * Writes to the editors what has been raised since the last look; what no mail server takes is tried again for a day. One
 * process at a time has a letter in hand; twice after a crash is better than not at all.
 */
export async function tellAlerts(newsroom: Parts): Promise<void> {
  let after = 0;
  for (let count = 0; count < MOST; count++) {
    const id = await newsroom.db.transaction().execute(async (tx) => {
      const alert = await takeAlert(tx, after);
      if (alert === undefined) return undefined;
      const isOld = newsroom.clock.now().getTime() - alert.raisedAt.getTime() > DAY_MS;
      if ((await tell(newsroom, alert)) || isOld) await markTold(tx, alert.id);
      return alert.id;
    });
    if (id === undefined) return;
    after = id;
  }
}

/** One letter that cannot be written does not keep the others. */
async function tell(newsroom: Parts, { id, newsletterId, editionId, kind, detail }: Alert): Promise<boolean> {
  try {
    const newsletter = await findNewsletter(newsroom.db, newsletterId);
    const link = editionId === null ? newsroom.deskUrl : `${newsroom.deskUrl}/editions/${editionId}`;
    const view = { newsletter: newsletter?.name ?? '', edition: editionId ?? 0, link, summary: '', ...detail };
    return newsletter === undefined || (await notifyEditors(newsroom, newsletter, kind, view));
  } catch (error) {
    newsroom.log.error('a letter to the editors could not be written', { alert: id, kind, reason: reasonOf(error) });
    return false;
  }
}
