import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { PROJECT_ROOT } from '../lib/root.ts';
import { type ErrorCode, RoundupError, reasonOf } from '../platform/errors.ts';

const EXIT_CODES = `
Exit codes:
  0  done
  1  a fault of the program
  2  the command, its input or the configuration is wrong
  3  refused as things stand: not approved, wrong state, too little news
  4  something that it needs does not answer: database, mail server, source`;

/** The `roundup` command. */
export async function main(argv: string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(path.join(PROJECT_ROOT, 'package.json'), 'utf8')) as { version: string };
  const program = new Command('roundup')
    .description('A weekly desk for publications: collect, compose, preview, approve and deliver a newsletter.')
    .version(version)
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(see: roundup --help)')
    .exitOverride();
  for (const command of await commandsFor(argv[2])) program.addCommand(inherit(command, program));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

type Loader = () => Promise<Command[]>;

/** In the order of the help. Only what was asked for is loaded: a worker has no use for the parser of feeds. */
const COMMANDS: Record<string, Loader> = {
  demo: async () => [(await import('./demo.ts')).demoCommand()],
  'up serve work': async () => (await import('./run.ts')).runCommands(),
  publication: async () => [(await import('./publication.ts')).publicationCommand()],
  source: async () => [(await import('./source/index.ts')).sourceCommand()],
  newsletter: async () => [(await import('./newsletter.ts')).newsletterCommand()],
  subscribers: async () => [(await import('./subscribers.ts')).subscribersCommand()],
  suppressions: async () => [(await import('./suppressions.ts')).suppressionsCommand()],
  collect: async () => [(await import('./collect.ts')).collectCommand()],
  compose: async () => [(await import('./compose.ts')).composeCommand()],
  piece: async () => [(await import('./piece.ts')).pieceCommand()],
  edition: async () => [(await import('./edition/index.ts')).editionCommand()],
  segment: async () => [(await import('./segment.ts')).segmentCommand()],
  'send-test': async () => [(await import('./sendTest.ts')).sendTestCommand()],
  domain: async () => [(await import('./domain.ts')).domainCommand()],
  dkim: async () => [(await import('./dkim.ts')).dkimCommand()],
  status: async () => [(await import('./status.ts')).statusCommand()],
  account: async () => [(await import('./account.ts')).accountCommand()],
  token: async () => [(await import('./account.ts')).tokenCommand()],
  webhook: async () => [(await import('./webhook.ts')).webhookCommand()],
  audit: async () => [(await import('./audit.ts')).auditCommand()],
  desk: async () => [(await import('./desk.ts')).deskCommand()],
  doctor: async () => [(await import('./doctor.ts')).doctorCommand()],
};

/** All of them where it is not clear which: for the help, and for the error that names what there is. */
async function commandsFor(name = ''): Promise<Command[]> {
  const wanted = Object.keys(COMMANDS).find((names) => names.split(' ').includes(name));
  const loaders = wanted === undefined ? Object.values(COMMANDS) : [COMMANDS[wanted] as Loader];
  return (await Promise.all(loaders.map((load) => load()))).flat();
}

/** Commands made on their own do not take over their parent's ways by themselves. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RoundupError) {
    process.stderr.write(`${pc.red('error')} ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`${pc.dim(error.hint)}\n`);
    return EXIT_CODES_BY_ERROR[error.code];
  }
  process.stderr.write(`${pc.red('fault')} ${reasonOf(error)}\n`);
  if (error instanceof Error && error.stack !== undefined) process.stderr.write(`${pc.dim(error.stack)}\n`);
  return 1;
}

/** Each code is in one of the groups: one that is added without its own does not compile. */
const EXIT_CODES_BY_ERROR: Record<ErrorCode, 2 | 3 | 4> = {
  'config-invalid': 2,
  'input-invalid': 2,
  'not-found': 2,
  'too-large': 2,
  'unsupported-media': 2,
  'state-refused': 3,
  'not-approved': 3,
  'preflight-failed': 3,
  'too-little-news': 3,
  'schema-newer': 3,
  unauthenticated: 3,
  forbidden: 3,
  'two-people-wanted': 3,
  'too-many-requests': 3,
  'revision-changed': 3,
  'precondition-required': 3,
  'idempotency-conflict': 3,
  'database-unavailable': 4,
  'embedded-database': 4,
  'queue-unavailable': 4,
  'fetch-failed': 4,
  'inbox-unavailable': 4,
  'smtp-failed': 4,
};
