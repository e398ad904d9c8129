import { once } from 'node:events';
import { Command } from 'commander';
import { recordAct } from '../audit/index.ts';
import { shortDateTime } from '../lib/time.ts';
import { counted } from '../lib/text.ts';
import { importSuppressionList, liftSuppression, suppressAddress } from '../newsroom/index.ts';
import { exportSuppressions, pageOfSuppressions } from '../subscribers/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';

const SHOWN = 200;

export function suppressionsCommand(): Command {
  const command = new Command('suppressions').description('addresses that are never mailed, by any newsletter');
  command.addCommand(
    withJson(new Command('list').description(`list the first ${SHOWN}`)).action((options: CommonOptions) =>
      list(options),
    ),
  );
  command.addCommand(
    withJson(withActor(new Command('add')))
      .description('never mail an address again')
      .argument('<address>')
      .option('--why <text>', 'why', '')
      .action(add),
  );
  command.addCommand(
    withJson(withActor(new Command('remove')))
      .description('take an address off the list; who has left stays unsubscribed')
      .argument('<address>')
      .action(remove),
  );
  command.addCommand(
    withJson(withActor(new Command('import')))
      .description('never mail the addresses of a list, or those whose SHA-256 or MD5 is in it')
      .argument('<file>')
      .option('--why <text>', 'why', 'imported')
      .action(runImport),
  );
  command.addCommand(
    new Command('export')
      .description('write the list to standard output, as SHA-256 of the addresses, for others to heed')
      .action(() => exportAll()),
  );
  return command;
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const rows = await pageOfSuppressions(app.database.db, { after: '', limit: SHOWN });
    if (options.json) return printJson({ suppressions: rows });
    if (rows.length === 0) return print('Nobody is suppressed.');
    printTable(
      ['address', 'reason', 'since', 'why'],
      rows.map(({ address, reason, since, detail }) => [address, reason, shortDateTime(since, 'UTC'), detail]),
    );
  });
}

async function add(address: string, options: CommonOptions & { why: string }): Promise<void> {
  await withApp(async (app) => {
    const key = await suppressAddress({ db: app.database.db }, address, options.why, actorOf(options));
    if (options.json) return printJson({ address: key });
    print(`${mark.ok} ${key} is mailed no more`);
  });
}

async function remove(address: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    await liftSuppression({ db: app.database.db }, address, actorOf(options));
    if (options.json) return printJson({ address });
    print(`${mark.ok} ${address} is off the list; who had left stays unsubscribed`);
  });
}

async function runImport(file: string, options: CommonOptions & { why: string }): Promise<void> {
  await withApp(async (app) => {
    const report = await importSuppressionList({ db: app.database.db }, file, options.why, actorOf(options));
    if (options.json) return printJson(report);
    print(
      `${mark.ok} ${counted(report.lines, 'line')}: ${report.addresses} new addresses, ${report.hashes} new hashes, of which we know ${report.matched}`,
    );
    for (const { line, reason } of report.problems) print(`    line ${line}: ${reason}`);
  });
}

async function exportAll(): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    await recordAct(db, { actor: actorOf({}), act: 'list exported', subject: 'suppressions' });
    for await (const text of exportSuppressions(db))
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  });
}
