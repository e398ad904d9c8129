import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import {
  type Account,
  ROLES,
  ROLE_SENTENCES,
  SCOPES,
  type Scope,
  changeAccount,
  findAccountByAddress,
  listAccounts,
  listSessions,
  listTokens,
  makeToken,
  newAccountSchema,
  removeFactor,
  revokeToken,
  setPassword,
} from '../accounts/index.ts';
import { getNewsletter } from '../editions/index.ts';
import { shortDateTime } from '../lib/time.ts';
import { inviteAccount, inviteAgain } from '../newsroom/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { parseWith } from './input.ts';
import { mark, print, printJson, printTable } from './output.ts';

interface AddOptions extends CommonOptions {
  name: string;
  role: string;
  newsletter?: string[];
}

const MOST_LISTED = 1_000;
const HINT = 'See: roundup account add --help';

export function accountCommand(): Command {
  const command = new Command('account').description('who may use the desk and the API');
  const sub = (name: string, description: string) => {
    const made = withJson(withActor(new Command(name).description(description)));
    command.addCommand(made);
    return made;
  };
  const roles = ROLES.map((role) => `${role} (${ROLE_SENTENCES[role]})`).join('; ');
  sub('add', 'invite somebody: they get a letter with a link to choose a password')
    .argument('<address>')
    .requiredOption('--name <name>', 'what they are called')
    .requiredOption('--role <role>', roles)
    .option('--newsletter <slug...>', 'for these newsletters only')
    .action(add);
  sub('invite', 'send somebody who has no password yet another link').argument('<address>').action(invite);
  sub('list', 'the accounts').action(list);
  sub('edit', 'change what is given; they are signed out everywhere')
    .argument('<address>')
    .option('--name <name>')
    .option('--role <role>', ROLES.join(', '))
    .option('--newsletter <slug...>', 'for these newsletters only')
    .option('--all-newsletters', 'for all of them')
    .action(edit);
  sub('disable', 'shut an account: it is signed out everywhere, and its tokens are good for nothing')
    .argument('<address>')
    .action((address: string, options: CommonOptions) => setDisabled(address, true, options));
  sub('enable', 'open it again')
    .argument('<address>')
    .action((address: string, options: CommonOptions) => setDisabled(address, false, options));
  sub('password', 'set a password, read from standard input').argument('<address>').action(password);
  sub('factor-off', 'take a second factor away, for somebody who has lost it').argument('<address>').action(factorOff);
  sub('sessions', 'where somebody is signed in').argument('<address>').action(sessions);
  return command;
}

async function add(address: string, options: AddOptions): Promise<void> {
  await withApp(async (app) => {
    const newsletterIds = await idsOf(app.database.db, options.newsletter);
    const person = parseWith(
      newAccountSchema,
      { address, name: options.name, role: options.role, newsletterIds },
      HINT,
    );
    const invited = await inviteAccount(await app.newsroom(), person, actorOf(options));
    tellInvited(invited, options);
  });
}

async function invite(address: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const account = await named(app.database.db, address);
    tellInvited(await inviteAgain(await app.newsroom(), account.id, actorOf(options)), options);
  });
}

function tellInvited(invited: Awaited<ReturnType<typeof inviteAccount>>, options: CommonOptions): void {
  const { account, link, problem } = invited;
  if (options.json) return printJson({ account, link, problem: problem ?? null });
  print(`${mark.ok} ${account.name} <${account.address}> is invited, as ${account.role}`);
  if (problem === undefined) print('  The letter with the link is on its way. The link, if it is needed:');
  else print(`${mark.warn} the letter was not taken (${problem}). Hand the link over some other way:`);
  print(`  ${link}`);
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const accounts = await listAccounts(app.database.db, 0, MOST_LISTED);
    if (options.json) return printJson({ accounts });
    if (accounts.length === 0)
      return print('No account yet. The first administrator is made by the link of: roundup desk');
    printTable(
      ['address', 'name', 'role', 'factor', 'signed in', ''],
      accounts.map((one) => [
        one.address,
        one.name,
        one.role,
        one.hasFactor ? 'yes' : 'no',
        one.signedInAt === null ? '–' : shortDateTime(one.signedInAt, 'UTC'),
        one.disabledAt === null ? (one.hasPassword ? '' : 'invited') : 'shut',
      ]),
    );
  });
}

async function edit(
  address: string,
  options: CommonOptions & { name?: string; role?: string; newsletter?: string[]; allNewsletters?: boolean },
): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const account = await named(db, address);
    const ids = await idsOf(db, options.newsletter);
    const newsletterIds = options.allNewsletters === true ? null : (ids ?? account.newsletterIds);
    const { name = account.name, role = account.role } = options;
    const wanted = parseWith(newAccountSchema, { address: account.address, name, role, newsletterIds }, HINT);
    const { address: _address, ...change } = wanted;
    const changed = await changeAccount({ db, clock: app.clock }, account.id, change, actorOf(options));
    if (options.json) return printJson(changed);
    print(`${mark.ok} ${changed.name} is ${changed.role} now`);
  });
}

async function setDisabled(address: string, disabled: boolean, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const { id } = await named(db, address);
    const account = await changeAccount({ db, clock: app.clock }, id, { disabled }, actorOf(options));
    if (options.json) return printJson(account);
    print(`${mark.ok} ${account.name}'s account is ${disabled ? 'shut' : 'open'}`);
  });
}

async function password(address: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const account = await named(app.database.db, address);
    const line = await readSecret(`A password for ${account.name}: `);
    await setPassword(app.database, account, line, { by: actorOf(options) });
    if (options.json) return printJson({ account: account.id });
    print(`${mark.ok} ${account.name} has a new password, and is signed out everywhere`);
  });
}

/** From a pipe, or typed where it shows: whoever types it at a terminal is told so. */
async function readSecret(question: string): Promise<string> {
  const { stdin, stderr } = process;
  const lines = createInterface({ input: stdin, output: stdin.isTTY ? stderr : undefined, terminal: false });
  try {
    if (stdin.isTTY) stderr.write(`${question}(it shows) `);
    for await (const line of lines) return line;
    throw new RoundupError('input-invalid', 'No password came on standard input.');
  } finally {
    lines.close();
  }
}

async function factorOff(address: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const account = await named(app.database.db, address);
    await removeFactor(app.database, account, { by: actorOf(options) });
    if (options.json) return printJson({ account: account.id });
    print(`${mark.ok} ${account.name} has no second factor any more, and is signed out everywhere`);
  });
}

async function sessions(address: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const account = await named(app.database.db, address);
    const all = await listSessions(app.database.db, account.id, app.clock.now());
    if (options.json) return printJson({ sessions: all.map(({ hash: _hash, ...session }) => session) });
    if (all.length === 0) return print(`${account.name} is signed in nowhere.`);
    printTable(
      ['since', 'last seen', 'from', 'with'],
      all.map((one) => [
        shortDateTime(one.createdAt, 'UTC'),
        shortDateTime(one.seenAt, 'UTC'),
        one.address,
        one.agent.slice(0, 60),
      ]),
    );
  });
}

export function tokenCommand(): Command {
  const command = new Command('token').description('tokens for programs that use the API');
  const sub = (name: string, description: string) => {
    const made = withJson(withActor(new Command(name).description(description)));
    command.addCommand(made);
    return made;
  };
  sub('add', 'make a token for an account; its secret is shown this once')
    .argument('<address>', 'of the account whose token it is')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('--scope <scope...>', SCOPES.join(', '))
    .option('--newsletter <slug...>', 'for these newsletters only')
    .option('--days <n>', 'how long it is good', '90')
    .action(addToken);
  sub('list', 'the tokens, of all accounts').action(listAll);
  sub('revoke', 'make a token good for nothing').argument('<id>').action(revoke);
  return command;
}

async function addToken(
  address: string,
  options: CommonOptions & { name: string; scope: string[]; newsletter?: string[]; days: string },
): Promise<void> {
  const unknown = options.scope.filter((scope) => !SCOPES.includes(scope as Scope));
  if (unknown.length > 0)
    throw new RoundupError('input-invalid', `There is no scope ${unknown.join(', ')}.`, {
      hint: `There are: ${SCOPES.join(', ')}`,
    });
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > 400)
    throw new RoundupError('input-invalid', `--days wants a whole number from 1 to 400, not "${options.days}".`);
  await withApp(async (app) => {
    const { db } = app.database;
    const account = await named(db, address);
    const newsletterIds = await idsOf(db, options.newsletter);
    const scopes = [...new Set(options.scope)] as Scope[];
    const made = await makeToken({ db, clock: app.clock }, account, {
      name: options.name,
      scopes,
      newsletterIds,
      days,
    });
    if (options.json) return printJson(made);
    print(`${mark.ok} token ${made.token.id} of ${account.name}, until ${shortDateTime(made.token.expiresAt, 'UTC')}:`);
    print(`  ${made.secret}`);
    print('  It is not shown again. Send it as: Authorization: Bearer …');
  });
}

async function listAll(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const tokens = await listTokens(app.database.db, { after: 0, limit: MOST_LISTED });
    if (options.json) return printJson({ tokens });
    printTable(
      ['id', 'account', 'name', 'begins', 'scopes', 'until', ''],
      tokens.map((one) => [
        String(one.id),
        String(one.accountId),
        one.name,
        one.beginning,
        one.scopes.join(' '),
        shortDateTime(one.expiresAt, 'UTC'),
        one.revokedAt === null ? '' : 'revoked',
      ]),
    );
  });
}

async function revoke(id: string, options: CommonOptions): Promise<void> {
  if (!/^\d{1,15}$/.test(id)) throw new RoundupError('input-invalid', `"${id}" is not a number of a token.`);
  await withApp(async (app) => {
    await revokeToken({ db: app.database.db, clock: app.clock }, Number(id), { by: actorOf(options) });
    if (options.json) return printJson({ token: Number(id), revoked: true });
    print(`${mark.ok} token ${id} is good for nothing any more`);
  });
}

async function named(db: Database, address: string): Promise<Account> {
  const account = await findAccountByAddress(db, address);
  if (account !== undefined) return account;
  throw new RoundupError('not-found', `There is no account of ${address}.`, {
    hint: 'See which there are with: roundup account list',
  });
}

async function idsOf(db: Database, slugs: string[] | undefined): Promise<number[] | null> {
  if (slugs === undefined) return null;
  return Promise.all(slugs.map(async (slug) => (await getNewsletter(db, slug)).id));
}
