import {
  type Edition,
  type Newsletter,
  editionsIn,
  findNewsletter,
  hasWithdrawnApproval,
  listRevisions,
  markTime,
  readContent,
  OPEN_STATES,
} from '../editions/index.ts';
import { raiseEditionAlert } from '../letters/index.ts';
import { HOUR_MS, MINUTE_MS, shortDateTime } from '../lib/time.ts';
import type { Database } from '../platform/database/index.ts';
import { isCode, reasonOf } from '../platform/errors.ts';
import { approveEdition } from './approve.ts';
import type { Newsroom } from './newsroom.ts';
import { THE_SCHEDULE } from './propose.ts';
import { sendEdition } from './send.ts';

// The last hours of a slot. Editors are reminded of an edition that nobody has approved, or that nobody has scheduled. When
// it is due, it is held; where the newsletter has somebody's standing approval, it goes out, if no check finds anything.

/** A standing approval is for the hour in which an edition is due, and for one that editors had time to look at. */
const STANDING_MS = HOUR_MS;
const TIME_TO_LOOK_MS = HOUR_MS;

/** Reminds the editors, and deals with what is due. Each edition once, whoever asks. */
export async function meetDeadlines(newsroom: Newsroom): Promise<void> {
  const { db, clock, log } = newsroom;
  for (const edition of await editionsIn(db, OPEN_STATES)) {
    const newsletter = await findNewsletter(db, edition.newsletterId);
    const { slotAt, missedAt, startedAt } = edition;
    if (slotAt === null || missedAt !== null || startedAt !== null || !newsletter?.schedule) continue;
    const leftMs = slotAt.getTime() - clock.now().getTime();
    const isNear = leftMs <= newsletter.schedule.reminderMinutes * MINUTE_MS;
    try {
      if (leftMs <= 0) await meetSlot(newsroom, { ...edition, slotAt }, newsletter);
      else if (isNear && edition.state !== 'scheduled') await remind(newsroom, edition, newsletter);
    } catch (error) {
      log.error(`edition ${edition.id} is due and could not be dealt with`, { reason: reasonOf(error) });
    }
  }
}

async function remind({ db, clock }: Newsroom, edition: Edition, newsletter: Newsletter): Promise<void> {
  const { id, slotAt, state } = edition;
  const now = clock.now();
  const policy =
    newsletter.standingApproval === null
      ? 'Without an approval it is held, and nothing is sent.'
      : `Without one it goes out by the standing approval of ${newsletter.standingApproval}, if no check finds anything.`;
  await db.transaction().execute(async (tx) => {
    if (!(await markTime(tx, id, 'reminded', now))) return;
    await raiseEditionAlert(tx, id, 'approval-reminder', {
      ...(await about(tx, edition)),
      due: shortDateTime(slotAt ?? now, newsletter.timeZone),
      missing:
        state === 'approved' ? 'It is approved, but nobody has scheduled it.' : `Nobody has approved it. ${policy}`,
      act: state === 'approved' ? 'schedule' : 'approve',
    });
  });
}

type Due = Edition & { slotAt: Date };

/** What somebody has scheduled for later is met with that; a standing approval does not come back to it. */
async function meetSlot(newsroom: Newsroom, edition: Due, newsletter: Newsletter): Promise<void> {
  const { db, clock } = newsroom;
  if (edition.state === 'scheduled') {
    await markTime(db, edition.id, 'missed', clock.now());
    return;
  }
  const { standingApproval: name } = newsletter;
  const why = name === null ? heldBecause(edition) : await sendStanding(newsroom, edition, newsletter, name);
  await db.transaction().execute(async (tx) => {
    if (!(await markTime(tx, edition.id, 'missed', clock.now()))) return;
    const due = shortDateTime(edition.slotAt, newsletter.timeZone);
    const view = { ...(await about(tx, edition)), due };
    if (why === '') await raiseEditionAlert(tx, edition.id, 'standing-approval-used', { ...view, name: name ?? '' });
    else await raiseEditionAlert(tx, edition.id, 'approval-missed', { ...view, why });
  });
}

/** Sends by a named person's standing approval; else says why not. */
async function sendStanding(
  newsroom: Newsroom,
  edition: Due,
  { requiresTwoPeople }: Newsletter,
  name: string,
): Promise<string> {
  const by = `the standing approval of ${name}`;
  const against = await standingDoesNotHold(newsroom, edition, { requiresTwoPeople, name });
  if (against !== undefined) return against;
  try {
    if (edition.state !== 'approved') await approveEdition(newsroom, edition.id, by, { unlessFound: true });
    await sendEdition(newsroom, edition.id, by);
    return '';
  } catch (error) {
    if (!isCode(error, 'preflight-failed') && !isCode(error, 'not-approved')) throw error;
    return `The standing approval of ${name} covers editions with no finding, and this one has some:\n${error.message}`;
  }
}

/** In words, where it is not for an edition like this. */
async function standingDoesNotHold(
  { db, clock }: Newsroom,
  edition: Due,
  { requiresTwoPeople, name }: { requiresTwoPeople: boolean; name: string },
): Promise<string | undefined> {
  const { id, slotAt, createdAt, state } = edition;
  if (state !== 'approved' && (await hasWithdrawnApproval(db, id)))
    return `Its approval was withdrawn with a change, and the standing approval of ${name} does not stand in for it.`;
  if (clock.now().getTime() - slotAt.getTime() > STANDING_MS)
    return `Roundup was not running when it was due, and it is too late for the standing approval of ${name}.`;
  if (slotAt.getTime() - createdAt.getTime() < TIME_TO_LOOK_MS)
    return `It was proposed too late for anybody to look at it, so the standing approval of ${name} does not hold.`;
  if (requiresTwoPeople && !(await isAsProposed(db, id)))
    return `It was edited, and this newsletter wants a second person to approve that; the standing approval of ${name} is for what the schedule proposed.`;
  return undefined;
}

/** True where nobody has put a hand to it. */
async function isAsProposed(db: Database, editionId: number): Promise<boolean> {
  return (await listRevisions(db, editionId)).every(
    ({ madeBy, madeByAccount }) => madeByAccount === null && madeBy === THE_SCHEDULE,
  );
}

function heldBecause({ state }: Edition): string {
  return state === 'approved' ? 'It is approved, but nobody has scheduled it.' : 'Nobody has approved it.';
}

async function about(db: Database, edition: Edition): Promise<Record<string, string | number>> {
  const { subject } = await readContent(db, edition);
  return { number: edition.number, lead: subject };
}
