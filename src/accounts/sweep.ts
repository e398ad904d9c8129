import type { Database } from '../platform/database/index.ts';
import { sweepIdempotent } from './idempotency.ts';
import { sweepLinks } from './links.ts';
import { sweepSessions } from './sessions.ts';

/** Forgets what has run out. */
export async function sweepAccounts(db: Database, now: Date): Promise<void> {
  await sweepSessions(db, now);
  await sweepLinks(db, now);
  await sweepIdempotent(db, now);
}
