import { type Edition, findNewsletter, returnToReview, withdrawApproval } from '../editions/index.ts';
import { raiseEditionAlert } from '../letters/index.ts';
import { shortDateTime } from '../lib/time.ts';
import type { Database } from '../platform/database/index.ts';
import { recordEditionAct } from './record.ts';

/** What an edition was approved with is another by now. */
interface Withdrawal {
  by: string;
  now: Date;
  /** As the end of a sentence, for the edition's page. */
  why: string;
  /** For the log. */
  detail: Record<string, unknown>;
  /** What changed, in paragraphs, for the letter to the editors. */
  changes: string;
}

/** Withdraws the approval that stands, and tells the editors; undefined where the edition has been changed meanwhile, or has none. */
export async function withdrawStanding(
  tx: Database,
  edition: Edition,
  { by, now, why, detail, changes }: Withdrawal,
): Promise<Edition | undefined> {
  const returned = await returnToReview(tx, edition);
  if (returned === undefined) return undefined;
  await withdrawApproval(tx, edition.id, now, why);
  await recordEditionAct(tx, edition, {
    by,
    act: 'approval withdrawn',
    event: 'edition.approval-withdrawn',
    detail,
  });
  await raiseEditionAlert(tx, edition.id, 'approval-withdrawn', {
    number: edition.number,
    schedule: await scheduleText(tx, edition),
    changes,
  });
  return returned;
}

async function scheduleText(db: Database, { newsletterId, releaseAt }: Edition): Promise<string> {
  if (releaseAt === null) return 'It had not been scheduled.';
  const newsletter = await findNewsletter(db, newsletterId);
  return `It was to go out ${shortDateTime(releaseAt, newsletter?.timeZone ?? 'UTC')}; it does not, until it is approved and scheduled again.`;
}
