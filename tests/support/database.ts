import { randomId } from '../../src/lib/ids.ts';
import { type Database, connect, sql } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { TEMPLATE, urlOfDatabase } from './testServer.ts';

export interface TestDatabase {
  db: Database;
  url: string;
  drop(): Promise<void>;
}

/** A migrated, empty database on the run's PostgreSQL. */
export async function freshDatabase(): Promise<TestDatabase> {
  const server = process.env.ROUNDUP_TEST_DATABASE_URL ?? '';
  const name = `t_${randomId(8)}`;
  await onServer(server, (admin) => sql`create database ${sql.id(name)} template ${sql.id(TEMPLATE)}`.execute(admin));
  const url = urlOfDatabase(server, name);
  const db = connect(url, silentLog);
  return {
    db,
    url,
    drop: async () => {
      await db.destroy();
      await onServer(server, (admin) => sql`drop database ${sql.id(name)} with (force)`.execute(admin));
    },
  };
}

async function onServer(url: string, act: (admin: Database) => Promise<unknown>): Promise<void> {
  const admin = connect(url, silentLog, 1);
  try {
    await act(admin);
  } finally {
    await admin.destroy();
  }
}
