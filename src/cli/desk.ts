import { Command } from 'commander';
import { createDeskLink } from '../accounts/index.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { print, printJson } from './output.ts';

export function deskCommand(): Command {
  return withJson(new Command('desk').description('print a new one-time link to the desk of this machine')).action(
    (options: CommonOptions) =>
      withApp(async (app) => {
        const key = await createDeskLink(app.database.db, '/', app.clock.now());
        const url = `http://127.0.0.1:${app.config.deskPort}/enter/${key}`;
        if (options.json) printJson({ url });
        else print(url);
      }),
  );
}
