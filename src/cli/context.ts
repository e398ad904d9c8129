import os from 'node:os';
import type { Command } from 'commander';
import { actingFrom } from '../audit/index.ts';
import { type App, type AppOptions, buildApp } from '../app.ts';
import { loadConfig } from '../platform/config/index.ts';
import { createLog } from '../platform/log.ts';
import { RoundupError } from '../platform/errors.ts';

/** Opens the installation for one command and closes it behind it, whatever happens. */
export async function withApp<T>(act: (app: App) => Promise<T>, options: AppOptions = {}): Promise<T> {
  const config = loadConfig();
  const log = createLog({ level: config.logLevel, json: config.logJson });
  const app = await buildApp(config, log, options);
  try {
    const origin = { via: 'command line', accountId: null, address: os.userInfo().username, agent: '' } as const;
    return await actingFrom(origin, () => act(app));
  } finally {
    await app.close();
  }
}

export interface CommonOptions {
  json?: boolean;
  by?: string;
}

/** Options that many commands share. */
export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON object as the last line');
}

export function withActor(command: Command): Command {
  return command.option('--by <name>', 'who does this, for the records (your system user name by default)');
}

export function actorOf(options: CommonOptions): string {
  return options.by?.trim() || os.userInfo().username;
}

/** An id given on the command line. Throws `input-invalid`. */
export function parseId(text: string, what: 'edition' | 'piece' = 'edition'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RoundupError(
    'input-invalid',
    `"${text}" is not a number of ${what === 'edition' ? 'an edition' : 'a piece'}.`,
    {
      hint: `See which there are with: roundup ${what} list`,
    },
  );
}

/** A time with its zone, given on the command line. Throws `input-invalid`. */
export function parseTime(text: string): Date {
  const time = new Date(text);
  if (!Number.isNaN(time.getTime()) && /(Z|[+-]\d\d:?\d\d)$/i.test(text)) return time;
  throw new RoundupError('input-invalid', `"${text}" is no time with its zone.`, {
    hint: 'Write it like 2026-12-03T09:00:00Z or 2026-12-03T09:00:00+01:00.',
  });
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = () => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
