import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive, removeEmbedded } from '../platform/database/index.ts';

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
    leave: () => rmSync(lockOf(dataDir), { force: true }),
  };
}

function claimFolder(cwd: string): string {
  for (let number = 1; number <= MAX_FOLDERS; number++) {
    const dataDir = path.join(cwd, number === 1 ? 'demo-data' : `demo-data-${number}`);
    mkdirSync(dataDir, { recursive: true });
    if (claim(lockOf(dataDir))) return dataDir;
  }
  throw new Error(`${MAX_FOLDERS} demos run here already`);
}

function claim(lock: string): boolean {
  if (existsSync(lock) && isAlive(Number(readFileSync(lock, 'utf8')))) return false;
  rmSync(lock, { force: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
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
