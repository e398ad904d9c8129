import { type Database, sql } from '../platform/database/index.ts';
import type { Piece, PieceImage } from './piece.ts';

const COLUMNS = sql`id, url, guid, source_id as "sourceId", title, deck, kind, region, authors, tags, image,
  reading_minutes as "readingMinutes", language, published_at as "publishedAt", first_seen_at as "firstSeenAt"`;

export interface PieceRow {
  urlKey: string;
  url: string;
  guid: string | null;
  title: string;
  deck: string;
  kind: string;
  region: string;
  authors: string[];
  tags: string[];
  image: PieceImage | null;
  readingMinutes: number;
  language: string;
  publishedAt: Date;
  updatedAt: Date | null;
  contentHash: string;
}

/** One statement for all of a source's pieces; `new` and `changed` are counted from what it did. */
export async function upsertPieces(
  db: Database,
  sourceId: number,
  rows: PieceRow[],
  now: Date,
): Promise<{ new: number; changed: number }> {
  const { rows: done } = await sql<{ new: boolean }>`
    insert into pieces (url_key, url, guid, source_id, title, deck, kind, region, authors, tags, image, reading_minutes,
      language, published_at, updated_at, first_seen_at, changed_at, content_hash)
    select r."urlKey", r.url, r.guid, ${sourceId}, r.title, r.deck, r.kind, r.region,
      array(select jsonb_array_elements_text(r.authors)), array(select jsonb_array_elements_text(r.tags)),
      nullif(r.image, 'null'::jsonb), r."readingMinutes", r.language, r."publishedAt", r."updatedAt", ${now}, ${now},
      r."contentHash"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r("urlKey" text, url text, guid text, title text, deck text,
      kind text, region text, authors jsonb, tags jsonb, image jsonb, "readingMinutes" int, language text,
      "publishedAt" timestamptz, "updatedAt" timestamptz, "contentHash" text)
    on conflict (url_key) do update set url = excluded.url, guid = excluded.guid, title = excluded.title,
      deck = excluded.deck, kind = excluded.kind, region = excluded.region, authors = excluded.authors,
      tags = excluded.tags, image = excluded.image, reading_minutes = excluded.reading_minutes,
      language = excluded.language, updated_at = excluded.updated_at, changed_at = excluded.changed_at,
      content_hash = excluded.content_hash
    where pieces.source_id = excluded.source_id and pieces.content_hash <> excluded.content_hash
    returning (xmax = 0) as new`.execute(db);
  const fresh = done.filter((row) => row.new).length;
  return { new: fresh, changed: done.length - fresh };
}

export interface PieceQuery {
  /** Empty: all sources. */
  sourceIds: number[];
  publishedAfter: Date;
  publishedUntil: Date;
  /** Pieces published since then count as well, if they were first seen after `publishedAfter`. */
  lateSince: Date;
}

export async function listPieces(db: Database, query: PieceQuery): Promise<Piece[]> {
  const { sourceIds, publishedAfter, publishedUntil, lateSince } = query;
  const { rows } = await sql<Piece>`
    select ${COLUMNS} from pieces
    where published_at <= ${publishedUntil}
      and (published_at > ${publishedAfter} or (published_at > ${lateSince} and first_seen_at > ${publishedAfter}))
      and (${sourceIds.length === 0} or source_id = any(${sourceIds}::bigint[]))
    order by published_at desc, id`.execute(db);
  return rows;
}

export async function countPieces(db: Database): Promise<number> {
  return (await sql<{ count: number }>`select count(*)::int as count from pieces`.execute(db)).rows[0]?.count ?? 0;
}
