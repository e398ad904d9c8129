import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

// The command line as a person types it: the real program, in a process of its own.

export const BIN = path.resolve(import.meta.dirname, '../../bin/roundup.js');

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `roundup` with words that may be in double quotes, in a folder and with nothing of our environment but `env`. */
export async function runRoundup(
  args: string,
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<Ran> {
  const words = args.match(/"[^"]*"|\S+/g)?.map((word) => word.replaceAll('"', '')) ?? [];
  const child = spawn(process.execPath, [BIN, ...words], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', LOG_LEVEL: 'warn', ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}
