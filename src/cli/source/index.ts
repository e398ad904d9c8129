import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { shortDateTime } from '../../lib/time.ts';
import { counted } from '../../lib/text.ts';
import { changeSource, sourceHealth } from '../../newsroom/index.ts';
import { RoundupError, reasonOf } from '../../platform/errors.ts';
import { KIND_NAMES, type Source, insertSource, listSources, readOpml, readSource } from '../../sources/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from '../context.ts';
import { mark, print, printJson, printTable } from '../output.ts';
import { addCommand, findCommand } from './find.ts';

interface EditOptions extends CommonOptions {
  name?: string;
  url?: string;
  local?: boolean;
  complete?: boolean;
  key?: string;
}

export function sourceCommand(): Command {
  const command = new Command('source').description('where pieces come from');
  command.addCommand(addCommand());
  command.addCommand(findCommand());
  command.addCommand(
    withJson(
      new Command('import')
        .description('add every feed of an OPML file; those that are there already stay as they are')
        .argument('<file>')
        .option('--local', 'they may be on a private network or on this machine'),
    ).action(importOpml),
  );
  command.addCommand(withJson(new Command('list').description('list the sources and how they are')).action(list));
  command.addCommand(
    withJson(
      new Command('check').description('read a source, or all, without keeping anything').argument('[name]'),
    ).action(check),
  );
  command.addCommand(
    withJson(
      withActor(new Command('edit'))
        .description('change what is given')
        .argument('<name>')
        .option('--name <name>', 'another name')
        .option('--url <url>', 'another address')
        .option('--key <key>', 'another API key')
        .option('--local', 'it may be on a private network or on this machine')
        .option('--no-local', 'it may not')
        .option('--complete', 'read article pages for what it leaves out')
        .option('--no-complete', 'do not read article pages'),
    ).action(edit),
  );
  for (const [name, description, isPaused] of [
    ['pause', 'leave it alone until it is resumed; its pieces stay in the pool', true],
    ['resume', 'read it again', false],
  ] as const)
    command.addCommand(
      withJson(withActor(new Command(name)).description(description).argument('<name>')).action(
        (source: string, options: CommonOptions) => pause(source, isPaused, options),
      ),
    );
  return command;
}

async function importOpml(file: string, options: CommonOptions & { local?: boolean }): Promise<void> {
  const feeds = await readOpml(readText(file));
  await withApp(async (app) => {
    const { db } = app.database;
    const results = [];
    for (const { title, url } of feeds) {
      const host = new URL(url).host;
      const names = new Set((await listSources(db)).map(({ name }) => name));
      const name = [title || host, `${title || host} (${host})`, url].find((one) => !names.has(one)) ?? url;
      const source = await insertSource(db, { name, url, isLocal: options.local === true });
      results.push({ name, url, added: source !== undefined });
    }
    const added = results.filter((result) => result.added).length;
    if (options.json) return printJson({ feeds: results });
    for (const result of results) print(`${result.added ? mark.ok : mark.note} ${result.name}  ${result.url}`);
    print(`${counted(added, 'source')} added, ${results.length - added} there already.`);
    if (added > 0) print('  Read them with: roundup collect');
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RoundupError('input-invalid', `${file} cannot be read: ${reasonOf(cause)}`);
  }
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const health = await sourceHealth(app.database.db, app.clock.now());
    if (options.json)
      return printJson({
        sources: health.map(({ source: { secret: _secret, ...source }, ...rest }) => ({ ...source, ...rest })),
      });
    if (health.length === 0) return print('No source yet. Add one by its site: roundup source add https://…');
    printTable(
      ['id', 'name', 'kind', 'last success', 'how it is'],
      health.map(({ source, words }) => [
        source.id,
        source.name,
        KIND_NAMES[source.kind],
        source.succeededAt === null ? '–' : shortDateTime(source.succeededAt, 'UTC'),
        words,
      ]),
    );
  });
}

async function check(name: string | undefined, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const all = await listSources(app.database.db);
    if (all.length === 0) throw new RoundupError('not-found', 'There is no source yet.', { hint: ADD });
    const sources = name === undefined ? all : [named(all, name)];
    const readings = await Promise.all(
      sources.map(async (source) => ({
        source,
        reading: await readSource({ ...source, etag: null, lastModified: null }, { keys: app.config.keys }),
      })),
    );
    if (readings.some(({ reading }) => reading.outcome === 'failed')) process.exitCode = 4;
    if (options.json) {
      return printJson({
        sources: readings.map(({ source, reading }) => ({
          name: source.name,
          url: source.url,
          outcome: reading.outcome,
          ...(reading.outcome === 'failed' ? { problem: reading.problem } : {}),
          ...(reading.outcome === 'read' ? { pieces: reading.pieces.length, skipped: reading.skipped } : {}),
        })),
      });
    }
    for (const { source, reading } of readings) {
      if (reading.outcome === 'failed') print(`${mark.bad} ${source.name}: ${reading.problem}`);
      else if (reading.outcome === 'read')
        print(
          `${mark.ok} ${source.name}: ${counted(reading.pieces.length, 'piece')}, the newest: ${reading.pieces[0]?.title ?? '–'}`,
        );
    }
  });
}

async function edit(name: string, options: EditOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const source = named(await listSources(db), name);
    const { name: newName, url, local: isLocal, complete: completes, key } = options;
    const change = { name: newName, url, isLocal, completes, key };
    const parts = { db, clock: app.clock, keys: app.config.keys };
    const { secret: _secret, ...changed } = await changeSource(parts, source.id, change, actorOf(options));
    if (options.json) return printJson(changed);
    print(
      `${mark.ok} source "${changed.name}" changed; see that it can be read: roundup source check "${changed.name}"`,
    );
  });
}

async function pause(name: string, isPaused: boolean, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const source = named(await listSources(app.database.db), name);
    const parts = { db: app.database.db, clock: app.clock, keys: app.config.keys };
    await changeSource(parts, source.id, { paused: isPaused }, actorOf(options));
    if (options.json) return printJson({ name, paused: isPaused });
    print(`${mark.ok} source "${name}" is ${isPaused ? 'paused' : 'read again'}`);
  });
}

const ADD = 'Add one by its site: roundup source add https://…';

function named(sources: Source[], name: string): Source {
  const source = sources.find((candidate) => candidate.name === name);
  if (source !== undefined) return source;
  throw new RoundupError('not-found', `There is no source "${name}".`, {
    hint: sources.length === 0 ? ADD : `There are: ${sources.map((one) => one.name).join(', ')}`,
  });
}
