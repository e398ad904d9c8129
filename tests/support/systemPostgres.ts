import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';

const BINARIES = '/usr/lib/postgresql/15/bin';

/** Why there is no PostgreSQL 15 here, or undefined where there is one. */
export const postgres15Missing = existsSync(path.join(BINARIES, 'postgres'))
  ? undefined
  : 'no PostgreSQL 15 of the system';

export interface SystemPostgres {
  url: string;
  close(): Promise<void>;
}

/** A cluster of the oldest server version that the product supports, from the system's packages. */
export async function startPostgres15(): Promise<SystemPostgres> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-pg15-'));
  chmodSync(folder, 0o755);
  const user = process.getuid?.() === 0 ? systemUser() : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const made = spawnSync(
    path.join(BINARIES, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    { ...user, cwd: folder },
  );
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const port = await freePort();
  const args = [
    '-D',
    data,
    '-c',
    `port=${port}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
  ];
  const server = spawn(path.join(BINARIES, 'postgres'), args, { ...user, cwd: folder, stdio: 'ignore' });
  const log = path.join(data, 'postmaster.pid');
  for (let tries = 0; tries < 200 && !(existsSync(log) && readFileSync(log, 'utf8').includes('ready')); tries++)
    await sleep(50);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    close: async () => {
      server.kill('SIGINT');
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function systemUser(): { uid: number; gid: number } {
  const [, , uid = '', gid = ''] =
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith('nobody:'))
      ?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}
