import { Command } from 'commander';
import { type ListedDkimKey, listDkimKeys } from '../dispatch/index.ts';
import { dkimName, dkimOf, openResolver, zoneText } from '../doctor/index.ts';
import { shortDateTime } from '../lib/time.ts';
import { makeSenderKey, retireSenderKey, signWith } from '../newsroom/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { readDomain } from './input.ts';
import { mark, print, printJson } from './output.ts';

export function dkimCommand(): Command {
  const command = new Command('dkim').description('keys that mail is signed with (DKIM), and their DNS records');
  const acting = (one: Command) => command.addCommand(withActor(withJson(one)));
  acting(
    new Command('new')
      .description('make a key and print its DNS record; it signs once it is used')
      .argument('<domain>', "the sender's domain")
      .option('--selector <name>', 'its name in the DNS (by default from now, such as r202612030930)')
      .option('--ed25519', 'an Ed25519 key, to stand beside an RSA one')
      .action(make),
  );
  command.addCommand(withJson(new Command('list').description('the keys and their records')).action(list));
  acting(
    new Command('use')
      .description('sign with a key from now on, after a look at the DNS')
      .argument('<domain>')
      .argument('<selector>')
      .option('--unchecked', 'without the look at the DNS')
      .action(use),
  );
  acting(
    new Command('retire')
      .description('sign with a key no more')
      .argument('<domain>')
      .argument('<selector>')
      .action(retire),
  );
  return command;
}

async function make(name: string, options: CommonOptions & { selector?: string; ed25519?: boolean }): Promise<void> {
  const domain = readDomain(name);
  await withApp(async ({ database: { db }, config: { keys }, clock }) => {
    const algorithm = options.ed25519 === true ? 'ed25519' : 'rsa';
    const wanted = { domain, selector: options.selector, algorithm } as const;
    const key = await makeSenderKey({ db, clock, keys }, wanted, actorOf(options));
    if (options.json) return printJson({ ...key, name: dkimName(key) });
    print(
      `${mark.ok} a key for ${domain}, ${algorithm === 'rsa' ? 'RSA with 2048 bits' : 'Ed25519'}. Put this into the DNS:\n`,
    );
    printRecord(key);
    print(`\nWhen it is there, sign with it: roundup dkim use ${domain} ${key.selector}`);
  });
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async ({ database: { db } }) => {
    const keys = await listDkimKeys(db);
    if (options.json) return printJson({ keys: keys.map((key) => ({ ...key, name: dkimName(key) })) });
    if (keys.length === 0) return print('No key yet: mail goes out unsigned. Make one with: roundup dkim new <domain>');
    for (const key of keys) {
      print(
        `${key.retiredAt === null && key.usedSince !== null ? mark.ok : mark.note} ${key.domain} ${key.selector} (${key.algorithm}): ${stateOf(key)}`,
      );
      printRecord(key);
    }
  });
}

async function use(name: string, selector: string, options: CommonOptions & { unchecked?: boolean }): Promise<void> {
  const domain = readDomain(name);
  await withApp(async ({ database: { db }, clock, config }) => {
    const key = (await listDkimKeys(db)).find((known) => known.domain === domain && known.selector === selector);
    if (key === undefined) throw unknownKey(domain, selector);
    if (options.unchecked !== true) await checkRecord(key, config.dnsServers);
    await signWith({ db, clock }, { domain, selector }, actorOf(options));
    if (options.json) return printJson({ domain, selector, inUse: true });
    print(`${mark.ok} mail from ${domain} is signed with ${selector} from now on`);
  });
}

async function retire(name: string, selector: string, options: CommonOptions): Promise<void> {
  const domain = readDomain(name);
  await withApp(async ({ database: { db }, clock }) => {
    await retireSenderKey({ db, clock }, { domain, selector }, actorOf(options));
    if (options.json) return printJson({ domain, selector, inUse: false });
    print(
      `${mark.ok} ${selector} signs no more. Leave its record for a week: mails signed with it are still under way.`,
    );
  });
}

async function checkRecord(key: ListedDkimKey, servers: string[]): Promise<void> {
  const { state, name, found } = await dkimOf(openResolver(servers), key);
  if (state === 'right') return;
  if (state === 'wrong')
    throw new RoundupError(
      'input-invalid',
      `The record ${name} holds another key: ${found.join(' | ').slice(0, 120)}`,
      { hint: 'See what it has to be with: roundup dkim list' },
    );
  throw new RoundupError(
    'input-invalid',
    `The DNS has no record ${name} yet${state === 'missing' ? '' : ', or does not answer from here'}.`,
    {
      hint: 'See what it has to be with: roundup dkim list. New records can take an hour; --unchecked goes on without.',
    },
  );
}

function printRecord(key: ListedDkimKey): void {
  print(`  ${dkimName(key)}. TXT ${zoneText(key.record)}`);
}

function stateOf({ usedSince, retiredAt }: ListedDkimKey): string {
  if (retiredAt !== null) return `retired ${shortDateTime(retiredAt, 'UTC')}`;
  return usedSince === null ? 'not in use yet' : `in use since ${shortDateTime(usedSince, 'UTC')}`;
}

function unknownKey(domain: string, selector: string): RoundupError {
  return new RoundupError('not-found', `${domain} has no key with the selector "${selector}" to do that with.`, {
    hint: 'See which there are with: roundup dkim list',
  });
}
