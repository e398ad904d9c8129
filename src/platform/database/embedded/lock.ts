import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundupError } from '../../errors.ts';

const WAIT_MS = 60_000;
const STEP_MS = 50;

/** Runs `act` while this process alone holds the lock file; a lock left by a process that is gone is taken over. */
export async function withLock<T>(file: string, act: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_MS;
  while (!take(file)) {
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
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (holderIsGone(file)) rmSync(file, { force: true });
  return false;
}

function holderIsGone(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    // Empty for the instant between its creation and its first byte: somebody is there.
    return pid > 0 && pid !== process.pid && !isAlive(pid);
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
