import { Command } from 'commander';
import { examine } from '../doctor/index.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';

export function doctorCommand(): Command {
  return withJson(
    new Command('doctor').description(
      'check configuration, database, queue, mail server, clock and the DNS of the senders',
    ),
  ).action((options: CommonOptions) =>
    withApp(async (app) => {
      const checks = await examine(app);
      if (checks.some(({ level }) => level === 'bad')) process.exitCode = 4;
      if (options.json) return printJson({ checks });
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { name, level, sentence } of checks) print(`${mark[level]} ${name.padEnd(width)}  ${sentence}`);
    }),
  );
}
