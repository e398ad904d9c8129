import { Command } from 'commander';
import { getNewsletter } from '../editions/index.ts';
import { counted } from '../lib/text.ts';
import { audienceOf, countSegment, keepSegment, peopleOfSegment, removeSegment } from '../newsroom/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { FIELDS, listSegments } from '../subscribers/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { mark, print, printJson, printTable } from './output.ts';

const HELP = `
A filter is made of conditions with "and", "or", "not" and brackets:

  topic is asia and language in (fr, es)
  subscribed in the last 30 days or attributes.age >= 40
  not (domain ends with ".gov" or attributes.plan is "gold card")

Fields:
${Object.entries(FIELDS)
  .map(
    ([field, { means, choices }]) =>
      `  ${field.padEnd(14)} ${means}${choices === undefined ? '' : ` (${choices.join(', ')})`}`,
  )
  .join('\n')}
  attributes.…   a column that an import has kept (roundup subscribers import --keep)
`;

export function segmentCommand(): Command {
  const command = new Command('segment').description("parts of a newsletter's readers, for an edition or a test");
  command.addHelpText('after', HELP);
  command.addCommand(
    withJson(new Command('list').description('list them, with how many are meant').argument('<newsletter>')).action(
      list,
    ),
  );
  command.addCommand(
    withJson(
      new Command('count')
        .description('how many are meant by a filter, or by a segment, about at once (≈) and then exactly')
        .argument('<newsletter>')
        .argument('<filter>', 'a filter, or the name of a segment')
        .option('--people <n>', 'show so many of them', '0'),
    )
      .addHelpText('after', HELP)
      .action(count),
  );
  command.addCommand(
    withJson(
      withActor(
        new Command('save')
          .description('keep a filter under a name; under a name that there is, it takes its place')
          .argument('<newsletter>')
          .argument('<name>')
          .argument('<filter>'),
      ),
    )
      .addHelpText('after', HELP)
      .action(save),
  );
  command.addCommand(
    withJson(
      withActor(new Command('remove').description('forget a segment').argument('<newsletter>').argument('<name>')),
    ).action(remove),
  );
  return command;
}

async function list(slug: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const newsletter = await getNewsletter(db, slug);
    const segments = [];
    for (const segment of await listSegments(db, newsletter.id))
      segments.push({ ...segment, ...(await countSegment({ db }, newsletter, segment.filter, { exact: false })) });
    if (options.json) return printJson({ segments });
    if (segments.length === 0) return print(`No segment of ${newsletter.name} yet. See: roundup segment save --help`);
    printTable(
      ['name', 'people', 'filter'],
      segments.map((one) => [one.name, countText(one), one.filter]),
    );
  });
}

function countText({ count: people, isExact }: { count: number; isExact: boolean }): string {
  return `${isExact ? '' : '≈ '}${people.toLocaleString('en-US')}`;
}

async function count(slug: string, wanted: string, options: CommonOptions & { people: string }): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const newsletter = await getNewsletter(db, slug);
    const { filter } = await audienceOf(db, newsletter.id, wanted);
    const about = await countSegment({ db }, newsletter, filter, { exact: false });
    if (!about.isExact && options.json !== true) print(`${mark.note} ${countText(about)} of ${newsletter.name}`);
    const exact = about.isExact ? about : await countSegment({ db }, newsletter, filter, { exact: true });
    const limit = Math.min(Number.parseInt(options.people, 10) || 0, 1_000);
    const people = limit === 0 ? [] : await peopleOfSegment({ db }, newsletter, filter, { limit });
    if (options.json) return printJson({ ...exact, people });
    print(`${mark.ok} ${counted(exact.count, 'reader')} of ${newsletter.name}: ${filter}`);
    if (people.length > 0)
      printTable(
        ['id', 'address', 'name'],
        people.map(({ id, address, name }) => [id, address, name]),
      );
  });
}

async function save(slug: string, name: string, filter: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const newsletter = await getNewsletter(db, slug);
    const segment = await keepSegment({ db, clock: app.clock }, newsletter.id, { name, filter }, actorOf(options));
    const counted = await countSegment({ db }, newsletter, segment.filter, { exact: false });
    if (options.json) return printJson({ ...segment, ...counted });
    print(`${mark.ok} ${segment.name}: ${segment.filter} (${countText(counted)} of ${newsletter.name})`);
  });
}

async function remove(slug: string, name: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const { id: newsletterId } = await getNewsletter(db, slug);
    const segments = await listSegments(db, newsletterId);
    const segment = segments.find((one) => one.name.toLowerCase() === name.trim().toLowerCase());
    if (segment === undefined)
      throw new RoundupError('not-found', `There is no segment “${name}”.`, {
        hint: segments.length === 0 ? undefined : `There are: ${segments.map((one) => one.name).join(', ')}`,
      });
    await removeSegment({ db }, segment.id, actorOf(options));
    if (options.json) return printJson(segment);
    print(`${mark.ok} ${segment.name} is forgotten; editions that go to it keep its filter`);
  });
}
