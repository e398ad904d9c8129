import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, removeEmbedded, sql, startEmbedded } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { freePort } from '../support/ports.ts';

// Servers to be killed: PostgreSQL as the program brings it, with its settings as they are (fsync and synchronous_commit on),
// and Redis.

const COMES_BACK_MS = 30_000;

export interface PostgresServer {
  url: string;
  /** SIGKILL to the postmaster, and up again with the same command. */
  killAndRestart(): Promise<void>;
  remove(): Promise<void>;
}

export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-chaos-'));
  const { url } = await startEmbedded(folder);
  let command = await postmasterOf(url);
  return {
    url,
    killAndRestart: async () => {
      process.kill(command.pid, 'SIGKILL');
      for (const deadline = performance.now() + COMES_BACK_MS; !(await answers(url)); await sleep(100)) {
        if (performance.now() > deadline) throw new Error('PostgreSQL did not come back');
        // It does not start while processes of the old one are still there.
        if (!isRunning(command.pid)) command = { ...command, pid: again(command) };
      }
    },
    remove: async () => {
      await removeEmbedded(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Command {
  pid: number;
  args: string[];
  uid: number;
  gid: number;
  cwd: string;
}

async function postmasterOf(url: string): Promise<Command> {
  const db = connect(url, silentLog, 1);
  const { rows } = await sql<{ folder: string }>`select current_setting('data_directory') as folder`.execute(db);
  await db.destroy();
  const folder = rows[0]?.folder ?? '';
  const pid = Number(readFileSync(path.join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const id = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  return { pid, args, uid: id('Uid'), gid: id('Gid'), cwd: path.dirname(folder) };
}

function again({ args, uid, gid, cwd }: Command): number {
  const [program = '', ...options] = args;
  const child = spawn(program, options, { uid, gid, cwd, detached: true, stdio: 'ignore' });
  child.unref();
  return child.pid ?? 0;
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  const db = connect(url, silentLog, 1);
  try {
    await sql`select 1`.execute(db);
    return true;
  } catch {
    return false;
  } finally {
    await db.destroy();
  }
}

export interface RedisServer {
  url: string;
  restart(): Promise<void>;
  wipe(): void;
  stop(): Promise<void>;
}

/** Undefined where no Redis is installed. */
export async function startRedis(): Promise<RedisServer | undefined> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-chaos-redis-'));
  const port = await freePort();
  const run = async () => {
    const args = [
      '--port',
      String(port),
      '--dir',
      folder,
      '--appendonly',
      'yes',
      '--save',
      '',
      '--maxmemory-policy',
      'noeviction',
    ];
    const child = spawn('redis-server', args, { stdio: 'ignore' });
    while (
      spawnSync('redis-cli', ['-p', String(port), 'ping'])
        .stdout.toString()
        .trim() !== 'PONG'
    )
      await sleep(20);
    return child;
  };
  let child = await run();
  return {
    url: `redis://127.0.0.1:${port}`,
    restart: async () => {
      await end(child);
      child = await run();
    },
    wipe: () => void spawnSync('redis-cli', ['-p', String(port), 'flushall']),
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
