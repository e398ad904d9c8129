import { recordAct } from '../audit/index.ts';
import {
  type Edition,
  type EditionContent,
  type Newsletter,
  findNewsletter,
  getPublication,
  listEditions,
  listNewsletters,
  readContent,
} from '../editions/index.ts';
import { takeTurns } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import type { Finding } from '../preflight/index.ts';
import { type RenderInput, type TemplateProblem, checkTheme } from '../rendering/index.ts';
import {
  type KeptTheme,
  type ThemeDesign,
  type ThemeSource,
  builtInTemplates,
  BUILT_IN,
  designAt,
  designSchema,
  getTheme,
  insertTheme,
  insertThemeRevision,
  keepWorking,
  listThemes,
  readTheme,
  themeSource,
} from '../themes/index.ts';
import { withOwnImages } from './images.ts';
import { readerLinks } from './links.ts';
import type { Newsroom } from './newsroom.ts';
import { renderWith } from './render.ts';

// What administrators make of themes. A change is worked on beside what is in use, looked at, and put in use as a revision.

type Parts = Pick<Newsroom, 'db' | 'clock'>;
type Rendering = Parts & Pick<Newsroom, 'keys' | 'baseUrl' | 'unsubscribeAddress'>;

/** Those that a newsletter can have: what has never been put in use is none. */
export async function themeNames(db: Newsroom['db']): Promise<string[]> {
  return (await listThemes(db)).filter(isUsable).map(({ name }) => name);
}

/** Throws `not-found`, and `input-invalid` for one that has never been put in use. */
export async function requireUsable(db: Newsroom['db'], name: string): Promise<void> {
  if (isUsable(await getTheme(db, name))) return;
  throw new RoundupError('input-invalid', `The theme "${name}" has not been put in use yet.`);
}

function isUsable({ name, revision }: Pick<KeptTheme, 'name' | 'revision'>): boolean {
  return revision > 0 || name === BUILT_IN;
}

/** Changes what is being made of a theme; no mail has it yet. Throws `not-found`, `input-invalid`. */
export async function workOnTheme(
  { db }: Pick<Parts, 'db'>,
  name: string,
  change: (before: ThemeDesign) => ThemeDesign,
): Promise<ThemeDesign> {
  return db.transaction().execute(async (tx) => {
    await takeTurns(tx, `theme ${name}`);
    const { design, working } = await getTheme(tx, name);
    const after = designSchema.parse(change(working ?? design));
    const unknown = Object.keys(after.files).find((file) => builtInTemplates()[file] === undefined);
    if (unknown !== undefined) throw new RoundupError('input-invalid', `A theme has no file ${unknown}.`);
    await keepWorking(tx, name, after);
    return after;
  });
}

/** Throws away what was being made of it. */
export async function discardWork({ db }: Pick<Parts, 'db'>, name: string): Promise<void> {
  await getTheme(db, name);
  await keepWorking(db, name, null);
}

/** Works on with what a theme was at a revision; 0 is as it comes. Throws `not-found`. */
export async function workOnRevision({ db }: Pick<Parts, 'db'>, name: string, revision: number): Promise<void> {
  const theme = await getTheme(db, name);
  await keepWorking(db, theme.name, await designAt(db, theme.name, revision));
}

/** Another theme, to begin with as this one is. It can be chosen once it has been put in use. */
export async function copyTheme({ db }: Pick<Parts, 'db'>, name: string, copy: string, by: string): Promise<void> {
  if (!/^[a-z0-9-]{1,40}$/.test(copy))
    throw new RoundupError('input-invalid', 'A theme’s name has small letters, digits and hyphens only.');
  await db.transaction().execute(async (tx) => {
    const { design, working } = await getTheme(tx, name);
    const isNew = copy !== BUILT_IN && (await insertTheme(tx, copy, working ?? design));
    if (!isNew) throw new RoundupError('state-refused', `There is a theme "${copy}" already.`);
    await recordAct(tx, { actor: by, act: 'theme made', subject: `theme ${copy}`, detail: { from: name } });
  });
}

/** What is wrong with what is being made of a theme, by file and line; none: it can be put in use. */
export async function themeProblems(parts: Rendering, name: string): Promise<TemplateProblem[]> {
  return problemsOf(parts, await readTheme(parts.db, name, { working: true }));
}

async function problemsOf(parts: Rendering, source: ThemeSource): Promise<TemplateProblem[]> {
  const { name } = source;
  const publication = await getPublication(parts.db);
  const links = readerLinks(parts.baseUrl);
  const date = parts.clock.now();
  const check = (newsletter: RenderInput['newsletter'], content: EditionContent, number: number) =>
    checkTheme(source, { publication, newsletter, edition: { number, date }, content, links });
  // Made up so that every part of every template is reached; then what is real.
  const faults = await check({ name: 'A newsletter', language: 'en', timeZone: 'UTC', why: '' }, SAMPLE, 1);
  const [edition] = await editionsOf(parts, name, 1);
  const newsletter = edition === undefined ? undefined : await findNewsletter(parts.db, edition.newsletterId);
  if (faults.length > 0 || edition === undefined || newsletter === undefined) return faults;
  const own = await withOwnImages(parts.db, await readContent(parts.db, edition), parts.baseUrl);
  return check(newsletter, own.content, edition.number);
}

/** Puts what is being made of a theme in use: drafts are rendered with it from now on; what is approved stays as it is. Throws `preflight-failed`. */
export async function useTheme(parts: Rendering, name: string, change: string, by: string): Promise<number> {
  const { working } = await getTheme(parts.db, name);
  if (working === null) throw new RoundupError('state-refused', 'Nothing has been changed.');
  // What was looked at is what is put in use, and nothing that comes meanwhile.
  const source = themeSource(name, working);
  const problems = await problemsOf(parts, source);
  if (problems.length > 0)
    throw new RoundupError(
      'preflight-failed',
      `It cannot be used so: ${problems.map(({ file, line, message }) => `${file}, line ${line}: ${message}`).join('; ')}.`,
    );
  for (const edition of await editionsOf(parts, name, 1)) {
    const { findings } = await renderWith(parts, edition, source);
    const broken = findings.filter(({ code }) => code === 'theme-broken' || code === 'unsubscribe-missing');
    if (broken.length > 0)
      throw new RoundupError(
        'preflight-failed',
        `It cannot be used so: ${broken.map(({ sentence }) => sentence).join(' ')}`,
      );
  }
  return parts.db.transaction().execute(async (tx) => {
    await takeTurns(tx, `theme ${name}`);
    const { working: now } = await getTheme(tx, name);
    if (JSON.stringify(now) !== JSON.stringify(working))
      throw new RoundupError('revision-changed', 'It was changed while it was looked at: look once more.');
    const revision = await insertThemeRevision(tx, name, working, { by, at: parts.clock.now(), change });
    await recordAct(tx, { actor: by, act: 'theme changed', subject: `theme ${name}`, detail: { revision, change } });
    return revision;
  });
}

export interface ThemeTrial {
  edition: Edition;
  newsletter: Newsletter;
  before: { bytes: number };
  after: { bytes: number };
  /** To the byte. */
  isSame: boolean;
  /** What preflight finds with the one, and with the other. */
  lost: Finding[];
  gained: Finding[];
}

const TRIALS = 10;

/** The last editions with a theme as it is in use and as it is being made: what changes in size and in findings. */
export async function tryTheme(parts: Rendering, name: string): Promise<ThemeTrial[]> {
  const [used, source] = [await readTheme(parts.db, name), await readTheme(parts.db, name, { working: true })];
  const trials: ThemeTrial[] = [];
  for (const edition of await editionsOf(parts, name, TRIALS)) {
    const now = await renderWith(parts, edition, used);
    const then = await renderWith(parts, edition, source);
    const [had, has] = [now, then].map(({ findings }) => new Map(findings.map((one) => [one.sentence, one])));
    trials.push({
      edition,
      newsletter: now.newsletter,
      before: { bytes: Buffer.byteLength(now.sample.html) },
      after: { bytes: Buffer.byteLength(then.sample.html) },
      isSame: now.sample.html === then.sample.html,
      lost: [...(had?.values() ?? [])].filter(({ sentence }) => has?.has(sentence) === false),
      gained: [...(has?.values() ?? [])].filter(({ sentence }) => had?.has(sentence) === false),
    });
  }
  return trials;
}

/** A mail of an edition with a theme, as it is in use or as it is being made. */
export async function themeSample(
  parts: Rendering,
  name: string,
  edition: Edition,
  { working }: { working: boolean },
): Promise<{ html: string; text: string }> {
  return (await renderWith(parts, edition, await readTheme(parts.db, name, { working }))).sample;
}

/** The newest editions of newsletters with a theme; where it has none, of any. */
export async function editionsOf({ db }: Pick<Parts, 'db'>, name: string, limit: number): Promise<Edition[]> {
  const newsletters = await listNewsletters(db);
  const own = newsletters.filter(({ theme }) => theme === name).map(({ id }) => id);
  const ofOwn = own.length === 0 ? [] : await listEditions(db, { limit, newsletterIds: own });
  return ofOwn.length > 0 ? ofOwn : listEditions(db, { limit });
}

const SAMPLE: EditionContent = {
  subject: 'A sample',
  preheader: 'What it would look like',
  note: 'A word from the editor, **in bold** and with [a link](https://example.org/).',
  sections: (['lead', 'cards', 'list', 'shorts'] as const).map((layout, at) => ({
    key: layout,
    title: layout === 'lead' ? '' : `A section of ${layout}`,
    layout,
    pieces: [0, 1].map((n) => ({
      pieceId: at * 2 + n + 1,
      url: 'https://example.org/piece',
      title: 'A headline of a piece that is long enough for two lines',
      deck: 'One sentence that says what it is about, and why anybody should read it.',
      kind: 'Analysis',
      region: 'Europe',
      authors: ['A Writer'],
      image: n === 0 ? { url: 'https://example.org/picture.jpg', alt: 'A picture', credit: 'A Photographer' } : null,
      readingMinutes: 5,
      language: n === 0 ? '' : 'fr',
    })),
    blocks: [
      { kind: 'note', id: `n${at}`, after: 1, text: 'A note between pieces.' },
      { kind: 'button', id: `b${at}`, after: 1, label: 'A button', url: 'https://example.org/' },
      { kind: 'divider', id: `d${at}`, after: 2 },
    ],
  })),
};
