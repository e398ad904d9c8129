import { recordAct } from '../audit/index.ts';
import { counted } from '../lib/text.ts';
import { shortDateTime } from '../lib/time.ts';
import {
  LOOKBACK_MS,
  type Newsletter,
  type Slot,
  isInTime,
  listNewsletters,
  settleSlot,
  slotsOpening,
  takeSlot,
  takenSlots,
} from '../editions/index.ts';
import { raiseAlert } from '../letters/index.ts';
import type { Database } from '../platform/database/index.ts';
import { isCode, reasonOf } from '../platform/errors.ts';
import type { Newsroom } from './newsroom.ts';
import { fetchEditionImages } from './images.ts';
import { type Proposal, THE_SCHEDULE, proposeEdition } from './propose.ts';

// Opens the slots whose time has come: one edition for each, whoever asks and however often. A slot that passed while the
// program was down is opened late within the newsletter's tolerance; after it, it is missed, and the editors are told.

export interface OpenedSlot {
  newsletter: Newsletter;
  slot: Slot;
  outcome: 'opened' | 'too_little_news' | 'missed';
}

type Parts = Pick<Newsroom, 'db' | 'clock' | 'log'>;

/** Returns the slots that this call settled; those that another process settles at the same time are not among them. */
export async function openSlots(newsroom: Parts): Promise<OpenedSlot[]> {
  const opened: OpenedSlot[] = [];
  for (const newsletter of await listNewsletters(newsroom.db)) {
    for (const slot of await openableSlots(newsroom, newsletter)) {
      const result = await openSlot(newsroom, newsletter, slot);
      if (result !== undefined) opened.push(result);
    }
  }
  return opened;
}

async function openableSlots({ db, clock }: Parts, newsletter: Newsletter): Promise<Slot[]> {
  if (newsletter.schedule === null) return [];
  const now = clock.now();
  const after = new Date(now.getTime() - LOOKBACK_MS);
  const slots = slotsOpening(newsletter.schedule, newsletter.timeZone, after, now);
  const taken = await takenSlots(db, newsletter.id, after);
  // What was due before this schedule held is none of its slots; one that is still to come is, though its time to open is past.
  return slots.filter((slot) => slot.dueAt > newsletter.scheduleSince && !taken.has(slot.dueAt.getTime()));
}

async function openSlot(newsroom: Parts, newsletter: Newsletter, slot: Slot): Promise<OpenedSlot | undefined> {
  const now = newsroom.clock.now();
  const inTime = newsletter.schedule !== null && isInTime(slot, newsletter.schedule, newsletter.scheduleSince, now);
  const settled = inTime
    ? await settleWithEdition(newsroom, newsletter, slot, now)
    : await settleWithout(newsroom, newsletter, slot, 'missed');
  if (settled === undefined) return undefined;
  const { outcome, proposal } = settled;
  newsroom.log.info(`slot of ${newsletter.slug} due ${dueText(newsletter, slot)}: ${outcome.replaceAll('_', ' ')}`);
  if (proposal !== undefined) await fetchImages(newsroom, proposal.edition.id);
  return { newsletter, slot, outcome };
}

interface Settled {
  outcome: OpenedSlot['outcome'];
  proposal?: Proposal;
  reason?: string;
}

/** Not in the slot's transaction: the web may take its time. What fails is tried again at the approval. */
async function fetchImages(newsroom: Parts, editionId: number): Promise<void> {
  await fetchEditionImages(newsroom, editionId).catch((error: unknown) =>
    newsroom.log.warn(`the images of edition ${editionId} could not be fetched`, { reason: reasonOf(error) }),
  );
}

/** The slot's row, its edition and the word to the editors come into being together or not at all. */
async function settleWithEdition(
  newsroom: Parts,
  newsletter: Newsletter,
  slot: Slot,
  now: Date,
): Promise<Settled | undefined> {
  try {
    return await newsroom.db.transaction().execute(async (tx) => {
      if (!(await takeSlot(tx, newsletter.id, slot.dueAt, now))) return undefined;
      const proposal = await proposeEdition(tx, newsletter, { slotAt: slot.dueAt, now, by: THE_SCHEDULE });
      await settleSlot(tx, newsletter.id, slot.dueAt, 'opened', proposal.edition.id);
      await tellOfProposal(tx, newsletter, slot, proposal);
      return { outcome: 'opened', proposal };
    });
  } catch (error) {
    if (!isCode(error, 'too-little-news')) throw error;
    return settleWithout(newsroom, newsletter, slot, 'too_little_news', error.message);
  }
}

async function settleWithout(
  { db, clock }: Parts,
  newsletter: Newsletter,
  slot: Slot,
  outcome: 'missed' | 'too_little_news',
  reason = '',
): Promise<Settled | undefined> {
  return db.transaction().execute(async (tx) => {
    if (!(await takeSlot(tx, newsletter.id, slot.dueAt, clock.now()))) return undefined;
    await settleSlot(tx, newsletter.id, slot.dueAt, outcome, null);
    const detail = { slot: slot.dueAt.toISOString(), reason };
    await recordAct(tx, {
      actor: THE_SCHEDULE,
      act: `slot ${outcome}`,
      subject: `newsletter ${newsletter.id}`,
      detail,
    });
    const kind = outcome === 'missed' ? 'slot-missed' : 'too-little-news';
    const words = { slug: newsletter.slug, due: dueText(newsletter, slot), reason };
    await raiseAlert(tx, { newsletterId: newsletter.id, editionId: null, kind, detail: words });
    return { outcome, reason };
  });
}

async function tellOfProposal(
  tx: Database,
  newsletter: Newsletter,
  slot: Slot,
  { edition, composition }: Proposal,
): Promise<void> {
  const detail = {
    due: dueText(newsletter, slot),
    number: edition.number,
    pieces: counted(composition.size, 'piece'),
    left: counted(composition.choices.length - composition.size, 'piece'),
    lead: composition.content.subject,
  };
  await raiseAlert(tx, { newsletterId: newsletter.id, editionId: edition.id, kind: 'edition-proposed', detail });
}

function dueText(newsletter: Newsletter, slot: Slot): string {
  return shortDateTime(slot.dueAt, newsletter.timeZone);
}
