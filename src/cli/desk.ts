import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { createDeskLink } from '../accounts/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { print, printJson } from './output.ts';

export function deskCommand(): Command {
  return withJson(new Command('desk').description('print a new one-time link to the desk of this machine')).action(
    (options: CommonOptions) =>
      withApp(async (app) => {
        const port = deskPort(app.config.dataDir);
        const key = await createDeskLink(app.database.db, '/', app.clock.now());
        const url = `http://127.0.0.1:${port}/enter/${key}`;
        if (options.json) printJson({ url });
        else print(url);
      }),
  );
}

function deskPort(dataDir: string): number {
  try {
    return Number(readFileSync(path.join(dataDir, 'desk.port'), 'utf8'));
  } catch (cause) {
    throw new RoundupError('state-refused', 'The desk is not running.', {
      hint: 'Start it with: roundup up (or roundup serve)',
      cause,
    });
  }
}
