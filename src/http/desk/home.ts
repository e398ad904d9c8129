import { isAtLeast } from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { knownPaces, sumsOfMany } from '../../dispatch/index.ts';
import {
  type Edition,
  type Newsletter,
  listEditions,
  nextSlot,
  isOpen,
  OPEN_STATES,
  type EditionState,
  editionsIn,
} from '../../editions/index.ts';
import { HOUR_MS, untilText } from '../../lib/time.ts';
import { sourceHealth } from '../../newsroom/index.ts';
import { countPieces } from '../../pieces/index.ts';
import { stateText } from '../../reports/index.ts';
import { recentSubscriptions } from '../../subscribers/index.ts';
import { recentCount } from '../../platform/database/index.ts';
import type { Identity } from '../access.ts';
import { visibleNewsletters } from '../visible.ts';

// The desk's first page: what wants somebody now, what comes next, and what went out.

const MAX_EDITIONS = 20;
/** Those of which something is still to come. */
const WAITING: EditionState[] = [...OPEN_STATES, 'sending', 'paused'];

interface Wanted {
  text: string;
  link?: string;
}

export async function homeView(app: App, identity: Identity) {
  const { db } = app.database;
  const now = app.clock.now();
  const newsletters = await visibleNewsletters(db, identity);
  const names = new Map(newsletters.map(({ id, name }) => [id, name]));
  const newsletterIds = identity.newsletterIds ?? undefined;
  const editions = await listEditions(db, { limit: MAX_EDITIONS, newsletterIds });
  // However many there are: what waits is not pushed out by what went out since.
  const waiting = (await editionsIn(db, WAITING)).filter(({ newsletterId }) => names.has(newsletterId));
  const known = [...waiting.toReversed(), ...editions];
  const sums = await sumsOfMany(db, editions);
  const sources = (await sourceHealth(db, now)).filter(({ source }) => isDrawnOn(source.id, newsletters, identity));
  const isEditor = isAtLeast(identity.account.role, 'editor');
  return {
    title: 'Editions',
    scripts: ['clock.js'],
    mayCompose: isAtLeast(identity.account.role, 'author'),
    wanted: [
      ...(newsletters.length === 0 && isOperator(identity)
        ? [{ text: 'Nothing is sent from here yet: take the first steps', link: '/start' }]
        : []),
      ...waiting.flatMap((edition) => wantedOf(edition, names.get(edition.newsletterId) ?? '', isEditor)),
      ...sources
        .filter(({ state }) => state === 'failing' || state === 'silent')
        .map(({ source, words }): Wanted => ({ text: `${source.name}: ${words}`, link: `/sources/${source.id}` })),
      ...(isEditor ? await heldDomains(app, isOperator(identity)) : []),
    ],
    newsletters: await Promise.all(
      newsletters.map(async (newsletter) => ({ ...newsletter, ...(await comingOf(app, newsletter, known)) })),
    ),
    editions: editions.map((edition) => ({
      ...edition,
      newsletter: names.get(edition.newsletterId),
      sums: sums.get(edition.id),
      stateText: stateText(edition, sums.get(edition.id) as never),
    })),
    pieces: (await recentCount(db, 'pieces', () => countPieces(db), { patience: 100 })).value,
    sources,
  };
}

function isOperator({ account, newsletterIds }: Identity): boolean {
  return isAtLeast(account.role, 'administrator') && newsletterIds === null;
}

/** What an edition wants of whoever looks. */
function wantedOf({ id, number, state, missedAt }: Edition, newsletter: string, isEditor: boolean): Wanted[] {
  const name = `${newsletter} no. ${number}`;
  const link = `/editions/${id}`;
  const isOpen = state === 'draft' || state === 'in_review';
  if (isOpen && missedAt !== null) return [{ text: `${name} is late: its slot passed without an approval`, link }];
  if (state === 'in_review' && isEditor) return [{ text: `${name} waits for a review`, link }];
  if (state === 'paused') return [{ text: `${name} is paused in the middle of its send`, link }];
  return state === 'approved' ? [{ text: `${name} is approved, and not scheduled`, link }] : [];
}

/** Of whoever is for some newsletters only, those that these are made from; one that names none is made from all. */
function isDrawnOn(sourceId: number, newsletters: Newsletter[], { newsletterIds }: Identity): boolean {
  if (newsletterIds === null) return true;
  return newsletters.some(({ sourceIds }) => sourceIds.length === 0 || sourceIds.includes(sourceId));
}

async function heldDomains(app: App, maySeeSettings: boolean): Promise<Wanted[]> {
  return (await knownPaces(app.database.db))
    .filter(({ heldMs, heldReason }) => heldMs > HOUR_MS && heldReason !== null)
    .map(({ key, heldReason }) => ({
      text: `${key} takes no mail of ours now: ${heldReason}`,
      ...(maySeeSettings ? { link: '/settings' } : {}),
    }));
}

/** When the next edition of a newsletter is due, and how it stands. */
async function comingOf(app: App, { id, schedule, timeZone }: Newsletter, editions: Edition[]) {
  const now = app.clock.now();
  const { active: readers } = await recentSubscriptions(app.database.db, id);
  const next = schedule === null ? undefined : nextSlot(schedule, timeZone, now);
  const edition = editions.find(
    ({ newsletterId, slotAt }) => newsletterId === id && next !== undefined && slotAt?.getTime() === next.getTime(),
  );
  const open = [edition, ...editions].find((one) => one?.newsletterId === id && isOpen(one));
  const testId = open?.id;
  if (next === undefined) return { readers, testId };
  const coming = edition === undefined ? 'not proposed yet' : edition.state.replace('_', ' ');
  return { readers, testId, next, inWords: untilText(next.getTime() - now.getTime()), coming, comingId: edition?.id };
}
