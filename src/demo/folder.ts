import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { removeEmbedded } from '../platform/database/index.ts';
import { tryLock, unlock } from '../platform/lock.ts';

// The demo's own data folder: fresh at each start, unless a send in it was cut short, which is then finished. A demo beside
// one that runs takes the next folder.

export interface DemoFolder {
  dataDir: string;
  /** True where a send was cut short. */
  unfinished: boolean;
  beginSend(): void;
  endSend(): void;
  leave(): void;
}

const MAX_FOLDERS = 20;

export async function openDemoFolder(cwd: string): Promise<DemoFolder> {
  const dataDir = claimFolder(cwd);
  const mark = path.join(dataDir, 'send-unfinished');
  const unfinished = existsSync(mark);
  if (!unfinished) await makeFresh(dataDir);
  return {
    dataDir,
    unfinished,
    beginSend: () => writeFileSync(mark, ''),
    endSend: () => rmSync(mark, { force: true }),
    leave: () => unlock(lockOf(dataDir)),
  };
}

function claimFolder(cwd: string): string {
  for (let number = 1; number <= MAX_FOLDERS; number++) {
    const dataDir = path.join(cwd, number === 1 ? 'demo-data' : `demo-data-${number}`);
    mkdirSync(dataDir, { recursive: true });
    if (tryLock(lockOf(dataDir))) return dataDir;
  }
  throw new Error(`${MAX_FOLDERS} demos run here already`);
}

async function makeFresh(dataDir: string): Promise<void> {
  await removeEmbedded(dataDir);
  for (const name of readdirSync(dataDir)) {
    if (path.join(dataDir, name) !== lockOf(dataDir))
      rmSync(path.join(dataDir, name), { recursive: true, force: true });
  }
}

function lockOf(dataDir: string): string {
  return path.join(dataDir, 'demo.lock');
}
