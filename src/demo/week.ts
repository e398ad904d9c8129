import { setTimeout as sleep } from 'node:timers/promises';
import { findAccountByAddress, makeAccount } from '../accounts/index.ts';
import type { App } from '../app.ts';
import { type Sums, sumsOf } from '../dispatch/index.ts';
import {
  DEFAULT_SECTIONS,
  type Newsletter,
  getNewsletter,
  insertNewsletter,
  listEditions,
  newsletterSettingsSchema,
  publicationSchema,
  savePublication,
  setNewsletterSources,
} from '../editions/index.ts';
import {
  type Collected,
  type Newsroom,
  type Proposal,
  approveEdition,
  importList,
  collectAll,
  getEdition,
  proposeEdition,
  reviseEdition,
  sendEdition,
} from '../newsroom/index.ts';
import { countPieces } from '../pieces/index.ts';
import { insertSource } from '../sources/index.ts';
import type { ImportReport } from '../subscribers/index.ts';
import { DAY_MS } from '../lib/time.ts';
import type { DemoSite } from './site.ts';

// The week of the fictional publication, step by step, by the same acts that the desk, the API and the workers call.

const SLUG = 'weekly';
const EDITOR = 'the demo editor';
const POLL_MS = 100;
const TIME_ZONE = 'Europe/London';
const NOTE =
  'Dear reader, a quiet line between two navies is **worth more than a loud one**, and this week we say why. Further down: ' +
  'who reads the annexes, what small islands want, and a video on the art of not being surprised.\n\n*The editors*';

/** Registers the publication, its two feeds as sources, and a weekly newsletter. */
export async function setUpHouse(app: App, site: DemoSite): Promise<Newsletter> {
  const { db } = app.database;
  const { name, tagline, postalAddress, socialLinks } = site.context.publication;
  await savePublication(
    db,
    publicationSchema.parse({
      name,
      tagline,
      postalAddress,
      socialLinks,
      homeUrl: site.url,
      logoUrl: `${site.url}/logo.png`,
    }),
  );
  const articles = await insertSource(db, { name: 'Articles', url: `${site.url}/feeds/feed.rss`, isLocal: true });
  const dispatches = await insertSource(db, { name: 'Dispatches', url: `${site.url}/dispatches.atom`, isLocal: true });
  const settings = newsletterSettingsSchema.parse({
    sender: { name, address: 'roundup@longtelegraph.example' },
    sections: DEFAULT_SECTIONS,
    schedule: { cron: `0 9 * * ${yesterday(app.clock.now())}` },
    timeZone: TIME_ZONE,
    editors: ['editor@longtelegraph.example'],
    isPublic: true,
    archive: 'public',
    description:
      'Our weekly round-up of your favourite contributors and reporters, as well as staff analysis, opinion, and news.',
  });
  const id = await insertNewsletter(db, { slug: SLUG, name: 'The Weekly Round-up', settings }, app.clock.now());
  const sourceIds = [articles, dispatches].flatMap((source) => (source === undefined ? [] : [source.id]));
  if (id !== undefined) await setNewsletterSources(db, id, sourceIds);
  return getNewsletter(db, SLUG);
}

/** The day of the week before this one, "Wed": the demo's own slot is then days away, whenever it is tried. */
function yesterday(now: Date): string {
  const format = new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: TIME_ZONE });
  return format.format(now.getTime() - DAY_MS);
}

export async function importReaders(
  app: App,
  newsletter: Newsletter,
  file: string,
  onProgress: (share: number) => void,
): Promise<ImportReport> {
  const wish = { newsletterId: newsletter.id, ground: 'a demo reader', onProgress };
  return (await importList({ db: app.database.db, clock: app.clock }, file, wish, EDITOR)).report;
}

export function collectWeek(newsroom: Newsroom, onDone: (collected: Collected) => void): Promise<Collected[]> {
  return collectAll(newsroom, onDone);
}

/** Composes the edition and writes the editor's note over it. */
export async function composeWeek(newsroom: Newsroom, newsletter: Newsletter): Promise<Proposal> {
  const options = { slotAt: null, now: newsroom.clock.now(), by: EDITOR };
  const proposal = await newsroom.db.transaction().execute((tx) => proposeEdition(tx, newsletter, options));
  await reviseEdition(newsroom, proposal.edition.id, { note: NOTE }, EDITOR);
  return proposal;
}

export function approveWeek(newsroom: Newsroom, editionId: number) {
  return approveEdition(newsroom, editionId, EDITOR);
}

export function sendWeek(newsroom: Newsroom, editionId: number): Promise<number> {
  return sendEdition(newsroom, editionId, EDITOR);
}

/** Follows a send until the ledger says that nobody is left to be reached. */
export async function followSend(app: App, editionId: number, onSums: (sums: Sums) => void): Promise<Sums> {
  for (;;) {
    const edition = await getEdition(app.database.db, editionId);
    const sums = await sumsOf(app.database.db, editionId);
    onSums(sums);
    if (edition.state !== 'sending' || app.isStopping()) return sums;
    await sleep(POLL_MS);
  }
}

/** The edition that an earlier demo was cut short in; what it had sent meanwhile counts too. */
export async function unfinishedEdition(app: App): Promise<number | undefined> {
  const [newest] = await listEditions(app.database.db, { limit: 1 });
  return newest?.id;
}

/** Who signs in at the demo's desk, by the links that it prints. */
export async function demoAdministrator(app: App): Promise<number> {
  const address = 'editor@longtelegraph.example';
  const known = await findAccountByAddress(app.database.db, address);
  if (known !== undefined) return known.id;
  const person = { address, name: 'The demo editor', role: 'administrator', newsletterIds: null } as const;
  const { account } = await makeAccount({ db: app.database.db, clock: app.clock }, person, EDITOR);
  return account.id;
}

export function piecesInPool(app: App): Promise<number> {
  return countPieces(app.database.db);
}
