import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { randomId } from '../lib/ids.ts';

// A folder of small notes that outlive a crash: what must not be lost while the database is away. Each note is a file of its own, on
// disk with its name before `keep` resolves; whoever does what it says takes it away. Processes may share a folder.

const ENDING = '.json';
/** How long "nothing waits" may be believed. */
const STALE_MS = 200;

export class Spool<T> {
  readonly #folder: string;
  #emptyAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async keep(note: T): Promise<void> {
    // The folder itself is on disk, too, before what is in it counts.
    if (mkdirSync(this.#folder, { recursive: true }) !== undefined)
      await synced(await open(path.dirname(this.#folder), 'r'));
    const file = path.join(this.#folder, randomId());
    await synced(await open(file, 'wx', 0o600), JSON.stringify(note));
    await rename(file, file + ENDING);
    await synced(await open(this.#folder, 'r'));
    this.#emptyAt = Number.NEGATIVE_INFINITY;
  }

  /** Does what the notes say, one after the other; what fails stays, and its error is thrown. Doing it twice must be harmless. */
  async apply(act: (note: T) => Promise<unknown>): Promise<number> {
    let done = 0;
    for (const name of this.#waiting()) {
      const file = path.join(this.#folder, name);
      const note = read<T>(file);
      if (note !== undefined) await act(note);
      rmSync(file, { force: true });
      done++;
    }
    return done;
  }

  #waiting(): string[] {
    const now = performance.now();
    if (now - this.#emptyAt < STALE_MS) return [];
    const names = namesIn(this.#folder).filter((name) => name.endsWith(ENDING));
    if (names.length === 0) this.#emptyAt = now;
    return names;
  }
}

async function synced(handle: FileHandle, text?: string): Promise<void> {
  try {
    if (text !== undefined) await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Undefined where another process was faster. */
function read<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
