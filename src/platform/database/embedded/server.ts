import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { RoundupError, reasonOf } from '../../errors.ts';
import { isAlive, withLock } from '../../lock.ts';
import { type Place, preparePlace } from './place.ts';

// The embedded server. It is started detached, in a process group of its own, so that Ctrl-C does not reach it before we
// have drained; it outlives us if we are killed, and whoever starts next joins it by its own pid file. Each process
// holds one connection for as long as it is there, so that the last one to leave knows that it is, and stops the server.

export interface EmbeddedServer {
  url: string;
  /** True where this call started it, false where it was running. */
  started: boolean;
  /** Stops the server unless another process is connected to it. Close your own connections first. */
  leave(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Settings in PostgreSQL's own words, such as `fsync=off`, for tests. */
  settings?: string[];
}

interface Connection {
  port: number;
  password: string;
}

const USER = 'roundup';
const DATABASE = 'roundup';
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 5;
const LOG_TAIL_CHARACTERS = 2_000;

/** Starts the server of a data folder or joins the one that runs, creating cluster and database at the first start. */
export async function startEmbedded(dataDir: string, options: EmbeddedOptions = {}): Promise<EmbeddedServer> {
  const place = await preparePlace(dataDir);
  const lockFile = path.join(dataDir, 'postgres.lock');
  const settings = options.settings ?? [];
  const { connection, started, presence } = await withLock(lockFile, async () => {
    const running = await joinRunning(dataDir, place);
    const connection = running ?? (await startServer(place, await ensureCluster(dataDir, place, settings), settings));
    return { connection, started: running === undefined, presence: await connectClient(connection, DATABASE) };
  });
  writeWhole(path.join(dataDir, 'postgres.url'), urlOf(connection, DATABASE));
  return {
    url: urlOf(connection, DATABASE),
    started,
    leave: async () => {
      await presence.end().catch(() => {});
      await withLock(lockFile, () => stopIfAlone(place, connection));
    },
  };
}

function urlOf({ port, password }: Connection, database: string): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

/** The server that runs on this data directory, by its pid file: lines of pid, directory, start time and port. */
function runningServer(place: Place): { pid: number; port: number } | undefined {
  let lines: string[];
  try {
    lines = readFileSync(path.join(place.dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const [pid, , , port] = lines.map(Number);
  if (pid === undefined || port === undefined || !isAlive(pid)) return undefined;
  return isServerOf(pid, place) ? { pid, port } : undefined;
}

/** After a crash the pid may be another program's. Where there is no /proc, only a connection can tell. */
function isServerOf(pid: number, place: Place): boolean {
  if (process.platform !== 'linux') return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(place.dataDirectory);
  } catch {
    return false;
  }
}

async function joinRunning(dataDir: string, place: Place): Promise<Connection | undefined> {
  const password = readPassword(dataDir);
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const running = runningServer(place);
    if (running === undefined || password === undefined) return undefined;
    const connection = { port: running.port, password };
    const problem = await problemOf(connection);
    if (problem === undefined) return connection;
    // A stale pid file of a system without /proc: nobody listens there.
    if (process.platform !== 'linux' && (problem as { code?: string }).code === 'ECONNREFUSED') return undefined;
    if (performance.now() > deadline) {
      throw new RoundupError(
        'embedded-database',
        `The embedded PostgreSQL (process ${running.pid}) runs but does not answer: ${reasonOf(problem)}`,
        {
          hint: 'The machine may be overloaded; try again. If it stays so, stop that process with SIGQUIT and start again.',
        },
      );
    }
    await sleep(100);
  }
}

async function ensureCluster(dataDir: string, place: Place, settings: string[]): Promise<string> {
  const known = readPassword(dataDir);
  const complete = existsSync(path.join(place.dataDirectory, 'ROUNDUP_READY'));
  if (complete && known !== undefined) return known;
  if (complete) {
    throw new RoundupError(
      'embedded-database',
      `The database in ${place.dataDirectory} is there, but ${passwordFile(dataDir)} is gone.`,
      {
        hint: 'Put that file back from a backup, or move the database away to begin anew.',
      },
    );
  }
  const password = randomBytes(18).toString('base64url');
  // A cluster without the mark is what a killed first start left: nothing was ever kept in it.
  rmSync(place.dataDirectory, { recursive: true, force: true });
  writeWhole(passwordFile(dataDir), password);
  await initialise(place, password, settings.includes('fsync=off') ? ['--no-sync'] : []);
  return password;
}

function passwordFile(dataDir: string): string {
  return path.join(dataDir, 'postgres.password');
}

function readPassword(dataDir: string): string | undefined {
  return existsSync(passwordFile(dataDir)) ? readFileSync(passwordFile(dataDir), 'utf8').trim() : undefined;
}

/** In place all at once: whoever is killed here leaves the old file or the new one. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(draft, file);
}

async function initialise(place: Place, password: string, options: string[]): Promise<void> {
  const handOver = path.join(path.dirname(place.dataDirectory), 'initdb.password');
  writeFileSync(handOver, password, { mode: 0o600 });
  if (place.user !== undefined) chownSync(handOver, place.user.uid, place.user.gid);
  try {
    await run(place, place.binaries.initdb, [
      `--pgdata=${place.dataDirectory}`,
      `--username=${USER}`,
      `--pwfile=${handOver}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--no-instructions',
      ...options,
    ]);
  } finally {
    rmSync(handOver, { force: true });
  }
}

async function startServer(place: Place, password: string, settings: string[]): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    const connection = { port: await freePort(), password };
    try {
      await launch(place, connection, settings);
      await finishFirstStart(place, connection);
      return connection;
    } catch (error) {
      // Somebody may have taken the port between our look and the server's.
      if (attempt === START_ATTEMPTS || !/could not bind|Address already in use/.test(logTail(place))) throw error;
    }
  }
}

async function launch(place: Place, connection: Connection, settings: string[]): Promise<void> {
  const options = [
    'listen_addresses=127.0.0.1',
    `port=${connection.port}`,
    'unix_socket_directories=',
    ...DEFAULTS,
    ...settings,
  ];
  const log = openSync(place.logFile, 'w');
  if (place.user !== undefined) chownSync(place.logFile, place.user.uid, place.user.gid);
  const server = spawn(
    place.binaries.postgres,
    ['-D', place.dataDirectory, ...options.flatMap((option) => ['-c', option])],
    {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: path.dirname(place.dataDirectory),
      ...asUser(place),
    },
  );
  closeSync(log);
  let ended = false;
  server.once('exit', () => (ended = true));
  server.once('error', () => (ended = true));
  server.unref();
  const deadline = performance.now() + START_TIMEOUT_MS;
  while ((await problemOf(connection)) !== undefined) {
    if (ended || performance.now() > deadline) {
      throw new RoundupError(
        'embedded-database',
        `The embedded PostgreSQL did not start. Its log ends with:\n${logTail(place)}`,
        {
          hint: `The whole log is ${place.logFile}.`,
        },
      );
    }
    await sleep(25);
  }
}

/** Room for the workers' connections; a small list's database stays small. */
const DEFAULTS = [
  'max_connections=200',
  'shared_buffers=64MB',
  'max_wal_size=1GB',
  'log_min_messages=warning',
  'timezone=UTC',
];

/** Why the server does not answer on a connection, or undefined where it does. */
async function problemOf(connection: Connection): Promise<unknown> {
  try {
    await useClient(connection, 'postgres', (client) => client.query('select 1'));
    return undefined;
  } catch (error) {
    return error;
  }
}

async function finishFirstStart(place: Place, connection: Connection): Promise<void> {
  const mark = path.join(place.dataDirectory, 'ROUNDUP_READY');
  if (existsSync(mark)) return;
  await useClient(connection, 'postgres', async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  });
  writeFileSync(mark, '');
}

/** Only a clear answer stops it: one that is slow or full may have others on it. */
async function stopIfAlone(place: Place, connection: Connection): Promise<void> {
  let others: number | undefined;
  try {
    others = await useClient(connection, 'postgres', async (client) => {
      const { rows } = await client.query<{ others: number }>(
        `select count(*)::int as others from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      return rows[0]?.others;
    });
  } catch {
    return;
  }
  if (others === 0) await stop(place, 'fast');
}

async function stop(place: Place, mode: 'fast' | 'immediate'): Promise<void> {
  if (runningServer(place) === undefined) return;
  await run(place, place.binaries.pgCtl, ['stop', '-D', place.dataDirectory, '-m', mode, '-w', '-s']);
}

async function useClient<T>(
  connection: Connection,
  database: string,
  act: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectClient(connection, database);
  try {
    return await act(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function connectClient(connection: Connection, database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: urlOf(connection, database), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

function run(place: Place, command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: path.dirname(place.dataDirectory),
      ...asUser(place),
    });
    let output = '';
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-LOG_TAIL_CHARACTERS));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (cause) => reject(failed(command, reasonOf(cause))));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(failed(command, output.trim()))));
  });
}

function failed(command: string, output: string): RoundupError {
  return new RoundupError('embedded-database', `${path.basename(command)} failed: ${output}`, {
    hint: 'Set DATABASE_URL to use a PostgreSQL server of your own (15 or newer).',
  });
}

/** The server's own environment is bare: PG… variables of ours must not steer it. */
function asUser(place: Place): { uid?: number; gid?: number; env: Record<string, string> } {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', TMPDIR: os.tmpdir() };
  return place.user === undefined ? { env } : { uid: place.user.uid, gid: place.user.gid, env };
}

function logTail(place: Place): string {
  return existsSync(place.logFile) ? readFileSync(place.logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS).trim() : '';
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Stops the embedded server of a data folder if it runs, and deletes its database. The rest of the folder stays. */
export async function removeEmbedded(dataDir: string): Promise<void> {
  const place = await preparePlace(dataDir);
  await withLock(path.join(dataDir, 'postgres.lock'), async () => {
    await stop(place, 'immediate').catch(() => {});
    rmSync(path.dirname(place.dataDirectory), { recursive: true, force: true });
    rmSync(passwordFile(dataDir), { force: true });
  });
}
