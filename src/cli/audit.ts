import { Command } from 'commander';
import { listActs } from '../audit/index.ts';
import { shortDateTime } from '../lib/time.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, parseTime, withApp, withJson } from './context.ts';
import { print, printJson, printTable } from './output.ts';

interface Options extends CommonOptions {
  act?: string;
  actor?: string;
  subject?: string;
  since?: string;
  limit: string;
}

export function auditCommand(): Command {
  const command = new Command('audit')
    .description('who did what, when and from where, the newest first')
    .option('--act <words>', 'how the act begins, such as "edition" or "edition approved"')
    .option('--actor <name>', 'who')
    .option('--subject <what>', 'on what, such as "edition 12"')
    .option('--since <time>', 'such as 2026-12-03T09:00:00Z')
    .option('--limit <n>', 'how many at most', '50');
  return withJson(command).action(list);
}

async function list(options: Options): Promise<void> {
  const { act, actor, subject } = options;
  const since = options.since === undefined ? undefined : parseTime(options.since);
  if (!/^[1-9]\d{0,5}$/.test(options.limit))
    throw new RoundupError('input-invalid', `--limit wants a number, not "${options.limit}".`);
  await withApp(async (app) => {
    const entries = await listActs(app.database.db, { act, actor, subject, since, limit: Number(options.limit) });
    if (options.json) return printJson({ entries });
    if (entries.length === 0) return print('Nothing of that kind is written down.');
    printTable(
      ['when', 'who', 'what', 'on what', 'from'],
      entries.map((one) => [
        shortDateTime(one.at, 'UTC'),
        one.actor,
        one.act,
        one.subject,
        [one.via, one.address].filter(Boolean).join(', '),
      ]),
    );
  });
}
