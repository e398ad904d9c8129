import { writeFileSync } from 'node:fs';
import { importList } from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type Database, sql } from '../../src/platform/database/index.ts';
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

/** Who is subscribed, who has left, and who is suppressed, by the part before the @. */
export async function standingsOf(db: Database): Promise<Record<string, string>> {
  const { rows } = await sql<{ name: string; standing: string }>`
    select split_part(p.address_key, '@', 1) as name, s.state::text as standing from subscribers p join subscriptions s on s.subscriber_id = p.id
    union all select split_part(address_key, '@', 1), 'suppressed: ' || reason from suppressions order by 1`.execute(
    db,
  );
  return Object.fromEntries(rows.map(({ name, standing }) => [name, standing]));
}
