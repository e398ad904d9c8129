import { urlKey } from '../lib/url.ts';
import { type Database, sql } from '../platform/database/index.ts';
import type { FoundPiece } from '../sources/index.ts';
import { isSameCorrection } from './changes.ts';
import { decideLikeness, verdictOn } from './likenessStore.ts';
import type { Lack, Piece, PieceChange } from './piece.ts';
import { COLUMNS, insertAddresses, insertHistory, lockPool, piecesAt } from './store.ts';

// What the article's page says, where the source left it out; and what became of the page since.

export interface Incomplete {
  id: number;
  url: string;
  lacks: Lack[];
  isLocal: boolean;
}

const MOST_TRIES = 3;

/** Pieces published since then whose sources leave something out and whose pages have not been read, the newest first. */
export async function incompletePieces(
  db: Database,
  since: Date,
  limit: number,
  sourceId?: number,
): Promise<Incomplete[]> {
  const { rows } = await sql<Incomplete>`
    select p.id, p.url, p.lacks, s.is_local as "isLocal" from pieces p join sources s on s.id = p.source_id
    where p.completed_at is null and p.lacks <> '{}' and p.published_at > ${since} and s.completes and s.paused_at is null
      and p.completion_tries < ${MOST_TRIES} and p.gone_at is null
      and (${sourceId ?? null}::bigint is null or p.source_id = ${sourceId ?? null})
    order by p.published_at desc, p.id limit ${limit}`.execute(db);
  return rows;
}

/** Those of these pieces whose pages nobody has looked at since then. */
export async function pagesToCheck(
  db: Database,
  ids: number[],
  since: Date,
): Promise<{ id: number; url: string; isLocal: boolean }[]> {
  const { rows } = await sql<{ id: number; url: string; isLocal: boolean }>`
    select p.id, p.url, s.is_local as "isLocal" from pieces p join sources s on s.id = p.source_id
    where p.id = any(${ids}::bigint[]) and (p.page_checked_at is null or p.page_checked_at < ${since}) and s.completes
    order by p.id`.execute(db);
  return rows;
}

/** Fills in what the source left out, and only that. A page that belongs to another piece of the pool makes them one story. */
export async function completePiece(db: Database, id: number, page: FoundPiece, now: Date): Promise<void> {
  await db.transaction().execute((tx) => complete(tx, id, page, now));
}

async function complete(db: Database, id: number, page: FoundPiece, now: Date): Promise<void> {
  await lockPool(db);
  const { rows } = await sql<Piece & { lacks: Lack[] }>`
    select ${COLUMNS}, p.lacks from pieces p where p.id = ${id} for update`.execute(db);
  const [piece] = rows;
  if (piece === undefined) return;
  const { deck, authors, image, kind, region, tags, language } = completed(piece, page);
  await sql`update pieces set completed_at = ${now}, deck = ${deck}, authors = ${authors}::text[],
      image = nullif(${JSON.stringify(image)}::jsonb, 'null'::jsonb), kind = ${kind}, region = ${region},
      tags = ${tags}::text[], language = ${language},
      reading_minutes = case when reading_minutes = 0 then ${page.readingMinutes} else reading_minutes end
    where id = ${id}`.execute(db);
  await takeCanonical(db, piece, page.url, now);
  await recordPage(db, id, page, now);
}

function completed(piece: Piece & { lacks: Lack[] }, page: FoundPiece) {
  const isBetterDeck = piece.lacks.includes('deck') && page.deckIsGiven;
  return {
    deck: isBetterDeck ? page.deck : piece.deck || page.deck,
    authors: piece.authors.length > 0 ? piece.authors : page.authors,
    image: completedImage(piece.image, page),
    kind: piece.kind || page.kind,
    region: piece.region || page.region,
    tags: piece.tags.length > 0 ? piece.tags : page.tags,
    language: piece.language || page.language,
  };
}

function completedImage(image: Piece['image'], page: FoundPiece): Piece['image'] {
  if (image === null || page.image === undefined) return image ?? page.image ?? null;
  return { url: image.url, alt: image.alt || page.image.alt, credit: image.credit || page.image.credit };
}

async function takeCanonical(db: Database, piece: Piece, canonical: string, now: Date): Promise<void> {
  const key = urlKey(canonical);
  const [other] = await piecesAt(db, [key]);
  if (other === undefined) return insertAddresses(db, [{ urlKey: key, url: canonical, pieceId: piece.id }], now);
  const pair = { pieceId: Math.min(piece.id, other.id), otherId: Math.max(piece.id, other.id) };
  if (other.id === piece.id || (await verdictOn(db, pair)) !== undefined) return;
  await decideLikeness(db, pair, 'same', { name: 'the page', at: now });
  const change = { change: 'syndicated', before: piece.url, after: other.url } as const;
  await insertHistory(db, [{ pieceId: piece.id, ...change }], now);
}

export async function recordCompletionFailure(db: Database, id: number): Promise<void> {
  await sql`update pieces set completion_tries = completion_tries + 1 where id = ${id}`.execute(db);
}

/** What a look at a piece's page says now. True where readers would see a change. */
export async function recordPage(db: Database, id: number, page: PageNow, now: Date): Promise<boolean> {
  if (db.isTransaction) return keepPage(db, id, page, now);
  return db.transaction().execute((tx) => keepPage(tx, id, page, now));
}

type PageNow = 'gone' | Pick<FoundPiece, 'correction' | 'isRetracted' | 'title'>;

async function keepPage(db: Database, id: number, page: PageNow, now: Date): Promise<boolean> {
  await lockPool(db);
  const { rows } = await sql<Piece>`select ${COLUMNS} from pieces p where p.id = ${id} for update`.execute(db);
  const [piece] = rows;
  if (piece === undefined) return false;
  const changes = page === 'gone' ? goneChanges(piece) : pageChanges(piece, page);
  const isKept = page === 'gone' || isSameCorrection(piece.correction, page.correction);
  const correction = isKept ? piece.correction : page.correction;
  await sql`update pieces set page_checked_at = ${now}, correction = ${correction},
      gone_at = ${page === 'gone' ? (piece.goneAt ?? now) : null}::timestamptz,
      retracted_at = ${page !== 'gone' && page.isRetracted ? (piece.retractedAt ?? now) : piece.retractedAt}::timestamptz,
      version = version + ${changes.length > 0 ? 1 : 0}
    where id = ${id}`.execute(db);
  await insertHistory(
    db,
    changes.map((change) => ({ ...change, pieceId: id })),
    now,
  );
  return changes.length > 0;
}

function goneChanges({ goneAt, url }: Piece): PieceChange[] {
  return goneAt === null ? [{ change: 'gone', before: url, after: '' }] : [];
}

function pageChanges(piece: Piece, page: Pick<FoundPiece, 'correction' | 'isRetracted' | 'title'>): PieceChange[] {
  const changes: (PieceChange | false)[] = [
    piece.goneAt !== null && { change: 'back', before: '', after: piece.url },
    piece.retractedAt === null && page.isRetracted && { change: 'retracted', before: piece.title, after: page.title },
    !isSameCorrection(piece.correction, page.correction) && {
      change: 'corrected',
      before: piece.correction,
      after: page.correction,
    },
  ];
  return changes.filter((change) => change !== false);
}
