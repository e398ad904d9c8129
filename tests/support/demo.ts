import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeEmbedded } from '../../src/platform/database/index.ts';

export const BIN = path.resolve(import.meta.dirname, '../../bin/roundup.js');

export interface RunningDemo {
  child: ChildProcess;
  folder: string;
  output: () => string;
  /** A one-time link by its name in the demo's output. */
  link(name: 'the edition' | 'the inbox' | 'the queue'): string;
  stop(): Promise<number | null>;
}

/** The demo as a person starts it, in an empty folder, until it says where to look. */
export async function startDemo(): Promise<RunningDemo> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-demo-'));
  const child = spawn(process.execPath, [BIN, 'demo'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
  });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ctrl-C ends it')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', () => reject(new Error(`the demo ended:\n${output}`)));
  });
  await ready;
  return {
    child,
    folder,
    output: () => output,
    link: (name) => new RegExp(`${name} +(http\\S+)`).exec(output)?.[1] ?? '',
    stop: async () => {
      child.kill('SIGINT');
      const [code] = (await once(child, 'exit')) as [number | null];
      await removeDemoFolder(folder);
      return code;
    },
  };
}

export async function removeDemoFolder(folder: string): Promise<void> {
  await removeEmbedded(path.join(folder, 'demo-data'));
  rmSync(folder, { recursive: true, force: true });
}
