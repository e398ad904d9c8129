import { Command } from 'commander';
import { type Collected, collectAll, completePieces } from '../newsroom/index.ts';
import { counted } from '../lib/text.ts';
import { listSources } from '../sources/index.ts';
import { createLog } from '../platform/log.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';
import { startStep } from './progress.ts';

export function collectCommand(): Command {
  return withJson(new Command('collect').description('read every source now and take new pieces into the pool')).action(
    (options: CommonOptions) =>
      withApp(async (app) => {
        const { db } = app.database;
        const total = (await listSources(db)).length;
        const progress = startStep('Collecting');
        let done = 0;
        // What fails is told below, by name; the log would say it twice.
        const log = createLog({ level: 'error', json: false });
        const parts = { db, clock: app.clock, log, keys: app.config.keys };
        const results = await collectAll(parts, ({ source }) => progress.update(++done / total, source.name));
        const failed = results.filter(({ outcome }) => outcome === 'failed');
        progress.done(`${counted(total, 'source')}, ${counted(sum(results, 'new'), 'new piece')}`);
        if (failed.length > 0) process.exitCode = 4;
        const pages = await completeAll(parts);
        if (options.json)
          return printJson({ sources: results.map(({ source, ...rest }) => ({ name: source.name, ...rest })), pages });
        for (const { source, outcome, found, problem, ...rest } of results) {
          if (outcome === 'failed') print(`${mark.bad} ${source.name}: ${problem}`);
          else if (outcome === 'waiting') print(`${mark.note} ${source.name}: ${problem}`);
          else if (outcome === 'unchanged') print(`${mark.ok} ${source.name}: unchanged`);
          else print(`${mark.ok} ${source.name}: ${counted(found, 'piece')}, ${rest.new} new, ${rest.changed} changed`);
        }
        if (total === 0) print('No source yet. Add one with: roundup source add https://…');
      }),
  );
}

/** Reads article pages for what the sources leave out. */
async function completeAll(parts: Parameters<typeof completePieces>[0]): Promise<{ read: number; failed: number }> {
  let step: ReturnType<typeof startStep> | undefined;
  const pages = await completePieces(parts, {
    onDone: (done, of) => (step ??= startStep('Reading article pages')).update(done / of, `${done} of ${of}`),
  });
  step?.done(`${counted(pages.read, 'page')}${pages.failed > 0 ? `, ${pages.failed} could not be read` : ''}`);
  return pages;
}

function sum(results: Collected[], key: 'new' | 'changed'): number {
  return results.reduce((total, result) => total + result[key], 0);
}
