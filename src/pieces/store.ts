import { urlKey } from '../lib/url.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { MarkKind } from './marks.ts';
import type { Lack, Piece, PieceChange } from './piece.ts';

export const COLUMNS = sql`p.id, p.url, p.guid, p.source_id as "sourceId", p.title, p.deck, p.kind, p.region, p.authors, p.tags,
  p.image, p.reading_minutes as "readingMinutes", p.language, p.published_at as "publishedAt",
  p.first_seen_at as "firstSeenAt", p.version, p.embargo_until as "embargoUntil", p.gone_at as "goneAt",
  p.retracted_at as "retractedAt", p.correction, p.same_as as "sameAs",
  array(select s.source_id from piece_sources s where s.piece_id = p.id order by 1) as "sourceIds"`;

/** What a statement writes of a piece; `id` 0 where it is new. */
export interface PieceRow extends Omit<
  Piece,
  'id' | 'sourceId' | 'sourceIds' | 'firstSeenAt' | 'version' | 'embargoUntil' | 'goneAt' | 'retractedAt' | 'sameAs'
> {
  urlKey: string;
  updatedAt: Date | null;
  isRetracted: boolean;
  lacks: Lack[];
  signature: number[];
}

const RECORDSET = sql`r(id bigint, "urlKey" text, url text, guid text, title text, deck text, kind text, region text,
  authors jsonb, tags jsonb, image jsonb, "readingMinutes" int, language text, "publishedAt" timestamptz,
  "updatedAt" timestamptz, "isRetracted" boolean, lacks jsonb, signature jsonb, correction text,
  bumps boolean, "isBack" boolean, "sourceId" bigint)`;
const texts = (column: string) => sql`array(select jsonb_array_elements_text(r.${sql.raw(`"${column}"`)}))`;
const numbers = (column: string) =>
  sql`array(select value::int from jsonb_array_elements_text(r.${sql.raw(`"${column}"`)}))`;

/** Ids in the order of the rows. */
export async function insertPieces(db: Database, sourceId: number, rows: PieceRow[], now: Date): Promise<number[]> {
  if (rows.length === 0) return [];
  const { rows: done } = await sql<{ id: number; urlKey: string }>`
    insert into pieces (url_key, url, guid, source_id, title, deck, kind, region, authors, tags, image, reading_minutes,
      language, published_at, updated_at, first_seen_at, changed_at, lacks, signature, correction,
      retracted_at)
    select r."urlKey", r.url, r.guid, ${sourceId}, r.title, r.deck, r.kind, r.region, ${texts('authors')}, ${texts('tags')},
      nullif(r.image, 'null'::jsonb), r."readingMinutes", r.language, r."publishedAt", r."updatedAt", ${now}, ${now},
      ${texts('lacks')}, ${numbers('signature')}, r.correction,
      case when r."isRetracted" then ${now}::timestamptz end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as ${RECORDSET}
    returning id, url_key as "urlKey"`.execute(db);
  const ids = new Map(done.map((row) => [row.urlKey, row.id]));
  return rows.map((row) => ids.get(row.urlKey) as number);
}

export interface PieceUpdate extends PieceRow {
  id: number;
  /** The source whose word counts from now on. */
  sourceId: number;
  /** Readers would see it. */
  bumps: boolean;
  /** Its page is there again. */
  isBack: boolean;
}

export async function updatePieces(db: Database, rows: PieceUpdate[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    update pieces p set url_key = r."urlKey", url = r.url, guid = r.guid, title = r.title, deck = r.deck, kind = r.kind,
      region = r.region, authors = ${texts('authors')}, tags = ${texts('tags')}, image = nullif(r.image, 'null'::jsonb),
      reading_minutes = r."readingMinutes", language = r.language, updated_at = r."updatedAt", correction = r.correction,
      retracted_at = case when r."isRetracted" then coalesce(p.retracted_at, ${now}) else p.retracted_at end,
      gone_at = case when r."isBack" then null else p.gone_at end, version = p.version + r.bumps::int,
      changed_at = case when r.bumps then ${now} else p.changed_at end, signature = ${numbers('signature')},
      source_id = r."sourceId"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as ${RECORDSET} where p.id = r.id`.execute(db);
}

export interface KnownPiece extends Piece {
  /** The address or id by which it was found. */
  foundBy: string;
  isCompleted: boolean;
  /** A person added it; the first source that brings it takes it over. */
  isByHand: boolean;
  signature: number[];
}

const KNOWN = sql`${COLUMNS}, p.completed_at is not null as "isCompleted", p.signature,
  exists (select from sources s where s.id = p.source_id and s.kind = 'page') as "isByHand"`;

export async function piecesAt(db: Database, urlKeys: string[]): Promise<KnownPiece[]> {
  const { rows } = await sql<KnownPiece>`
    select ${KNOWN}, a.url_key as "foundBy" from piece_addresses a join pieces p on p.id = a.piece_id
    where a.url_key = any(${urlKeys}::text[])`.execute(db);
  return rows;
}

export async function piecesByGuid(db: Database, sourceId: number, guids: string[]): Promise<KnownPiece[]> {
  const { rows } = await sql<KnownPiece>`
    select ${KNOWN}, g.guid as "foundBy" from piece_guids g join pieces p on p.id = g.piece_id
    where g.source_id = ${sourceId} and g.guid = any(${guids}::text[])`.execute(db);
  return rows;
}

export interface AlikePiece extends KnownPiece {
  shared: number[];
}

/** Those that share a key with one of ours and were published in the same weeks, those that share most first. */
export async function piecesLike(db: Database, keys: number[], from: Date, until: Date): Promise<AlikePiece[]> {
  if (keys.length === 0) return [];
  const { rows } = await sql<AlikePiece>`
    select ${KNOWN}, '' as "foundBy", k.shared
    from (select piece_id, array_agg(key) as shared from piece_keys
      where key = any(${keys}::int[]) and published_at between ${from} and ${until}
      group by piece_id order by count(*) desc, piece_id limit 1000) k
    join pieces p on p.id = k.piece_id where p.same_as is null order by p.id`.execute(db);
  return rows;
}

export async function insertKeys(
  db: Database,
  keys: { key: number; pieceId: number; publishedAt: Date }[],
): Promise<void> {
  if (keys.length === 0) return;
  await sql`insert into piece_keys (key, piece_id, published_at)
    select r.key, r."pieceId", r."publishedAt"
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as r(key int, "pieceId" bigint, "publishedAt" timestamptz)
    on conflict do nothing`.execute(db);
}

/** A source has brought these pieces. */
export async function insertSources(db: Database, sourceId: number, pieceIds: number[]): Promise<void> {
  await sql`insert into piece_sources (source_id, piece_id, published_at)
    select ${sourceId}, id, published_at from pieces where id = any(${pieceIds}::bigint[])
    on conflict do nothing`.execute(db);
}

export interface Address {
  urlKey: string;
  url: string;
  pieceId: number;
}

/** An address that leads to another piece by now is that one's. */
export async function insertAddresses(db: Database, addresses: Address[], now: Date): Promise<void> {
  if (addresses.length === 0) return;
  await sql`insert into piece_addresses (url_key, piece_id, url, since)
    select r."urlKey", r."pieceId", r.url, ${now}
    from jsonb_to_recordset(${JSON.stringify(addresses)}::jsonb) as r("urlKey" text, "pieceId" bigint, url text)
    on conflict (url_key) do update set piece_id = excluded.piece_id, url = excluded.url, since = excluded.since
      where piece_addresses.piece_id <> excluded.piece_id`.execute(db);
}

export async function insertGuids(
  db: Database,
  sourceId: number,
  guids: { guid: string; pieceId: number }[],
): Promise<void> {
  await sql`insert into piece_guids (source_id, guid, piece_id)
    select ${sourceId}, r.guid, r."pieceId"
    from jsonb_to_recordset(${JSON.stringify(guids)}::jsonb) as r(guid text, "pieceId" bigint)
    on conflict do nothing`.execute(db);
}

export async function insertHistory(
  db: Database,
  entries: (PieceChange & { pieceId: number })[],
  now: Date,
): Promise<void> {
  if (entries.length === 0) return;
  await sql`insert into piece_history (piece_id, version, at, change, before, after)
    select p.id, p.version, ${now}, r.change, r.before, r.after
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as r("pieceId" bigint, change text, before text, after text)
    join pieces p on p.id = r."pieceId"`.execute(db);
}

export interface PieceQuery {
  /** Empty: all sources. */
  sourceIds: number[];
  publishedAfter: Date;
  publishedUntil: Date;
  /** Pieces published since then count as well, if they were first seen after `publishedAfter`. */
  lateSince: Date;
  /** Pieces that count whenever they were published. */
  alsoIds?: number[];
}

/** A piece counts as published when its embargo ends. Each part of it by an index of its own. */
export async function listPieces(db: Database, query: PieceQuery): Promise<Piece[]> {
  const { sourceIds, publishedAfter, publishedUntil, lateSince, alsoIds = [] } = query;
  const { rows } = await sql<Piece>`
    with windowed as (
      select id from pieces where published_at > ${publishedAfter} and published_at <= ${publishedUntil}
      union
      select id from pieces where first_seen_at > ${publishedAfter} and published_at > ${lateSince} and published_at <= ${publishedUntil}
      union
      select id from pieces where embargo_until > ${publishedAfter} and published_at <= ${publishedUntil}
    )
    select ${COLUMNS} from pieces p
    where p.id = any(array(select unnest(${alsoIds}::bigint[]) union select id from windowed))
      and (p.id = any(${alsoIds}::bigint[]) or ${sourceIds.length === 0} or exists (
        select from piece_sources s where s.piece_id = p.id and s.source_id = any(${sourceIds}::bigint[])))
    order by p.published_at desc, p.id`.execute(db);
  return rows;
}

export async function countPieces(db: Database): Promise<number> {
  return (await sql<{ count: number }>`select count(*)::int as count from pieces`.execute(db)).rows[0]?.count ?? 0;
}

export async function findPiece(db: Database, id: number): Promise<Piece | undefined> {
  return (await sql<Piece>`select ${COLUMNS} from pieces p where p.id = ${id}`.execute(db)).rows[0];
}

export async function findPieceByUrl(db: Database, url: string): Promise<Piece | undefined> {
  return (await piecesAt(db, [urlKey(url)]))[0];
}

export async function findPieces(db: Database, ids: number[]): Promise<Piece[]> {
  return (await sql<Piece>`select ${COLUMNS} from pieces p where p.id = any(${ids}::bigint[])`.execute(db)).rows;
}

export interface PieceSearch {
  limit: number;
  /** The piece that the page before ended with: the newest come first. */
  before?: { publishedAt: Date; id: number } | undefined;
  /** Looked for in headlines, decks, kinds, regions and bylines, as beginnings of words; all of them. */
  words?: string | undefined;
  sourceId?: number | undefined;
  /** Of a newsletter: those that an editor has marked so, or that none of its editions has run. */
  which?: MarkKind | 'unused' | undefined;
  newsletterId?: number | undefined;
}

export async function searchPieces(db: Database, search: PieceSearch): Promise<Piece[]> {
  const { limit, before, words, sourceId, which, newsletterId = null } = search;
  const query = words === undefined || words.trim() === '' ? undefined : beginningsOf(words);
  const few = query === undefined ? undefined : await fewWith(db, query);
  const conditions = [
    sql`true`,
    before && sql`(p.published_at, p.id) < (${before.publishedAt}, ${before.id})`,
    few && sql`p.id = any(${few}::bigint[])`,
    query !== undefined && few === undefined ? sql`p.search @@ to_tsquery('simple', ${query})` : undefined,
    sourceId === undefined
      ? undefined
      : sql`exists (select from piece_sources s where s.piece_id = p.id and s.source_id = ${sourceId})`,
    which === 'unused'
      ? sql`not exists (select from edition_pieces e where e.piece_id = p.id and e.newsletter_id = ${newsletterId}::bigint)`
      : which &&
        sql`p.id = any(array(select piece_id from piece_marks where newsletter_id = ${newsletterId}::bigint and mark = ${which}))`,
  ].filter((condition) => condition !== undefined);
  const { rows } = await sql<Piece>`select ${COLUMNS} from pieces p where ${sql.join(conditions, sql` and `)}
    order by p.published_at desc, p.id desc limit ${limit}`.execute(db);
  return rows;
}

/** Pieces that have a word that begins so, for each; of signs alone, none. */
function beginningsOf(words: string): string {
  return (words.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `${word}:*`).join(' & ');
}

/** Up to so many are found by the words and put into the order of time; of more, one in that order is soon met. */
const FEW = 2_000;

async function fewWith(db: Database, query: string): Promise<number[] | undefined> {
  const { rows } = await sql<{ id: number }>`
    select id from pieces where search @@ to_tsquery('simple', ${query}) limit ${FEW + 1}`.execute(db);
  return rows.length > FEW ? undefined : rows.map(({ id }) => id);
}

export interface HistoryEntry extends PieceChange {
  version: number;
  at: Date;
}

export async function listHistory(db: Database, pieceId: number): Promise<HistoryEntry[]> {
  const { rows } = await sql<HistoryEntry>`
    select version, at, change, before, after from piece_history where piece_id = ${pieceId} order by id`.execute(db);
  return rows;
}

/** What changed of each piece since a version of it. */
export async function changesSince(
  db: Database,
  since: { pieceId: number; version: number }[],
): Promise<(HistoryEntry & { pieceId: number })[]> {
  const { rows } = await sql<HistoryEntry & { pieceId: number }>`
    select h.piece_id as "pieceId", h.version, h.at, h.change, h.before, h.after
    from jsonb_to_recordset(${JSON.stringify(since)}::jsonb) as r("pieceId" bigint, version int)
    join piece_history h on h.piece_id = r."pieceId" and h.version > r.version order by h.id`.execute(db);
  return rows;
}

/** Two collectors that bring the same piece take turns. */
export async function lockPool(db: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('roundup pool'))`.execute(db);
}
