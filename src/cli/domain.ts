import { Command } from 'commander';
import {
  type DomainLimit,
  knownPaces,
  listDomainLimits,
  removeDomainLimit,
  saveDomainLimit,
  unpark,
} from '../dispatch/index.ts';
import { liftHold } from '../newsroom/index.ts';
import { parseRate } from '../platform/config/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { readDomain } from './input.ts';
import { mark, print, printJson, printTable } from './output.ts';
import { printPaces } from './paces.ts';
import { rateText } from './rates.ts';

type LimitOptions = CommonOptions & { rate?: string; connections?: string; messages?: string };

export function domainCommand(): Command {
  const command = new Command('domain').description('how fast recipient domains are sent to, and which are on hold');
  command.addCommand(
    withJson(new Command('list').description('the limits that are set, and what is slowed or on hold now')).action(
      list,
    ),
  );
  command.addCommand(
    withJson(
      new Command('limit')
        .description('limit what is sent to a domain, over all workers')
        .argument('<domain>', 'such as example.net; * for every domain without a limit of its own')
        .option('--rate <messages>', 'messages a second; also 30/min or 500/h')
        .option('--connections <number>', 'messages under way at the same time')
        .option('--messages <number>', 'messages until a connection is replaced'),
    ).action(limit),
  );
  command.addCommand(
    withJson(new Command('unlimit').description('take the limit of a domain away').argument('<domain>')).action(
      unlimit,
    ),
  );
  command.addCommand(
    withActor(
      withJson(
        new Command('resume').description('try a domain again that is on hold or was slowed').argument('<domain>'),
      ),
    ).action(resume),
  );
  return command;
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async ({ database: { db } }) => {
    const limits = await listDomainLimits(db);
    const paces = await knownPaces(db);
    if (options.json) return printJson({ limits, paces });
    if (limits.length === 0) print('No limits: every domain is sent to as fast as the mail server takes it.');
    else
      printTable(
        ['domain', 'rate', 'connections', 'messages a connection'],
        limits.map((row) => [
          row.domain,
          row.perSecond === null ? '–' : rateText(row.perSecond),
          row.connections ?? '–',
          row.perConnection ?? '–',
        ]),
      );
    printPaces(paces);
  });
}

async function limit(name: string, options: LimitOptions): Promise<void> {
  const limit: DomainLimit = {
    domain: limitedDomain(name),
    perSecond: options.rate === undefined ? null : readRate(options.rate),
    connections: options.connections === undefined ? null : readCount('--connections', options.connections),
    perConnection: options.messages === undefined ? null : readCount('--messages', options.messages),
  };
  if (limit.perSecond === null && limit.connections === null && limit.perConnection === null) {
    throw new RoundupError('input-invalid', 'There is nothing to limit.', {
      hint: 'Give --rate, --connections or --messages; take a limit away with: roundup domain unlimit',
    });
  }
  await withApp(async ({ database: { db } }) => {
    await saveDomainLimit(db, limit);
    await unpark(db, limit.domain);
    if (options.json) return printJson(limit);
    print(`${mark.ok} ${limit.domain} is limited; workers keep to it from the next second on`);
  });
}

async function unlimit(name: string, options: CommonOptions): Promise<void> {
  const domain = limitedDomain(name);
  await withApp(async ({ database: { db } }) => {
    const removed = await removeDomainLimit(db, domain);
    await unpark(db, domain);
    if (options.json) return printJson({ domain, removed });
    print(removed ? `${mark.ok} ${domain} has no limit any more` : `${mark.note} ${domain} had no limit`);
  });
}

async function resume(name: string, options: CommonOptions): Promise<void> {
  const domain = limitedDomain(name);
  await withApp(async ({ database: { db } }) => {
    const lifted = await liftHold({ db }, `domain:${domain}`, actorOf(options));
    if (options.json) return printJson({ domain, lifted });
    print(
      lifted
        ? `${mark.ok} ${domain} is tried again from now on`
        : `${mark.note} ${domain} was not on hold; who was put off there is tried again`,
    );
  });
}

function limitedDomain(text: string): string {
  return text === '*' ? text : readDomain(text);
}

function readRate(text: string): number {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  throw new RoundupError('input-invalid', `"${text}" is not a rate.`, { hint: 'Write it like 20, 30/min or 500/h.' });
}

function readCount(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new RoundupError('input-invalid', `${option} wants a number from 1 up, not "${text}".`);
}
