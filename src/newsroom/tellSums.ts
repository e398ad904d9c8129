import { sumsOf } from '../dispatch/index.ts';
import { listSumsDue, takeSumsDue } from '../editions/index.ts';
import { announce, isWanted } from '../webhooks/index.ts';
import { MINUTE_MS } from '../lib/time.ts';
import type { Newsroom } from './newsroom.ts';

/** Tells webhooks that asked for it, once a minute, how far each send is. Counting is left out where nobody asked. */
export async function tellSums({ db, clock }: Pick<Newsroom, 'db' | 'clock'>): Promise<void> {
  if (!(await isWanted(db, 'edition.sums'))) return;
  const now = clock.now();
  const before = new Date(now.getTime() - MINUTE_MS);
  for (const { id, newsletterId, number } of await listSumsDue(db, before)) {
    const data = { editionId: id, newsletterId, number, sums: await sumsOf(db, id) };
    await db.transaction().execute(async (tx) => {
      if (await takeSumsDue(tx, id, now, before)) await announce(tx, { type: 'edition.sums', newsletterId, data });
    });
  }
}
