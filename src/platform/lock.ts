import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomId } from '../lib/ids.ts';
import { RoundupError } from './errors.ts';

// Locks between processes of one machine: a file that holds its holder's pid. One whose holder is gone is taken over, by a
// rename, so that of two who find it stale one gets it.

const WAIT_MS = 60_000;
const STEP_MS = 50;
/** What this process holds: after a restart in a container, a stale lock may bear our own pid. */
const held = new Set<string>();

/** Runs `act` while this process alone holds the lock file. Throws `embedded-database` after a minute of waiting. */
export async function withLock<T>(file: string, act: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  while (!tryLock(file)) {
    if (performance.now() > deadline) {
      throw new RoundupError('embedded-database', `Another process holds ${file} for more than a minute.`, {
        hint: 'Wait until it is done; if no Roundup process runs, delete that file.',
      });
    }
    await sleep(STEP_MS);
  }
  try {
    return await act();
  } finally {
    unlock(file);
  }
}

/** Takes the lock if it is free or stale; false where somebody holds it. */
export function tryLock(file: string): boolean {
  if (held.has(file)) return false;
  if (!create(file)) {
    if (!removeStale(file) || !create(file)) return false;
  }
  held.add(file);
  return true;
}

export function unlock(file: string): void {
  held.delete(file);
  rmSync(file, { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The pid is in the file from its first moment: it is written beside it and linked into place. */
function create(file: string): boolean {
  const draft = `${file}.${randomId(6)}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function removeStale(file: string): boolean {
  if (!isStale(file)) return false;
  const aside = `${file}.${randomId(6)}`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  // Somebody may have taken it over between our look and our hand: then it is put back.
  const stale = isStale(aside);
  if (!stale) {
    try {
      linkSync(aside, file);
    } catch {
      // A third one holds it by now.
    }
  }
  rmSync(aside, { force: true });
  return stale;
}

function isStale(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return !(pid > 0) || pid === process.pid || !isAlive(pid);
  } catch {
    return false;
  }
}
