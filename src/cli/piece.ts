import { Command } from 'commander';
import pc from 'picocolors';
import { editionsWith, getNewsletter, listNewsletters } from '../editions/index.ts';
import { shortDateTime } from '../lib/time.ts';
import { shorten } from '../lib/text.ts';
import { httpUrl } from '../lib/url.ts';
import { addPieceByUrl, changeInWords, decidePair, embargoPiece, getPiece, markPiece } from '../newsroom/index.ts';
import { type MarkKind, listHistory, marksOn, searchPieces, undecidedPairs } from '../pieces/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, parseId, parseTime, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';

interface MarkOptions extends CommonOptions {
  newsletter?: string;
  section?: string;
}

const MAX_LISTED = 50;

export function pieceCommand(): Command {
  const command = new Command('piece').description('the pool: what was published, and what editors say of it');
  const sub = (name: string, description: string) => {
    const made = withJson(withActor(new Command(name).description(description)));
    command.addCommand(made);
    return made;
  };
  sub('list', 'the newest pieces').option('--search <words>', 'in headlines, decks and bylines').action(list);
  sub('show', 'what is known of a piece: its history, editions, likeness').argument('<piece>').action(show);
  sub('add', 'take one piece into the pool by its address')
    .argument('<address>')
    .option('--local', 'it may be on a private network or on this machine')
    .action(add);
  const marked = (name: MarkKind | 'free', description: string) =>
    sub(name, description)
      .argument('<piece>')
      .option('--newsletter <slug>', 'of which newsletter (the only one by default)')
      .action((id: string, options: MarkOptions) => setMark(name, id, options));
  marked('hold', 'not in the next edition, but in the one after it, if it fits');
  marked('never', 'in no edition of this newsletter');
  marked('pin', 'in the next edition for sure').option('--section <key>', 'in which section');
  marked('free', 'take back what was said of it');
  sub('embargo', 'no edition runs it before a time')
    .argument('<piece>')
    .option('--until <time>', 'such as 2026-12-03T09:00:00Z; without it the embargo ends')
    .action(embargo);
  sub('alike', 'pieces that look like one story, and that nobody has decided on').action(alike);
  for (const verdict of ['same', 'different'] as const)
    sub(verdict, `say that two pieces are ${verdict === 'same' ? 'one story' : 'two stories'}`)
      .argument('<piece>')
      .argument('<other>')
      .action((id: string, other: string, options: CommonOptions) => decide(verdict, id, other, options));
  return command;
}

async function list(options: CommonOptions & { search?: string }): Promise<void> {
  await withApp(async (app) => {
    const pieces = await searchPieces(app.database.db, { words: options.search, limit: MAX_LISTED });
    if (options.json) return printJson({ pieces });
    if (pieces.length === 0) return print('No piece. Take some into the pool with: roundup collect');
    printTable(
      ['id', 'published', 'kind', 'headline'],
      pieces.map((piece) => [piece.id, shortDateTime(piece.publishedAt, 'UTC'), piece.kind, shorten(piece.title, 80)]),
    );
  });
}

async function show(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const piece = await getPiece(db, parseId(id, 'piece'));
    const [history, editions, marks, pairs] = [
      await listHistory(db, piece.id),
      await editionsWith(db, piece.id),
      await marksOn(db, piece.id),
      await undecidedPairs(db, [piece.id]),
    ];
    if (options.json) return printJson({ ...piece, history, editions, marks, alike: pairs });
    print(pc.bold(piece.title));
    for (const line of [
      piece.deck,
      [piece.kind, piece.region].filter(Boolean).join(' | '),
      piece.authors.join(', '),
      piece.url,
    ])
      if (line !== '') print(`  ${line}`);
    print(`  published ${shortDateTime(piece.publishedAt, 'UTC')}`);
    if (piece.embargoUntil !== null) print(`  under embargo until ${shortDateTime(piece.embargoUntil, 'UTC')}`);
    if (piece.sameAs !== null) print(`  the same story as piece ${piece.sameAs}`);
    const names = new Map((await listNewsletters(db)).map((newsletter) => [newsletter.id, newsletter.slug]));
    for (const edition of editions)
      print(
        `  in edition ${edition.editionId} (${names.get(edition.newsletterId)} no. ${edition.number}, ${edition.section}, ${edition.state})`,
      );
    for (const one of marks) print(`  ${one.mark} in ${names.get(one.newsletterId)}, by ${one.madeBy}`);
    for (const change of history) print(`  ${pc.dim(shortDateTime(change.at, 'UTC'))} ${changeInWords(change)}`);
    for (const pair of pairs)
      print(
        `  ${mark.warn} looks like piece ${pair.pieceId === piece.id ? pair.otherId : pair.pieceId}: ${pair.reason}`,
      );
  });
}

async function add(address: string, options: CommonOptions & { local?: boolean }): Promise<void> {
  const url = httpUrl(address);
  if (url === undefined) throw new RoundupError('input-invalid', `"${address}" is not a web address.`);
  await withApp(async (app) => {
    const parts = { db: app.database.db, clock: app.clock, log: app.log };
    const { piece, found, isNew } = await addPieceByUrl(parts, url, options.local === true);
    if (options.json) return printJson({ piece: piece.id, isNew, ...found, body: undefined });
    print(`${mark.ok} piece ${piece.id}: ${found.title}${isNew ? '' : ' (it was in the pool already)'}`);
    for (const line of [found.deck, [found.kind, found.region].filter(Boolean).join(' | '), found.authors.join(', ')])
      if (line !== '') print(`  ${line}`);
    print(`  Put it in an edition with: roundup edition add <edition> ${piece.id}`);
  });
}

async function setMark(word: MarkKind | 'free', id: string, options: MarkOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const piece = await getPiece(db, parseId(id, 'piece'));
    const newsletter = await newsletterOf(db, options.newsletter);
    await markPiece({ db, clock: app.clock }, newsletter, piece.id, {
      mark: word,
      section: options.section,
      by: actorOf(options),
    });
    if (options.json) return printJson({ piece: piece.id, newsletter: newsletter.slug, mark: word });
    const done = { hold: 'held for a later edition of', never: 'never to run in', pin: 'pinned in', free: 'free in' };
    print(`${mark.ok} “${shorten(piece.title, 60)}” is ${done[word]} ${newsletter.name}`);
  });
}

/** The one that is named, or the only one. */
async function newsletterOf(db: Database, slug: string | undefined) {
  if (slug !== undefined) return getNewsletter(db, slug);
  const all = await listNewsletters(db);
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  throw new RoundupError('input-invalid', 'Say of which newsletter.', {
    hint:
      all.length === 0
        ? 'Make one with: roundup newsletter add'
        : `--newsletter ${all.map((one) => one.slug).join(' or ')}`,
  });
}

async function embargo(id: string, options: CommonOptions & { until?: string }): Promise<void> {
  const until = options.until === undefined ? null : parseTime(options.until);
  await withApp(async (app) => {
    const { db } = app.database;
    const piece = await getPiece(db, parseId(id, 'piece'));
    await embargoPiece({ db }, piece.id, until, actorOf(options));
    if (options.json) return printJson({ piece: piece.id, embargoUntil: until });
    print(
      `${mark.ok} “${shorten(piece.title, 60)}” ${until === null ? 'is under no embargo' : `does not run before ${shortDateTime(until, 'UTC')}`}`,
    );
  });
}

async function alike(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const pairs = await undecidedPairs(app.database.db, undefined, MAX_LISTED);
    if (options.json) return printJson({ pairs });
    if (pairs.length === 0) return print('No two pieces look like one story.');
    for (const { pieceId, otherId, title, otherTitle, source, otherSource, reason } of pairs) {
      print(`${mark.warn} ${pieceId} ${shorten(title, 70)} ${pc.dim(source)}`);
      print(`  ${otherId} ${shorten(otherTitle, 70)} ${pc.dim(otherSource)}`);
      print(
        `    ${reason}: roundup piece same ${pieceId} ${otherId}, or: roundup piece different ${pieceId} ${otherId}`,
      );
    }
  });
}

async function decide(verdict: 'same' | 'different', id: string, other: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const pair = { pieceId: parseId(id, 'piece'), otherId: parseId(other, 'piece') };
    await decidePair({ db, clock: app.clock }, pair, verdict, actorOf(options));
    if (options.json) return printJson({ piece: pair.pieceId, other: pair.otherId, verdict });
    print(
      `${mark.ok} ${verdict === 'same' ? `one story: piece ${Math.min(pair.pieceId, pair.otherId)} stands for both` : 'two stories'}`,
    );
  });
}
