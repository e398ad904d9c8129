import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Kysely, sql } from 'kysely';
import { RoundupError } from '../errors.ts';

// Numbered, forward-only migrations in plain SQL, one transaction each, under an advisory lock: processes that start at once
// take turns, and a program that is older than the schema refuses to run.

const FOLDER = path.join(import.meta.dirname, 'migrations');
const LOCK = 7_275_001;

interface Migration {
  number: number;
  name: string;
  statements: string;
}

/** Brings the schema up to this program. Throws `schema-newer` where the schema is ahead of it. */
export async function migrate(db: Kysely<unknown>, folder = FOLDER): Promise<number> {
  const known = readMigrations(folder);
  const newest = known.at(-1)?.number ?? 0;
  return db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${LOCK})`.execute(connection);
    try {
      await sql`create table if not exists schema_migrations (
        number int primary key, name text not null, applied_at timestamptz not null default now()
      )`.execute(connection);
      const applied = await newestApplied(connection);
      if (applied > newest) throw newerSchema(applied, newest);
      for (const migration of known.filter(({ number }) => number > applied)) await apply(connection, migration);
      return newest - applied;
    } finally {
      await sql`select pg_advisory_unlock(${LOCK})`.execute(connection);
    }
  });
}

function readMigrations(folder: string): Migration[] {
  const files = readdirSync(folder).filter((file) => /^\d{4}-.+\.sql$/.test(file));
  return files.toSorted().map((file) => ({
    number: Number(file.slice(0, 4)),
    name: file.slice(5, -4),
    statements: readFileSync(path.join(folder, file), 'utf8'),
  }));
}

async function newestApplied(db: Kysely<unknown>): Promise<number> {
  const { rows } = await sql<{
    newest: number;
  }>`select coalesce(max(number), 0) as newest from schema_migrations`.execute(db);
  return rows[0]?.newest ?? 0;
}

async function apply(db: Kysely<unknown>, { number, name, statements }: Migration): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql.raw(statements).execute(tx);
    await sql`insert into schema_migrations (number, name) values (${number}, ${name})`.execute(tx);
  });
}

function newerSchema(applied: number, newest: number): RoundupError {
  return new RoundupError(
    'schema-newer',
    `The database is at schema ${applied}, and this program knows schemas up to ${newest}.`,
    {
      hint: 'A newer version of Roundup has run on this database. Start that version or a later one.',
    },
  );
}
