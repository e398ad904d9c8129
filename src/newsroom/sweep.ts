import { sweepAccounts } from '../accounts/index.ts';
import { sweepIncoming } from '../bounces/index.ts';
import { eraseDeliveries } from '../dispatch/index.ts';
import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import { forgetLinks } from '../links/index.ts';
import { type Database, sweepCounts, sweepLimits, takeFromLimit } from '../platform/database/index.ts';
import { sweepDeliveries } from '../webhooks/index.ts';
import {
  erasedLately,
  shortenAddresses,
  sweepAddressChanges,
  sweepErasures,
  sweepImports,
  sweepSignUps,
} from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';

const WEBHOOK_LOG_DAYS = 30;
const INCOMING_DAYS = 90;
const LINKS_DAYS = 90;

/** Once an hour, over all processes: limits that are full again, sessions, links and keys that have run out, and what webhooks were told a month ago. */
export async function sweep({ db, clock }: Pick<Newsroom, 'db' | 'clock'>): Promise<void> {
  if ((await takeFromLimit(db, 'sweep', { count: 1, perMs: HOUR_MS })) > 0) return;
  await sweepLimits(db);
  await sweepCounts(db);
  await sweepAccounts(db, clock.now());
  await sweepDeliveries(db, WEBHOOK_LOG_DAYS);
  await sweepReaders(db, clock.now());
  await forgetLinks(db, new Date(clock.now().getTime() - LINKS_DAYS * DAY_MS));
  await sweepIncoming(db, new Date(clock.now().getTime() - INCOMING_DAYS * DAY_MS));
}

/** What of readers is of no more use: who never confirmed, addresses of sign-ups of a month ago, what was written of the erased. */
async function sweepReaders(db: Database, now: Date): Promise<void> {
  await sweepSignUps(db, now);
  await sweepAddressChanges(db, now);
  await shortenAddresses(db, now);
  await eraseDeliveries(db, await erasedLately(db));
  await sweepErasures(db, now);
  await sweepImports(db, now);
}
