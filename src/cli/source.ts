import { Command } from 'commander';
import { httpUrl } from '../lib/url.ts';
import { counted } from '../lib/text.ts';
import { RoundupError } from '../platform/errors.ts';
import { insertSource, listSources, readSource } from '../sources/index.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';

interface AddOptions extends CommonOptions {
  name?: string;
  local?: boolean;
}

export function sourceCommand(): Command {
  const command = new Command('source').description('where pieces come from');
  command.addCommand(
    withJson(
      new Command('add')
        .description('add a feed (RSS or Atom) by its address; it is read once, to see that it is one')
        .argument('<url>')
        .option('--name <name>', "a name for it (the feed's own title by default)")
        .option('--local', 'it may be on a private network or on this machine'),
    ).action(add),
  );
  command.addCommand(withJson(new Command('list').description('list the sources and how they are')).action(list));
  command.addCommand(
    withJson(
      new Command('check').description('read a source, or all, without keeping anything').argument('[name]'),
    ).action(check),
  );
  return command;
}

async function add(url: string, options: AddOptions): Promise<void> {
  const address = httpUrl(url);
  if (address === undefined)
    throw new RoundupError('input-invalid', `"${url}" is not a web address: it begins with http:// or https://`);
  await withApp(async (app) => {
    const isLocal = options.local === true;
    const reading = await readSource({ url: address, isLocal, etag: null, lastModified: null });
    if (reading.outcome !== 'read')
      throw new RoundupError('fetch-failed', reading.outcome === 'failed' ? reading.problem : `${address}: unchanged`);
    const name = options.name ?? (reading.title || new URL(address).host);
    const source = await insertSource(app.database.db, { name, url: address, isLocal });
    if (source === undefined)
      throw new RoundupError('state-refused', `There is a source named "${name}" or with this address already.`, {
        hint: 'Give it another --name; see: roundup source list',
      });
    if (options.json) return printJson({ id: source.id, name, url: address, pieces: reading.pieces.length });
    print(
      `${mark.ok} source "${name}" added; it holds ${counted(reading.pieces.length, 'piece')}, the newest: ${reading.pieces[0]?.title ?? '–'}`,
    );
    print('  Take them into the pool with: roundup collect');
  });
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const sources = await listSources(app.database.db);
    if (options.json) return printJson({ sources });
    if (sources.length === 0) return print('No source yet. Add one with: roundup source add https://…/feed');
    printTable(
      ['id', 'name', 'last success', 'state', 'address'],
      sources.map((source) => [
        source.id,
        source.name,
        source.succeededAt?.toISOString().slice(0, 16).replace('T', ' ') ?? '–',
        source.lastProblem ?? (source.succeededAt === null ? 'not read yet' : 'well'),
        source.url,
      ]),
    );
  });
}

async function check(name: string | undefined, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const all = await listSources(app.database.db);
    const sources = all.filter((source) => name === undefined || source.name === name);
    if (sources.length === 0)
      throw new RoundupError(
        'not-found',
        name === undefined ? 'There is no source yet.' : `There is no source "${name}".`,
        { hint: 'See: roundup source list' },
      );
    const readings = await Promise.all(
      sources.map(async (source) => ({
        source,
        reading: await readSource({ ...source, etag: null, lastModified: null }),
      })),
    );
    const failed = readings.filter(({ reading }) => reading.outcome === 'failed');
    if (failed.length > 0) process.exitCode = 4;
    if (options.json) {
      return printJson({
        sources: readings.map(({ source, reading }) => ({
          name: source.name,
          url: source.url,
          outcome: reading.outcome,
          ...(reading.outcome === 'failed' ? { problem: reading.problem } : {}),
          ...(reading.outcome === 'read' ? { pieces: reading.pieces.length } : {}),
        })),
      });
    }
    for (const { source, reading } of readings) {
      if (reading.outcome === 'failed') print(`${mark.bad} ${source.name}: ${reading.problem}`);
      else
        print(
          `${mark.ok} ${source.name}: ${reading.outcome === 'read' ? `${counted(reading.pieces.length, 'piece')}, the newest: ${reading.pieces[0]?.title ?? '–'}` : 'unchanged'}`,
        );
    }
  });
}
