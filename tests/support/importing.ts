import { writeFileSync } from 'node:fs';
import { importList } from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { Database } from '../../src/platform/database/index.ts';
import type { ImportReport } from '../../src/subscribers/index.ts';

/** Imports what a file says, as the command line does; `content`: to be written into it first. */
export async function importFile(
  db: Database,
  file: string,
  { newsletterId = 1, content, keep }: { newsletterId?: number; content?: string | Buffer; keep?: string[] } = {},
): Promise<ImportReport> {
  if (content !== undefined) writeFileSync(file, content);
  const wish = { newsletterId, ground: 'a test', keep };
  return (await importList({ db, clock: systemClock }, file, wish, 'a test')).report;
}
