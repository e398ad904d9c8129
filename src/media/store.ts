import { type Database, sql } from '../platform/database/index.ts';
import type { MadeImage } from './image.ts';

/** A picture that we keep, by the hash of its bytes. */
export interface Media extends MadeImage {
  hash: string;
}

/** Which address, cut to which size, gave which picture; or why it gave none. */
export interface MediaSource {
  urlKey: string;
  size: string;
  hash: string | null;
  type: string | null;
  problem: string | null;
  triedAt: Date;
}

export async function insertMedia(db: Database, { hash, type, width, height, bytes }: Media, now: Date): Promise<void> {
  await sql`insert into media (hash, type, width, height, bytes, made_at)
    values (${hash}, ${type}, ${width}, ${height}, ${bytes}, ${now}) on conflict do nothing`.execute(db);
}

export async function findMedia(db: Database, hash: string): Promise<Media | undefined> {
  const { rows } = await sql<Media>`select hash, type, width, height, bytes from media where hash = ${hash}`.execute(
    db,
  );
  return rows[0];
}

export async function recordMediaSource(
  db: Database,
  source: Pick<MediaSource, 'urlKey' | 'size' | 'hash' | 'problem'>,
  now: Date,
): Promise<void> {
  await sql`insert into media_sources (url_key, size, hash, problem, tried_at)
    values (${source.urlKey}, ${source.size}, ${source.hash}, ${source.problem}, ${now})
    on conflict (url_key, size) do update set hash = coalesce(excluded.hash, media_sources.hash),
      problem = excluded.problem, tried_at = excluded.tried_at`.execute(db);
}

export async function mediaSources(db: Database, urlKeys: string[]): Promise<MediaSource[]> {
  const { rows } = await sql<MediaSource>`
    select s.url_key as "urlKey", s.size, s.hash, m.type, s.problem, s.tried_at as "triedAt"
    from media_sources s left join media m on m.hash = s.hash where s.url_key = any(${urlKeys}::text[])`.execute(db);
  return rows;
}
