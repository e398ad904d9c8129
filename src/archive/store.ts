import { type Database, sql } from '../platform/database/index.ts';

export interface Archived {
  editionId: number;
  newsletterId: number;
  number: number;
  sentAt: Date;
  subject: string;
  preheader: string;
}

export interface ArchivedWhole extends Archived {
  html: string;
  text: string;
  photo: string | null;
}

const LISTED = sql`edition_id as "editionId", newsletter_id as "newsletterId", number, sent_at as "sentAt", subject, preheader`;

export async function insertArchived(db: Database, archived: ArchivedWhole): Promise<void> {
  const { editionId, newsletterId, number, sentAt, subject, preheader, html, text, photo } = archived;
  await sql`insert into archive (edition_id, newsletter_id, number, sent_at, subject, preheader, html, text, photo)
    values (${editionId}, ${newsletterId}, ${number}, ${sentAt}, ${subject}, ${preheader}, ${html}, ${text}, ${photo})
    on conflict do nothing`.execute(db);
}

/** Editions after one that were sent whole, to all readers, and are not in the archive yet. */
export async function notArchived(db: Database, after: number, limit: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from editions e where id > ${after} and state = 'sent' and not exists (select from archive a where a.edition_id = e.id)
      and not exists (select from edition_revisions r where r.edition_id = e.id and r.revision = e.revision
        and r.content ->> 'audience' is not null)
    order by id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

export async function findArchived(
  db: Database,
  newsletterId: number,
  number: number,
): Promise<ArchivedWhole | undefined> {
  const { rows } = await sql<ArchivedWhole>`
    select ${LISTED}, html, text, photo from archive
    where newsletter_id = ${newsletterId} and number = ${number}`.execute(db);
  return rows[0];
}

export interface ArchiveQuery {
  newsletterIds: number[];
  limit: number;
  /** A year of the Gregorian calendar, in UTC. */
  year?: number | undefined;
  /** Words, each of which it has, as beginnings of words. */
  words?: string | undefined;
}

/** The newest first. */
export async function listArchived(
  db: Database,
  { newsletterIds, limit, year, words }: ArchiveQuery,
): Promise<Archived[]> {
  const query = (words ?? '').match(/[\p{L}\p{N}]+/gu)?.slice(0, 20);
  const conditions = [
    sql`newsletter_id = any(${newsletterIds}::bigint[])`,
    year === undefined ? undefined : sql`extract(year from sent_at at time zone 'UTC') = ${year}`,
    query === undefined
      ? undefined
      : sql`search @@ to_tsquery('simple', ${query.map((word) => `${word}:*`).join(' & ')})`,
  ].filter((condition) => condition !== undefined);
  const { rows } = await sql<Archived>`
    select ${LISTED} from archive where ${sql.join(conditions, sql` and `)}
    order by sent_at desc, edition_id desc limit ${limit}`.execute(db);
  return rows;
}

/** The years in which a newsletter has editions, the latest first. */
export async function archiveYears(db: Database, newsletterId: number): Promise<{ year: number; count: number }[]> {
  const { rows } = await sql<{ year: number; count: number }>`
    select extract(year from sent_at at time zone 'UTC')::int as year, count(*)::int as count from archive
    where newsletter_id = ${newsletterId} group by 1 order by 1 desc`.execute(db);
  return rows;
}
