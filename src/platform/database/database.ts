import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Config } from '../config/index.ts';
import { RoundupError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { startEmbedded } from './embedded/index.ts';
import { migrate } from './migrate.ts';
import { int8AsNumber } from './types.ts';

/** Statements go through Kysely's `sql` tag, which sends every value as a parameter. */
export type Database = Kysely<unknown>;

export interface OpenDatabase {
  db: Database;
  url: string;
  /** Where the embedded server was started or joined. */
  embedded: 'started' | 'joined' | undefined;
  close(): Promise<void>;
}

const POOL_SIZE = 12;
const OLDEST_SERVER = 150_000;

/**
 * Connects to DATABASE_URL or to the embedded server, and brings the schema up to date.
 * Throws `database-unavailable`, `schema-newer` or `embedded-database`.
 */
export async function openDatabase(config: Config, log: Log, settings: string[] = []): Promise<OpenDatabase> {
  const server = config.databaseUrl === undefined ? await startEmbedded(config.dataDir, { settings }) : undefined;
  const url = server?.url ?? config.databaseUrl ?? '';
  const db = connect(url, log);
  const close = async () => {
    await db.destroy();
    await server?.leave();
  };
  try {
    await checkServer(db, url);
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { db, url, embedded: server === undefined ? undefined : server.started ? 'started' : 'joined', close };
}

export function connect(url: string, log: Log, size = POOL_SIZE): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: 10_000,
    // A server that is gone without a word is noticed.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: int8AsNumber,
  });
  // The pool listens to its idle clients only: one that is lost at work must not take the process with it.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log.warn('lost a database connection', { reason: reasonOf(error) }));
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
}

async function checkServer(db: Database, url: string): Promise<void> {
  const where = new URL(url);
  try {
    const { rows } = await sql<{
      version: number;
    }>`select current_setting('server_version_num')::int as version`.execute(db);
    const version = rows[0]?.version ?? 0;
    if (version >= OLDEST_SERVER) return;
    throw new RoundupError(
      'database-unavailable',
      `PostgreSQL at ${where.host} is version ${Math.floor(version / 10_000)}; Roundup needs 15 or newer.`,
    );
  } catch (error) {
    if (error instanceof RoundupError) throw error;
    throw new RoundupError(
      'database-unavailable',
      `PostgreSQL at ${where.host} (database ${where.pathname.slice(1)}) does not answer: ${reasonOf(error)}`,
      {
        hint: 'Check DATABASE_URL and that the server runs; leave it unset to use the embedded PostgreSQL.',
        cause: error,
      },
    );
  }
}
