import { Command } from 'commander';
import { getNewsletter } from '../editions/index.ts';
import { counted } from '../lib/text.ts';
import { countSubscriptions, listSubscribers } from '../subscribers/index.ts';
import { importList } from '../newsroom/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';
import { step } from './progress.ts';

interface ImportOptions extends CommonOptions {
  ground: string;
}

const DEFAULT_LIMIT = 50;

export function subscribersCommand(): Command {
  const command = new Command('subscribers').description('the readers of a newsletter');
  command.addCommand(
    withJson(
      withActor(new Command('import'))
        .description('subscribe the people of a CSV file; nobody who left or is suppressed is brought back')
        .argument('<newsletter>', 'its slug')
        .argument('<file>', 'with a first line that names the columns; one of them "email"')
        .option(
          '--ground <text>',
          'on what ground they get mail, kept as their consent',
          'imported by an administrator',
        ),
    ).action(runImport),
  );
  command.addCommand(
    withJson(
      new Command('list')
        .description('list readers')
        .argument('<newsletter>', 'its slug')
        .option('--limit <n>', 'how many at most', String(DEFAULT_LIMIT)),
    ).action(list),
  );
  return command;
}

async function runImport(slug: string, file: string, options: ImportOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const newsletter = await getNewsletter(db, slug);
    const { report } = await step(
      'Importing readers',
      (progress) =>
        importList(
          { db, clock: app.clock },
          file,
          { newsletterId: newsletter.id, ground: options.ground, onProgress: (share) => progress.update(share) },
          actorOf(options),
        ),
      ({ report: done }) => `${counted(done.lines, 'line')}, ${counted(done.subscribed, 'new reader')}`,
    );
    if (options.json) return printJson(report);
    print(
      `${mark.ok} ${report.subscribed.toLocaleString('en-US')} subscribed, ${report.alreadySubscribed} were already`,
    );
    if (report.left > 0) print(`${mark.note} ${report.left} had left and stay away`);
    if (report.suppressed > 0) print(`${mark.note} ${report.suppressed} are on the suppression list`);
    if (report.repeated > 0)
      print(`${mark.note} ${counted(report.repeated, 'line')} with an address that stood further up`);
    if (report.invalid > 0) print(`${mark.warn} ${counted(report.invalid, 'line')} could not be used:`);
    for (const { line, reason } of report.problems) print(`    line ${line}: ${reason}`);
  });
}

async function list(slug: string, options: CommonOptions & { limit: string }): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const newsletter = await getNewsletter(db, slug);
    const subscribers = await listSubscribers(db, newsletter.id, Number.parseInt(options.limit, 10) || DEFAULT_LIMIT);
    const counts = await countSubscriptions(db, newsletter.id);
    if (options.json) return printJson({ counts, subscribers });
    printTable(
      ['id', 'address', 'name', 'state'],
      subscribers.map((one) => [
        one.id,
        one.address,
        one.name,
        one.suppressed ? `${one.state}, suppressed` : one.state,
      ]),
    );
    print(
      `${counted(counts.active, 'active reader')}, ${counts.unsubscribed.toLocaleString('en-US')} left, ${counts.pending.toLocaleString('en-US')} not confirmed`,
    );
  });
}
