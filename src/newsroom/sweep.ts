import { HOUR_MS } from '../lib/time.ts';
import { sweepLimits, takeFromLimit } from '../platform/database/index.ts';
import { sweepDeliveries } from '../webhooks/index.ts';
import type { Newsroom } from './newsroom.ts';

const WEBHOOK_LOG_DAYS = 30;

/** Once an hour, over all processes: limits that are full again, and what webhooks were told a month ago. */
export async function sweep({ db }: Pick<Newsroom, 'db'>): Promise<void> {
  if ((await takeFromLimit(db, 'sweep', { count: 1, perMs: HOUR_MS })) > 0) return;
  await sweepLimits(db);
  await sweepDeliveries(db, WEBHOOK_LOG_DAYS);
}
