import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../../lib/hash.ts';
import { RoundupError } from '../../errors.ts';
import { type Binaries, binariesIn, copyBinaries, makeLinks, packagedFolder } from './binaries.ts';

// Where the server's files stand and as whom it runs. PostgreSQL refuses to run as root, and the user that it then runs as
// cannot enter a clone under root's home: as root, both binaries and data stand under /var/lib/roundup, and the data folder
// holds a note of where.

export interface Place {
  binaries: Binaries;
  /** PostgreSQL's own data directory. */
  dataDirectory: string;
  logFile: string;
  user: SystemUser | undefined;
}

export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

const ROOT_HOME = '/var/lib/roundup';
/** The first of these that exists; `nobody` does on every Linux. */
const USERS = ['roundup', 'postgres', 'nobody'];

export async function preparePlace(dataDir: string): Promise<Place> {
  mkdirSync(dataDir, { recursive: true });
  const { folder, version } = packagedFolder();
  await makeLinks(folder);
  const isRoot = process.getuid?.() === 0;
  return isRoot ? placeForRoot(dataDir, folder, version) : placeForUser(dataDir, folder);
}

function placeForUser(dataDir: string, folder: string): Place {
  const home = path.join(dataDir, 'postgres');
  mkdirSync(home, { recursive: true });
  return placeIn(home, folder, undefined);
}

async function placeForRoot(dataDir: string, folder: string, version: string): Promise<Place> {
  const user = systemUser();
  const copy = path.join(ROOT_HOME, `postgresql-${version}`);
  await copyBinaries(folder, copy);
  const home = path.join(ROOT_HOME, `${path.basename(path.dirname(dataDir))}-${sha256(dataDir).slice(0, 12)}`);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chownSync(home, user.uid, user.gid);
  const note = `PostgreSQL does not run as root: the database of this folder runs as the user ${user.name} and stands in\n${home}\n`;
  writeFileSync(path.join(dataDir, 'WHERE-IS-THE-DATABASE.txt'), note);
  return placeIn(home, copy, user);
}

function placeIn(home: string, folder: string, user: SystemUser | undefined): Place {
  return {
    binaries: binariesIn(folder),
    dataDirectory: path.join(home, 'data'),
    logFile: path.join(home, 'postgresql.log'),
    user,
  };
}

function systemUser(): SystemUser {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const users = lines.map((line) => line.split(':'));
  for (const name of USERS) {
    const [, , uid, gid] = users.find(([known]) => known === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new RoundupError(
    'embedded-database',
    'PostgreSQL does not run as root, and this system has no other user for it.',
    {
      hint: 'Create a system user named "roundup", run Roundup as a user that is not root, or set DATABASE_URL.',
    },
  );
}
