import { rmSync } from 'node:fs';
import { connect, migrate, removeEmbedded, sql, startEmbedded } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';

export const TEMPLATE = 'roundup_template';

/** Starts the embedded server without durability, which no test of ours depends on, and migrates the template. */
export async function prepareServer(dataDir: string): Promise<{ url: string; remove: () => Promise<void> }> {
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  const { url } = await startEmbedded(dataDir, { settings });
  const admin = connect(url, silentLog, 1);
  await sql`create database ${sql.id(TEMPLATE)}`.execute(admin);
  await admin.destroy();
  const template = connect(urlOfDatabase(url, TEMPLATE), silentLog, 1);
  await migrate(template);
  await template.destroy();
  return {
    url,
    remove: async () => {
      await removeEmbedded(dataDir);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function urlOfDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
