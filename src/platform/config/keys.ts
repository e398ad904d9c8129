import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SigningKeys } from '../../lib/tokens.ts';

/**
 * The installation's own signing key, made at the first start and kept in the data folder, for those who set no SECRETS.
 * Processes that start at once end up with the same key: it is written whole, then linked into place by whoever is first.
 */
export function localKeys(dataDir: string): SigningKeys {
  const file = path.join(dataDir, 'signing-key');
  const draft = `${file}.${process.pid}`;
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return { current: { id: 'k0', secret: Buffer.from(readFileSync(file, 'utf8').trim()) }, retired: [] };
}
