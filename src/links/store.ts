import { sha256 } from '../lib/hash.ts';
import { type Database, sql } from '../platform/database/index.ts';

/** What was last seen at an address. */
export interface LinkCheck {
  url: string;
  /** `lost`: it leads to the site's first page instead; `unknown`: that cannot be said for sure. */
  outcome: 'fine' | 'moved' | 'lost' | 'dead' | 'unknown';
  /** Where it leads, where that is elsewhere. */
  leadsTo: string | null;
  /** What went wrong, in words. */
  said: string;
  checkedAt: Date;
}

export async function recordLink(db: Database, { url, outcome, leadsTo, said, checkedAt }: LinkCheck): Promise<void> {
  await sql`insert into link_checks (hash, url, outcome, leads_to, said, checked_at)
    values (${sha256(url)}, ${url}, ${outcome}, ${leadsTo}, ${said}, ${checkedAt})
    on conflict (hash) do update set outcome = excluded.outcome, leads_to = excluded.leads_to, said = excluded.said,
      checked_at = excluded.checked_at`.execute(db);
}

/** What is known of these addresses. */
export async function linkChecks(db: Database, urls: string[]): Promise<LinkCheck[]> {
  if (urls.length === 0) return [];
  const { rows } = await sql<LinkCheck>`
    select url, outcome, leads_to as "leadsTo", said, checked_at as "checkedAt" from link_checks
    where hash = any(${urls.map((url) => sha256(url))}::text[])`.execute(db);
  return rows;
}

/** Forgets what nobody has looked at since. */
export async function forgetLinks(db: Database, before: Date): Promise<void> {
  await sql`delete from link_checks where checked_at < ${before}`.execute(db);
}
