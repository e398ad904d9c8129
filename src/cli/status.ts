import { Command } from 'commander';
import { QUEUE } from '../app.ts';
import { sumsOf, knownPaces, workersPresent } from '../dispatch/index.ts';
import { editionsIn, listNewsletters, nextSlot } from '../editions/index.ts';
import { counted } from '../lib/text.ts';
import { shortDateTime } from '../lib/time.ts';
import { countPieces } from '../pieces/index.ts';
import { listSources } from '../sources/index.ts';
import { countSubscriptions } from '../subscribers/index.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { sumsText } from './followSend.ts';
import { mark, print, printJson } from './output.ts';
import { printPaces } from './paces.ts';

export function statusCommand(): Command {
  return withJson(
    new Command('status').description('what is going on: newsletters, editions under way, sources, queue, workers'),
  ).action((options: CommonOptions) =>
    withApp(async (app) => {
      const { db } = app.database;
      const now = app.clock.now();
      const queues = await app.queues();
      const newsletters = await Promise.all(
        (await listNewsletters(db)).map(async ({ id, slug, name, schedule, timeZone }) => ({
          slug,
          name,
          timeZone,
          readers: (await countSubscriptions(db, id)).active,
          nextDue: schedule === null ? null : (nextSlot(schedule, timeZone, now) ?? null),
        })),
      );
      const underWay = await editionsIn(db, ['draft', 'in_review', 'approved', 'scheduled', 'sending', 'paused']);
      const editions = await Promise.all(
        underWay.map(async (edition) => ({
          id: edition.id,
          number: edition.number,
          state: edition.state,
          sums: await sumsOf(db, edition.id),
        })),
      );
      const sources = await listSources(db);
      const queue = Object.fromEntries(
        await Promise.all(Object.values(QUEUE).map(async (name) => [name, await queues.queue(name).counts()] as const)),
      );
      const workers = await workersPresent(db);
      const pieces = await countPieces(db);
      const paces = await knownPaces(db);
      if (options.json) return printJson({ newsletters, editions, sources, pieces, queue, workers, paces });
      for (const one of newsletters)
        print(
          `${mark.ok} ${one.name} (${one.slug}): ${counted(one.readers, 'reader')}, ${one.nextDue === null ? 'no schedule' : `next due ${shortDateTime(one.nextDue, one.timeZone)}`}`,
        );
      if (newsletters.length === 0) print(`${mark.note} no newsletter yet: roundup newsletter add`);
      for (const one of editions)
        print(
          `${mark.ok} edition ${one.id} is ${one.state.replace('_', ' ')}${one.sums.audience > 0 ? `: ${sumsText(one.sums)}` : ''}`,
        );
      const ill = sources.filter((source) => source.lastProblem !== null);
      print(
        `${ill.length === 0 ? mark.ok : mark.warn} ${counted(sources.length, 'source')}, ${counted(pieces, 'piece')} in the pool`,
      );
      for (const source of ill) print(`    ${source.name}: ${source.lastProblem}`);
      for (const [name, counts] of Object.entries(queue))
        print(
          `${mark.ok} queue ${name}: ${counts.waiting} waiting, ${counts.active} active, ${counts.delayed} delayed`,
        );
      printPaces(paces);
      print(
        workers > 0
          ? `${mark.ok} ${counted(workers, 'worker process', 'worker processes')}`
          : `${mark.warn} no worker is running: roundup up`,
      );
    }),
  );
}
