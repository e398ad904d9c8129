import { Command } from 'commander';
import { type Difference, compareContents, listRevisions, piecesOf, readContent } from '../../editions/index.ts';
import { shortDateTime } from '../../lib/time.ts';
import {
  type Revised,
  addPieceByUrl,
  addToEdition,
  changeInWords,
  dropFromEdition,
  editInEdition,
  fetchEditionImages,
  getEdition,
  holdFromEdition,
  keepDespiteChanges,
  moveInEdition,
  newsOf,
  recomposeEdition,
  restoreRevision,
  takeChanges,
} from '../../newsroom/index.ts';
import { findPieceByUrl } from '../../pieces/index.ts';
import { httpUrl } from '../../lib/url.ts';
import { RoundupError } from '../../platform/errors.ts';
import type { App } from '../../app.ts';
import { type CommonOptions, actorOf, parseId, withActor, withApp, withJson } from '../context.ts';
import { definedOnly } from '../../lib/objects.ts';
import { mark, print, printJson, printTable } from '../output.ts';

// What an editor does to an edition's pieces, and to its revisions.

interface PlaceOptions extends CommonOptions {
  section?: string;
  position?: string;
}

interface TextOptions extends CommonOptions {
  title?: string;
  deck?: string;
  kind?: string;
  region?: string;
  author?: string[];
  alt?: string;
  credit?: string;
}

function onEdition(name: string, description: string): Command {
  return withJson(withActor(new Command(name).description(description).argument('<edition>')));
}

function onPiece(name: string, description: string): Command {
  return onEdition(name, description).argument('<piece>');
}

function withPlace(command: Command): Command {
  return command
    .option('--section <key>', 'into which section')
    .option('--position <n>', 'its place there, from 1 (the last by default)');
}

export function contentCommands(): Command[] {
  return [
    onEdition('recompose', 'compose it again with the news since; what editors did to it stays').action(
      (id: string, options: CommonOptions) => revise(id, options, recomposeEdition),
    ),
    withPlace(onEdition('add', 'put a piece in: its number, or the address of an article').argument('<piece>'))
      .option('--local', 'the address may be on a private network or on this machine')
      .action(add),
    onPiece('drop', 'take a piece out').action((id: string, piece: string, options: CommonOptions) =>
      revise(id, options, (parts, edition, by) => dropFromEdition(parts, edition, parseId(piece, 'piece'), by)),
    ),
    onPiece('hold', 'take a piece out and hold it for the next edition').action(
      (id: string, piece: string, options: CommonOptions) =>
        revise(id, options, (parts, edition, by) => holdFromEdition(parts, edition, parseId(piece, 'piece'), by)),
    ),
    withPlace(onPiece('move', 'move a piece within its section or to another one')).action(
      (id: string, piece: string, options: PlaceOptions) =>
        revise(id, options, (parts, edition, by) =>
          moveInEdition(parts, edition, parseId(piece, 'piece'), placeOf(options), by),
        ),
    ),
    onPiece('write', "write over a piece's words, for this edition alone")
      .option('--title <text>', 'its headline')
      .option('--deck <text>', 'its deck')
      .option('--kind <word>', 'such as Analysis')
      .option('--region <word>', 'such as Europe')
      .option('--author <name...>', 'its byline')
      .option('--alt <text>', "its image's alternative text")
      .option('--credit <text>', "its image's credit")
      .action(write),
    onEdition('changes', 'what has become of its pieces since somebody looked').action(changes),
    onEdition('take', 'take over what changed, of one piece or of all')
      .argument('[piece]')
      .action((id: string, piece: string | undefined, options: CommonOptions) =>
        revise(id, options, (parts, edition, by) => takeChanges(parts, edition, pieceOf(piece), by)),
      ),
    onEdition('keep', 'leave it as it is, whatever changed, of one piece or of all')
      .argument('[piece]')
      .action((id: string, piece: string | undefined, options: CommonOptions) =>
        revise(id, options, (parts, edition, by) => keepDespiteChanges(parts, edition, pieceOf(piece), by)),
      ),
    onEdition('revisions', 'who changed it, when and what').action(revisions),
    onEdition('compare', 'what two revisions differ in (the last two by default)')
      .argument('[from]')
      .argument('[to]')
      .action(compare),
    onEdition('restore', 'make it again what it was at a revision')
      .argument('<revision>')
      .action((id: string, revision: string, options: CommonOptions) =>
        revise(id, options, (parts, edition, by) =>
          restoreRevision(parts, edition, { revision: revisionOf(revision) }, by),
        ),
      ),
  ];
}

type Parts = Pick<Awaited<ReturnType<App['newsroom']>>, 'db' | 'clock'>;

async function revise(
  id: string,
  options: CommonOptions,
  act: (parts: Parts, editionId: number, by: string) => Promise<Revised>,
): Promise<void> {
  await withApp(async (app) => {
    const parts = { db: app.database.db, clock: app.clock };
    const revised = await act(parts, parseId(id), actorOf(options));
    await fetchEditionImages({ ...parts, log: app.log }, revised.edition.id);
    tellRevised(revised, options);
  });
}

/** What every change of an edition ends with. */
export function tellRevised(revised: Revised, options: CommonOptions): void {
  const { edition, content, approvalWithdrawn, scheduleDropped } = revised;
  if (options.json) return printJson({ edition: edition.id, revision: edition.revision, approvalWithdrawn, content });
  print(`${mark.ok} edition ${edition.id} is at revision ${edition.revision}: ${content.subject}`);
  if (approvalWithdrawn)
    print(
      `${mark.warn} its approval is withdrawn with the change; approve it again: roundup edition approve ${edition.id}`,
    );
  if (scheduleDropped !== null)
    print(`${mark.warn} it was to go out ${shortDateTime(scheduleDropped, 'UTC')}: schedule it again after that`);
}

async function add(id: string, piece: string, options: PlaceOptions & { local?: boolean }): Promise<void> {
  await revise(id, options, async ({ db, clock }, editionId, by) => {
    const url = httpUrl(piece);
    const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
    if (url !== undefined && (await findPieceByUrl(db, url)) === undefined)
      await addPieceByUrl({ db, clock, log }, url, options.local === true);
    const pieceId = url === undefined ? parseId(piece, 'piece') : (await findPieceByUrl(db, url))?.id;
    if (pieceId === undefined) throw new RoundupError('not-found', `${piece} could not be found in the pool.`);
    const { section = await lastSection(db, editionId), ...at } = placeOf(options);
    return addToEdition({ db, clock }, editionId, pieceId, { section, ...at }, by);
  });
}

async function lastSection(db: Parts['db'], editionId: number): Promise<string> {
  const content = await readContent(db, await getEdition(db, editionId));
  return content.sections.at(-1)?.key ?? '';
}

async function write(id: string, piece: string, options: TextOptions): Promise<void> {
  const { title, deck, kind, region, author, alt, credit } = options;
  await revise(id, options, async (parts, editionId, by) => {
    const pieceId = parseId(piece, 'piece');
    const content = await readContent(parts.db, await getEdition(parts.db, editionId));
    const before = piecesOf(content).find((one) => one.pieceId === pieceId)?.image ?? null;
    const image =
      before === null || (alt === undefined && credit === undefined)
        ? undefined
        : { ...before, ...definedOnly({ alt, credit }) };
    const texts = definedOnly({ title, deck, kind, region, authors: author, image });
    if (Object.keys(texts).length === 0)
      throw new RoundupError('input-invalid', 'There is nothing to write.', {
        hint: 'Give --title, --deck, --kind, --region, --author, --alt or --credit.',
      });
    return editInEdition(parts, editionId, pieceId, texts, by);
  });
}

async function changes(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const edition = await getEdition(db, parseId(id));
    const news = await newsOf(db, await readContent(db, edition));
    if (options.json) return printJson({ edition: edition.id, changes: news });
    if (news.length === 0) return print(`${mark.ok} nothing has changed of its pieces since somebody looked`);
    for (const { pieceId, title, changes: own } of news) {
      print(`${mark.warn} ${title} (${pieceId})`);
      for (const change of own) print(`    ${changeInWords(change)}`);
    }
    print(
      `Take it over with "roundup edition take ${edition.id}", or leave the edition as it is: roundup edition keep ${edition.id}`,
    );
  });
}

async function revisions(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const list = await listRevisions(app.database.db, (await getEdition(app.database.db, parseId(id))).id);
    if (options.json) return printJson({ revisions: list });
    printTable(
      ['revision', 'when', 'who', 'what'],
      list.map(({ revision, madeAt, madeBy, change }) => [revision, shortDateTime(madeAt, 'UTC'), madeBy, change]),
    );
  });
}

async function compare(
  id: string,
  from: string | undefined,
  to: string | undefined,
  options: CommonOptions,
): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const edition = await getEdition(db, parseId(id));
    const until = to === undefined ? edition.revision : revisionOf(to);
    const since = from === undefined ? Math.max(until - 1, 1) : revisionOf(from);
    const numbers = new Set((await listRevisions(db, edition.id)).map(({ revision }) => revision));
    for (const one of [since, until])
      if (!numbers.has(one)) throw new RoundupError('not-found', `Edition ${edition.id} has no revision ${one}.`);
    const before = await readContent(db, { id: edition.id, revision: since });
    const differences = compareContents(before, await readContent(db, { id: edition.id, revision: until }));
    if (options.json) return printJson({ edition: edition.id, from: since, to: until, differences });
    print(`Revision ${since} to ${until} of edition ${edition.id}:`);
    if (differences.length === 0) print('  no difference');
    for (const one of differences) printDifference(one);
  });
}

function printDifference({ kind, what, before, after }: Difference): void {
  if (kind === 'added') return print(`  + ${what}, ${after}`);
  if (kind === 'dropped') return print(`  - ${what}, ${before}`);
  if (kind === 'moved') return print(`  ~ ${what}: from ${before} to ${after}`);
  print(`  ~ ${what}\n      was: ${before}\n      is:  ${after}`);
}

function placeOf({ section, position }: PlaceOptions): { section?: string; position?: number } {
  if (position !== undefined && !/^[1-9]\d{0,2}$/.test(position))
    throw new RoundupError('input-invalid', `"${position}" is no place in a section: they count from 1.`);
  return definedOnly({ section, position: position === undefined ? undefined : Number(position) });
}

function pieceOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseId(text, 'piece');
}

function revisionOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RoundupError('input-invalid', `"${text}" is not a number of a revision.`);
}
