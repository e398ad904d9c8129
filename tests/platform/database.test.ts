import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, migrate, removeEmbedded, sql, startEmbedded } from '../../src/platform/database/index.ts';
import { copyBinaries, makeLinks, packagedFolder } from '../../src/platform/database/embedded/binaries.ts';
import { silentLog } from '../../src/platform/log.ts';
import { freshDatabase } from '../support/database.ts';

const FAST = { settings: ['fsync=off'] };
const folders: string[] = [];

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-embedded-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders) {
    await removeEmbedded(folder);
    rmSync(folder, { recursive: true, force: true });
  }
});

async function ask(url: string, statement = sql<{ n: number }>`select count(*)::int as n from kept`): Promise<number> {
  const db = connect(url, silentLog, 1);
  try {
    return (await statement.execute(db)).rows[0]?.n ?? 0;
  } finally {
    await db.destroy();
  }
}

const create = sql<{ n: number }>`with made as (select 1) select 1 as n from made`;
const keep = (url: string) => ask(url, sql<{ n: number }>`create table kept as select 1 as row`);

describe('the embedded PostgreSQL', () => {
  test('starts, is joined by a second start, and is stopped by the last one to leave', async () => {
    const folder = newFolder();
    const first = await startEmbedded(folder, FAST);
    const second = await startEmbedded(folder, FAST);
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.url).toBe(first.url);
    await first.leave();
    expect(await ask(second.url, create)).toBe(1);
    await second.leave();
    await expect(ask(second.url, create)).rejects.toThrow('ECONNREFUSED');
  });

  test('two starts at the same time end up on one server', async () => {
    const folder = newFolder();
    const both = await Promise.all([startEmbedded(folder, FAST), startEmbedded(folder, FAST)]);
    expect(both.filter(({ started }) => started)).toHaveLength(1);
    expect(both[0].url).toBe(both[1].url);
    await Promise.all(both.map(({ leave }) => leave()));
  });

  test('outlives an owner that is killed, and the next start joins it', async () => {
    const folder = newFolder();
    const script = `const { startEmbedded } = await import(${JSON.stringify(path.resolve('src/platform/database/index.ts'))});
      const server = await startEmbedded(${JSON.stringify(folder)}, { settings: ['fsync=off'] }); console.log(server.url); setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    await keep(line.toString().trim());
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const next = await startEmbedded(folder, FAST);
    expect(next.started).toBe(false);
    expect(await ask(next.url)).toBe(1);
    await next.leave();
  });

  test('recovers from a server that was killed with its pid file left behind', async () => {
    const folder = newFolder();
    const first = await startEmbedded(folder, FAST);
    await keep(first.url);
    const pid = await postmasterPid(first.url);
    process.kill(pid, 'SIGKILL');
    await first.leave().catch(() => {});
    const next = await startEmbedded(folder, FAST);
    expect(next.started).toBe(true);
    expect(await ask(next.url)).toBe(1);
    await next.leave();
  });

  test('is not stopped by one who leaves while it does not answer', async () => {
    const folder = newFolder();
    const [stays, leaves] = [await startEmbedded(folder, FAST), await startEmbedded(folder, FAST)];
    const pid = await postmasterPid(stays.url);
    process.kill(pid, 'SIGSTOP');
    await leaves.leave();
    process.kill(pid, 'SIGCONT');
    expect(await ask(stays.url, create)).toBe(1);
    const joins = await startEmbedded(folder, FAST);
    expect(joins).toMatchObject({ started: false, url: stays.url });
    await joins.leave();
    await stays.leave();
  });

  test('begins anew after a first start that was cut short', async () => {
    const folder = newFolder();
    const first = await startEmbedded(folder, FAST);
    const directory = await databaseDirectory(first.url);
    await first.leave();
    rmSync(path.join(directory, 'ROUNDUP_READY'));
    rmSync(path.join(directory, 'PG_VERSION'));
    const next = await startEmbedded(folder, FAST);
    expect(await ask(next.url, create)).toBe(1);
    await next.leave();
  });

  test('makes its library links where the install script did not run', async () => {
    const folder = path.join(newFolder(), 'native');
    cpSync(packagedFolder().folder, folder, { recursive: true, verbatimSymlinks: true });
    const links = JSON.parse(readFileSync(path.join(folder, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    const files = links.map(({ target }) => path.join(folder, '..', target));
    for (const file of files) rmSync(file, { force: true });
    await makeLinks(folder);
    await makeLinks(folder);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('two servers of one process that find no binaries in place both get them', async () => {
    const folder = newFolder();
    const [from, to] = [path.join(folder, 'native'), path.join(folder, 'place', 'postgresql')];
    mkdirSync(path.join(from, 'bin'), { recursive: true });
    writeFileSync(path.join(from, 'bin', 'postgres'), 'a program');
    await Promise.all([copyBinaries(from, to), copyBinaries(from, to), copyBinaries(from, to)]);
    expect(readFileSync(path.join(to, 'bin', 'postgres'), 'utf8')).toBe('a program');
    expect(readdirSync(path.dirname(to))).toEqual(['postgresql']);
  });

  test('does not wait for a lock whose holder is gone', async () => {
    const folder = newFolder();
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    writeFileSync(path.join(folder, 'postgres.lock'), String(gone.pid));
    const server = await startEmbedded(folder, FAST);
    expect(server.started).toBe(true);
    await server.leave();
  });
});

function postmasterPid(url: string): Promise<number> {
  return ask(url, sql<{ n: number }>`select split_part(pg_read_file('postmaster.pid'), e'\n', 1)::int as n`);
}

async function databaseDirectory(url: string): Promise<string> {
  const db = connect(url, silentLog, 1);
  const { rows } = await sql<{ data_directory: string }>`show data_directory`.execute(db);
  await db.destroy();
  return rows[0]!.data_directory;
}

describe('migrations', () => {
  const shipped = path.resolve('src/platform/database/migrations');

  test('a program that is older than the schema refuses to run', async () => {
    const { db, drop } = await freshDatabase();
    await sql`insert into schema_migrations (number, name) values (9999, 'from the future')`.execute(db);
    await expect(migrate(db)).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringContaining('schema 9999'),
    });
    await drop();
  });

  test('many that start at once take turns, and each migration runs once', async () => {
    const { db, drop } = await freshDatabase();
    const folder = newFolder();
    cpSync(shipped, folder, { recursive: true });
    writeFileSync(path.join(folder, '9000-once.sql'), 'create table once (row int)');
    const counts = await Promise.all(Array.from({ length: 6 }, () => migrate(db, folder)));
    expect(counts.filter((count) => count > 0)).toHaveLength(1);
    await drop();
  });

  test('one that fails leaves nothing of itself behind', async () => {
    const { db, drop } = await freshDatabase();
    const folder = newFolder();
    cpSync(shipped, folder, { recursive: true });
    writeFileSync(path.join(folder, '9000-half.sql'), 'create table half (row int); select 1/0');
    await expect(migrate(db, folder)).rejects.toThrow(/division by zero/);
    const { rows } = await sql<{ half: string | null }>`select to_regclass('half')::text as half`.execute(db);
    expect(rows[0]?.half).toBeNull();
    await drop();
  });
});
