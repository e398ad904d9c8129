import { Command } from 'commander';
import { shortDateTime } from '../lib/time.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  EVENT_TYPES,
  changeWebhook,
  listDeliveriesOf,
  listWebhooks,
  makeWebhook,
  removeWebhook,
  renewSecret,
  replayEvent,
  testWebhook,
  webhookSchema,
} from '../webhooks/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { parseWith } from './input.ts';
import { mark, print, printJson, printTable } from './output.ts';

const MOST_LISTED = 200;
const MOST_LOGGED = 50;

export function webhookCommand(): Command {
  const command = new Command('webhook').description('who is told of what, signed after Standard Webhooks');
  const sub = (name: string, description: string) => {
    const made = withJson(withActor(new Command(name).description(description)));
    command.addCommand(made);
    return made;
  };
  sub('add', 'tell somebody of events; the secret is shown this once')
    .argument('<url>')
    .requiredOption('--name <name>', 'whose it is')
    .option('--event <type...>', EVENT_TYPES.join(', '), [...EVENT_TYPES])
    .option('--local', 'it may be on a private network or on this machine')
    .action(add);
  sub('list', 'the webhooks').action(list);
  sub('log', 'what a webhook was told, and how that went').argument('<id>').action(log);
  sub('test', 'send it an event "test"')
    .argument('<id>')
    .action((id: string, options: CommonOptions) =>
      act(id, options, 'is told of a test', (app, webhookId, by) => testWebhook(app, webhookId, by)),
    );
  sub('replay', 'tell it an event of its log again')
    .argument('<id>')
    .argument('<delivery>')
    .action((id: string, delivery: string, options: CommonOptions) =>
      act(id, options, 'is told again', (app, webhookId, by) =>
        replayEvent(app, { webhookId, deliveryId: numberOf(delivery) }, by),
      ),
    );
  sub('pause', 'tell it nothing until it is taken up again')
    .argument('<id>')
    .action((id: string, options: CommonOptions) =>
      act(id, options, 'is paused', (app, webhookId, by) => changeWebhook(app, webhookId, { paused: true }, by)),
    );
  sub('resume', 'take it up again')
    .argument('<id>')
    .action((id: string, options: CommonOptions) =>
      act(id, options, 'is told again', (app, webhookId, by) => changeWebhook(app, webhookId, { paused: false }, by)),
    );
  sub('secret', 'a new secret; the old one signs beside it for a day').argument('<id>').action(secret);
  sub('remove', 'take it away, its log included')
    .argument('<id>')
    .action((id: string, options: CommonOptions) =>
      act(id, options, 'is gone', (app, webhookId, by) => removeWebhook(app, webhookId, by)),
    );
  return command;
}

type Parts = Parameters<typeof makeWebhook>[0];

async function act(
  id: string,
  options: CommonOptions,
  done: string,
  doing: (parts: Parts, id: number, by: string) => Promise<unknown>,
): Promise<void> {
  const webhookId = numberOf(id);
  await withApp(async ({ database: { db }, clock, config: { keys } }) => {
    await doing({ db, clock, keys }, webhookId, actorOf(options));
    if (options.json) return printJson({ webhook: webhookId });
    print(`${mark.ok} webhook ${id} ${done}`);
  });
}

async function add(
  url: string,
  options: CommonOptions & { name: string; event: string[]; local?: boolean },
): Promise<void> {
  const given = { url, name: options.name, events: options.event, isLocal: options.local === true };
  const wanted = parseWith(webhookSchema, given, 'See: roundup webhook add --help');
  await withApp(async ({ database: { db }, clock, config: { keys } }) => {
    const made = await makeWebhook({ db, clock, keys }, wanted, actorOf(options));
    if (options.json) return printJson(made);
    print(`${mark.ok} webhook ${made.webhook.id}: ${url}`);
    print(`  Its secret, which is not shown again: ${made.secret}`);
    print(`  See that it arrives with: roundup webhook test ${made.webhook.id}`);
  });
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const webhooks = await listWebhooks(app.database.db, 0, MOST_LISTED);
    if (options.json) return printJson({ webhooks });
    if (webhooks.length === 0) return print('Nobody is told of anything. Add a webhook: roundup webhook add https://…');
    printTable(
      ['id', 'name', 'url', 'events', ''],
      webhooks.map((one) => [
        String(one.id),
        one.name,
        one.url,
        one.events.length === EVENT_TYPES.length ? 'all' : one.events.join(' '),
        one.pausedAt === null ? '' : `paused${one.pausedCause === null ? '' : `: ${one.pausedCause}`}`,
      ]),
    );
  });
}

async function log(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const deliveries = await listDeliveriesOf(app.database.db, numberOf(id), { limit: MOST_LOGGED });
    if (options.json) return printJson({ deliveries });
    if (deliveries.length === 0) return print('It has been told nothing yet.');
    printTable(
      ['delivery', 'when', 'event', 'tries', 'how it went'],
      deliveries.map((one) => [String(one.id), shortDateTime(one.madeAt, 'UTC'), one.type, one.attempts, wordsOf(one)]),
    );
  });
}

function wordsOf({
  deliveredAt,
  dueAt,
  status,
  problem,
}: Awaited<ReturnType<typeof listDeliveriesOf>>[number]): string {
  if (deliveredAt !== null) return `taken (${status})`;
  if (dueAt === null) return `given up: ${problem ?? ''}`;
  return problem === null ? 'on its way' : `again ${shortDateTime(dueAt, 'UTC')}: ${problem}`;
}

async function secret(id: string, options: CommonOptions): Promise<void> {
  await withApp(async ({ database: { db }, clock, config: { keys } }) => {
    const fresh = await renewSecret({ db, clock, keys }, numberOf(id), actorOf(options));
    if (options.json) return printJson({ webhook: numberOf(id), secret: fresh });
    print(`${mark.ok} the new secret of webhook ${id}, which is not shown again: ${fresh}`);
    print('  The old one signs beside it for a day.');
  });
}

function numberOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RoundupError('input-invalid', `"${text}" is not a number.`, {
    hint: 'See them with: roundup webhook list',
  });
}
