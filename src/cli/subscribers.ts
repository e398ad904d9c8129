import { once } from 'node:events';
import { Command } from 'commander';
import { recordAct } from '../audit/index.ts';
import { getNewsletter } from '../editions/index.ts';
import { counted } from '../lib/text.ts';
import { shortDateTime } from '../lib/time.ts';
import {
  type ImportReport,
  countSubscriptions,
  dropImport,
  listSubscribers,
  pageOfImports,
  type Subscriber,
  exportAsCsv,
  exportAsJson,
  findSubscriberByAddress,
} from '../subscribers/index.ts';
import { eraseReader, importList, previewImport, readerData, undoImport } from '../newsroom/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';
import { step } from './progress.ts';

interface ImportOptions extends CommonOptions {
  ground: string;
  keep?: string;
  dryRun?: boolean;
}

const DEFAULT_LIMIT = 50;

export function subscribersCommand(): Command {
  const command = new Command('subscribers').description('the readers of a newsletter');
  command.addCommand(
    withJson(
      withActor(new Command('import'))
        .description('subscribe the people of a list; nobody who left or is suppressed, here or there, is brought back')
        .argument('<newsletter>', 'its slug')
        .argument(
          '<file>',
          'a CSV with a column "email", compressed or not, or a zip, as Mailchimp, Substack, beehiiv, Ghost, listmonk, Keila and Buttondown export them',
        )
        .option('--dry-run', 'say what would become of each line, and subscribe nobody')
        .option('--keep <columns>', 'columns that are kept as attributes, to make segments by; with commas between')
        .option(
          '--ground <text>',
          'on what ground they get mail, kept as their consent',
          'imported by an administrator',
        ),
    ).action(runImport),
  );
  command.addCommand(
    withJson(new Command('imports').description('list the imports, the newest first')).action(listImports),
  );
  command.addCommand(
    withJson(withActor(new Command('undo-import')))
      .description('take back what an import brought, as far as nobody has touched it since')
      .argument('<import>', 'its number')
      .action(undo),
  );
  command.addCommand(
    new Command('export')
      .description('write everybody of a newsletter to standard output, as CSV, or with --json an object a line')
      .argument('<newsletter>', 'its slug')
      .option('--json', 'an object a line')
      .action(exportAll),
  );
  command.addCommand(
    withJson(withActor(new Command('data')))
      .description('all that is known of somebody, for whoever asks for it (GDPR, article 15)')
      .argument('<address>')
      .action(showData),
  );
  command.addCommand(
    withJson(withActor(new Command('erase')))
      .description('forget somebody: the sums stay, the person goes (GDPR, article 17)')
      .argument('<address>')
      .option('--yes', 'do it: it cannot be undone')
      .action(erase),
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
    const parts = { db, clock: app.clock };
    const newsletter = await getNewsletter(db, slug);
    const report = await step(
      options.dryRun === true ? 'Looking at readers' : 'Importing readers',
      async (progress) => {
        const onProgress = (share: number) => progress.update(share);
        const keep = options.keep?.split(',');
        const wish = { newsletterId: newsletter.id, ground: options.ground, keep, onProgress };
        const take = options.dryRun === true ? previewImport : importList;
        const { id, report: done } = await take(parts, file, wish, actorOf(options));
        if (options.dryRun === true) await dropImport(db, id);
        return done;
      },
      (done) => `${counted(done.lines, 'line')}, ${counted(done.subscribed, 'new reader')}`,
    );
    if (options.json) return printJson(report);
    tellReport(report, options.dryRun === true);
  });
}

/** What became of lines, or would, in the order of how glad one is of it. */
const OUTCOMES: [keyof ImportReport & ImportReport['samples'][number]['outcome'], string, string][] = [
  ['alreadySubscribed', mark.note, 'are subscribed already'],
  ['left', mark.note, 'had left and stay away'],
  ['leftElsewhere', mark.note, 'have left there, and are known as such from now on'],
  ['suppressed', mark.note, 'are on the suppression list'],
  ['struck', mark.note, 'bounced, complained or were struck off there: suppressed from now on'],
  ['unconfirmed', mark.note, 'never said yes there, and are not taken in'],
];

function lineOf({ file, line }: { file?: string | null; line: number }): string {
  return file === undefined || file === null ? `line ${line}` : `line ${line} of ${file}`;
}

function tellReport(report: ImportReport, isPreview: boolean): void {
  const { subscribed, repeated, invalid, problems, samples, columns, format } = report;
  const sample = (outcome: string) =>
    samples
      .filter((one) => one.outcome === outcome)
      .map((one) => (one.address === undefined ? lineOf(one) : `${one.address} (${lineOf(one)})`))
      .join(', ');
  print(
    `${mark.ok} ${subscribed.toLocaleString('en-US')} ${isPreview ? 'would be subscribed' : 'subscribed'}, from ${format === 'CSV' ? 'a CSV' : `an export of ${format}`}`,
  );
  for (const [outcome, sign, words] of OUTCOMES)
    if (report[outcome] > 0)
      print(`${sign} ${report[outcome].toLocaleString('en-US')} ${words}, such as ${sample(outcome)}`);
  if (repeated > 0)
    print(`${mark.note} ${counted(repeated, 'line')} with an address that another line has, too: the graver counts`);
  if (columns.length > 0)
    print(`${mark.note} nothing was made of: ${columns.join(', ')} (--keep makes attributes of columns)`);
  if (invalid > 0) print(`${mark.warn} ${counted(invalid, 'line')} could not be used:`);
  for (const problem of problems)
    print(`    ${lineOf(problem)}: ${problem.reason}${problem.found === undefined ? '' : `: "${problem.found}"`}`);
  if (isPreview) print(`${mark.note} nobody was subscribed; without --dry-run they are`);
}

async function listImports(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const imports = await pageOfImports(app.database.db, { limit: 100 });
    if (options.json) return printJson({ imports });
    if (imports.length === 0) return print('No import yet.');
    printTable(
      ['import', 'when', 'by', 'file', 'state', 'new readers'],
      imports.map(({ id, madeAt, madeBy, file, state, place, people, report }) => [
        id,
        shortDateTime(madeAt, 'UTC'),
        madeBy,
        file,
        state === 'running' ? `running, ${Math.floor((100 * place) / Math.max(people, 1))} %` : state,
        (report.subscribed ?? 0).toLocaleString('en-US'),
      ]),
    );
  });
}

async function undo(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const number = /^\d{1,15}$/.test(id) ? Number(id) : 0;
    const undone = await undoImport({ db: app.database.db }, number, actorOf(options));
    if (options.json) return printJson(undone);
    print(
      `${mark.ok} ${counted(undone.subscriptions, 'subscription')}, ${counted(undone.subscribers, 'subscriber')} and ${counted(undone.suppressions, 'suppression')} taken back`,
    );
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

async function exportAll(slug: string, options: { json?: boolean }): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const { id } = await getNewsletter(db, slug);
    const rows = options.json === true ? exportAsJson(db, id) : exportAsCsv(db, id);
    await recordAct(db, { actor: actorOf({}), act: 'list exported', subject: `newsletter ${id}` });
    for await (const text of rows) if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  });
}

async function showData(address: string, _options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    printJson(await readerData({ db }, (await named(db, address)).id));
  });
}

async function erase(address: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const { id } = await named(db, address);
    if (options.yes !== true)
      throw new RoundupError('input-invalid', `This forgets ${address} for good.`, { hint: 'Say so with --yes' });
    await eraseReader({ db, clock: app.clock }, id, actorOf(options));
    if (options.json) return printJson({ erased: id });
    print(`${mark.ok} subscriber ${id} is erased; the sums of editions stay`);
  });
}

async function named(db: Database, address: string): Promise<Subscriber> {
  const subscriber = await findSubscriberByAddress(db, address);
  if (subscriber !== undefined) return subscriber;
  throw new RoundupError('not-found', `There is no subscriber ${address}.`);
}
