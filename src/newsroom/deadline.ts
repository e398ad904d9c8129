import { type Edition, type Newsletter, editionsIn, findNewsletter, markTime, readContent } from '../editions/index.ts';
import { raiseEditionAlert } from '../letters/index.ts';
import { MINUTE_MS, shortDateTime } from '../lib/time.ts';
import type { Database } from '../platform/database/index.ts';
import { isCode, reasonOf } from '../platform/errors.ts';
import { approveEdition } from './approve.ts';
import type { Newsroom } from './newsroom.ts';
import { sendEdition } from './send.ts';

// The last hours of a slot. Editors are reminded of an edition that nobody has approved, or that nobody has scheduled. When
// it is due, it is held; where the newsletter has somebody's standing approval, it goes out, if no check finds anything.

/** Reminds the editors, and deals with what is due. Each edition once, whoever asks. */
export async function meetDeadlines(newsroom: Newsroom): Promise<void> {
  const { db, clock, log } = newsroom;
  for (const edition of await editionsIn(db, ['draft', 'in_review', 'approved'])) {
    const newsletter = await findNewsletter(db, edition.newsletterId);
    if (edition.slotAt === null || newsletter === undefined || newsletter.schedule === null) continue;
    const leftMs = edition.slotAt.getTime() - clock.now().getTime();
    try {
      if (leftMs <= 0) await meetSlot(newsroom, edition, newsletter);
      else if (leftMs <= newsletter.schedule.reminderMinutes * MINUTE_MS) await remind(newsroom, edition, newsletter);
    } catch (error) {
      log.error(`edition ${edition.id} is due and could not be dealt with`, { reason: reasonOf(error) });
    }
  }
}

async function remind({ db, clock, deskUrl }: Newsroom, edition: Edition, newsletter: Newsletter): Promise<void> {
  const { id, slotAt, state } = edition;
  const now = clock.now();
  const policy =
    newsletter.standingApproval === null
      ? 'Without an approval it is held, and nothing is sent.'
      : `Without one it goes out by the standing approval of ${newsletter.standingApproval}, if no check finds anything.`;
  await db.transaction().execute(async (tx) => {
    if (!(await markTime(tx, id, 'reminded', now))) return;
    await raiseEditionAlert(tx, id, 'approval-reminder', {
      ...(await about(tx, edition, deskUrl)),
      due: shortDateTime(slotAt ?? now, newsletter.timeZone),
      missing:
        state === 'approved' ? 'It is approved, but nobody has scheduled it.' : `Nobody has approved it. ${policy}`,
      act: state === 'approved' ? 'schedule' : 'approve',
    });
  });
}

async function meetSlot(newsroom: Newsroom, edition: Edition, newsletter: Newsletter): Promise<void> {
  const { db, clock } = newsroom;
  const { standingApproval } = newsletter;
  if (edition.missedAt !== null) return;
  const why =
    standingApproval === null ? heldBecause(edition) : await sendStanding(newsroom, edition, standingApproval);
  await db.transaction().execute(async (tx) => {
    if (!(await markTime(tx, edition.id, 'missed', clock.now()))) return;
    const view = {
      ...(await about(tx, edition, newsroom.deskUrl)),
      due: shortDateTime(edition.slotAt ?? clock.now(), newsletter.timeZone),
    };
    if (why === '')
      await raiseEditionAlert(tx, edition.id, 'standing-approval-used', { ...view, name: standingApproval ?? '' });
    else await raiseEditionAlert(tx, edition.id, 'approval-missed', { ...view, why });
  });
}

/** Sends by a named person's standing approval; else says why not. What somebody has approved needs no other. */
async function sendStanding(newsroom: Newsroom, edition: Edition, name: string): Promise<string> {
  const by = `the standing approval of ${name}`;
  try {
    if (edition.state !== 'approved') await approveEdition(newsroom, edition.id, by, { unlessFound: true });
    await sendEdition(newsroom, edition.id, by);
    return '';
  } catch (error) {
    if (!isCode(error, 'preflight-failed') && !isCode(error, 'not-approved')) throw error;
    return `The standing approval of ${name} covers editions with no finding, and this one has some:\n${error.message}`;
  }
}

function heldBecause({ state }: Edition): string {
  return state === 'approved' ? 'It is approved, but nobody has scheduled it.' : 'Nobody has approved it.';
}

async function about(db: Database, edition: Edition, deskUrl: string): Promise<Record<string, string | number>> {
  const { subject } = await readContent(db, edition);
  return { number: edition.number, lead: subject, link: `${deskUrl}/editions/${edition.id}` };
}
