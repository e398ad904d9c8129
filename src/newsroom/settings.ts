import { differenceOf, recordAct } from '../audit/index.ts';
import {
  type Newsletter,
  type NewsletterSettings,
  type Publication,
  findNewsletter,
  findPublication,
  insertNewsletter,
  savePublication,
  setNewsletterSources,
  updateNewsletter,
  editionsIn,
} from '../editions/index.ts';
import { type Database, takeTurns } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { listSources } from '../sources/index.ts';
import type { Newsroom } from './newsroom.ts';
import { requireUsable } from './themes.ts';
import { withdrawStanding } from './withdraw.ts';

// Settings are changed in one place, whoever asks, and what changed is written down.

type Parts = Pick<Newsroom, 'db' | 'clock'>;

export async function setPublication(
  { db }: Pick<Parts, 'db'>,
  change: (before: Publication | undefined) => Publication,
  by: string,
): Promise<Publication> {
  return db.transaction().execute(async (tx) => {
    await takeTurns(tx, 'publication');
    const before = await findPublication(tx);
    const after = change(before);
    await savePublication(tx, after);
    const detail = differenceOf(before ?? {}, after);
    await recordAct(tx, { actor: by, act: 'publication changed', subject: 'publication', detail });
    return after;
  });
}

export interface NewNewsletter {
  slug: string;
  name: string;
  settings: NewsletterSettings;
  sourceIds: number[];
}

/** Throws `state-refused` where the slug is taken, `input-invalid` where there is no such source. */
export async function makeNewsletter({ db, clock }: Parts, wanted: NewNewsletter, by: string): Promise<Newsletter> {
  return db.transaction().execute(async (tx) => {
    await requireUsable(tx, wanted.settings.theme);
    const id = await insertNewsletter(tx, wanted, clock.now());
    if (id === undefined)
      throw new RoundupError('state-refused', `There is a newsletter "${wanted.slug}" already.`, {
        hint: `Change it with: roundup newsletter edit ${wanted.slug}`,
      });
    await setNewsletterSources(tx, id, await known(tx, wanted.sourceIds));
    await recordAct(tx, {
      actor: by,
      act: 'newsletter made',
      subject: `newsletter ${id}`,
      detail: { slug: wanted.slug, name: wanted.name },
    });
    return findOrThrow(tx, id);
  });
}

/** `change` sees it as it is and says what it is to be. Throws `not-found`, `input-invalid`. */
export async function changeNewsletter(
  { db, clock }: Parts,
  id: number,
  change: (before: Newsletter) => Omit<NewNewsletter, 'slug'>,
  by: string,
): Promise<Newsletter> {
  return db.transaction().execute(async (tx) => {
    await takeTurns(tx, `newsletter ${id}`);
    const before = await findOrThrow(tx, id);
    const { name, settings, sourceIds } = change(before);
    await requireUsable(tx, settings.theme);
    await updateNewsletter(tx, id, { name, settings }, clock.now());
    await setNewsletterSources(tx, id, await known(tx, sourceIds));
    const after = await findOrThrow(tx, id);
    const detail = differenceOf(before, after);
    await recordAct(tx, { actor: by, act: 'newsletter changed', subject: `newsletter ${id}`, detail });
    await withdrawForSender(tx, { before, after, by, now: clock.now() });
    return after;
  });
}

/** An approval is of whom the mail is from, too. */
async function withdrawForSender(
  tx: Database,
  { before, after, by, now }: { before: Newsletter; after: Newsletter; by: string; now: Date },
): Promise<void> {
  const [was, is] = [before, after].map(senderText);
  if (was === is) return;
  const standing = (await editionsIn(tx, ['approved', 'scheduled'])).filter(
    ({ newsletterId }) => newsletterId === after.id,
  );
  for (const edition of standing)
    await withdrawStanding(tx, edition, {
      by,
      now,
      why: 'its sender is another',
      detail: { sender: is },
      changes: `It was to come from ${was}, and comes from ${is} now.`,
    });
}

function senderText({ sender, replyTo }: Newsletter): string {
  return `${sender.name} <${sender.address}>${replyTo === null ? '' : `, with replies to ${replyTo}`}`;
}

/** Throws `not-found`. */
async function findOrThrow(db: Database, id: number): Promise<Newsletter> {
  const newsletter = await findNewsletter(db, id);
  if (newsletter === undefined) throw new RoundupError('not-found', `There is no newsletter ${id}.`);
  return newsletter;
}

/** Each once. Throws `input-invalid` for one that there is not. */
async function known(db: Database, sourceIds: number[]): Promise<number[]> {
  const there = new Set((await listSources(db)).map(({ id }) => id));
  const missing = sourceIds.find((id) => !there.has(id));
  if (missing !== undefined) throw new RoundupError('input-invalid', `There is no source ${missing}.`);
  return [...new Set(sourceIds)];
}
