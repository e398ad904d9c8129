import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { register } from 'tsx/esm/api';

/** One real PostgreSQL for a run, the embedded one; each test file gets a database of its own, copied from a template. */
export default async function globalSetup() {
  const unregister = process.features.typescript ? undefined : register();
  const { prepareServer } = await import('./testServer.ts');
  const dataDir = mkdtempSync(path.join(tmpdir(), 'roundup-test-'));
  globalThis.testServer = await prepareServer(dataDir);
  process.env.ROUNDUP_TEST_DATABASE_URL = globalThis.testServer.url;
  await unregister?.();
}
