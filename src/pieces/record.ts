import { urlKey } from '../lib/url.ts';
import type { Database } from '../platform/database/index.ts';
import type { FoundPiece } from '../sources/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { changesBetween, merged } from './changes.ts';
import { compare, likeReason, likenessOf, wordsOf } from './likeness.ts';
import { type Piece, type PieceChange, type PoolChange, lacksOf } from './piece.ts';
import { proposeLikeness } from './likenessStore.ts';
import {
  type KnownPiece,
  type PieceRow,
  insertAddresses,
  insertGuids,
  insertHistory,
  insertPieces,
  lockPool,
  piecesAt,
  piecesByGuid,
  piecesLike,
  updatePieces,
} from './store.ts';

// Takes what a source reports into the pool. A piece is known by its address; else by the source's own id of it, else by its
// likeness to a piece of the same source: then it has moved. What looks like a piece of another source is proposed as the
// same story, and stays two until somebody says that it is.

/** As alike as this, a piece of the same source at another address is the same piece, moved. */
const MOVED_TEXT = 0.8;
const NEAR_MS = 14 * DAY_MS;

interface Reported {
  found: FoundPiece;
  key: string;
  known: KnownPiece | undefined;
  isMoved: boolean;
}

export interface Recorded extends PoolChange {
  /** Those of which readers would see a change. */
  changedIds: number[];
}

/** `now` stands in where a piece says no date. In a transaction of its own, or in the caller's. */
export async function recordPieces(db: Database, sourceId: number, found: FoundPiece[], now: Date): Promise<Recorded> {
  if (db.isTransaction) return record(db, sourceId, found, now);
  return db.transaction().execute((tx) => record(tx, sourceId, found, now));
}

async function record(db: Database, sourceId: number, found: FoundPiece[], now: Date): Promise<Recorded> {
  await lockPool(db);
  const reported = await recognise(db, sourceId, distinct(found), now);
  const fresh = reported.filter(({ known }) => known === undefined);
  const rows = fresh.map(({ found: piece, key }) => rowOf(piece, key, piece.publishedAt ?? now));
  const ids = await insertPieces(db, sourceId, rows, now);
  await insertAddresses(
    db,
    fresh.map(({ found: { url }, key }, at) => ({ urlKey: key, url, pieceId: ids[at] as number })),
    now,
  );
  await insertGuids(db, sourceId, guidsOf(reported, sourceId, ids));
  await insertHistory(
    db,
    fresh.map(({ found: { title } }, at) => ({
      pieceId: ids[at] as number,
      change: 'first',
      before: '',
      after: title,
    })),
    now,
  );
  await proposeAlike(db, rows, ids, now);
  const changedIds = await change(db, reported, sourceId, now);
  return { found: reported.length, new: fresh.length, changed: changedIds.length, changedIds };
}

function distinct(found: FoundPiece[]): Map<string, FoundPiece> {
  const byKey = new Map<string, FoundPiece>();
  for (const piece of found) {
    const key = urlKey(piece.url);
    if (!byKey.has(key)) byKey.set(key, piece);
  }
  return byKey;
}

async function recognise(
  db: Database,
  sourceId: number,
  found: Map<string, FoundPiece>,
  now: Date,
): Promise<Reported[]> {
  const at = new Map((await piecesAt(db, [...found.keys()])).map((piece) => [piece.foundBy, piece]));
  const isReported = new Set([...at.values()].map(({ id }) => id));
  const others = [...found].filter(([key]) => !at.has(key));
  const guids = uniqueGuids([...found.values()]);
  const byGuid = new Map(
    (
      await piecesByGuid(
        db,
        sourceId,
        others.flatMap(([, { guid }]) => guid ?? []),
      )
    ).map((one) => [one.foundBy, one]),
  );
  const alike = await candidates(
    db,
    others.map(([, piece]) => piece),
    now,
  );
  const claimed = new Set<number>();
  return [...found].map(([key, piece]) => {
    const known = at.get(key);
    if (known !== undefined) return { found: piece, key, known, isMoved: false };
    const free = (one: KnownPiece | undefined) =>
      one !== undefined && !isReported.has(one.id) && !claimed.has(one.id) && one.sourceId === sourceId;
    const named = piece.guid !== undefined && guids.has(piece.guid) ? byGuid.get(piece.guid) : undefined;
    const moved =
      free(named) && isPlausible(named as KnownPiece, piece)
        ? named
        : alike.find((one) => free(one) && isSameMoved(one, piece));
    if (moved !== undefined) claimed.add(moved.id);
    return { found: piece, key, known: moved, isMoved: moved !== undefined };
  });
}

/** Some sources give every item the same id: that is none. */
function uniqueGuids(found: FoundPiece[]): Set<string> {
  const seen = new Map<string, number>();
  for (const { guid } of found) if (guid !== undefined) seen.set(guid, (seen.get(guid) ?? 0) + 1);
  return new Set([...seen].filter(([, count]) => count === 1).map(([guid]) => guid));
}

/** The same id says that it is the same piece, unless nothing else does. */
function isPlausible(known: KnownPiece, found: FoundPiece): boolean {
  if (found.publishedAt?.getTime() === known.publishedAt.getTime()) return true;
  const signature = signatureOf(found);
  const { title, text } = compare(known, { title: found.title, signature });
  return known.signature.length > 0 && signature.length > 0 ? text >= 0.2 : title >= 0.4;
}

function isSameMoved(known: KnownPiece, found: FoundPiece): boolean {
  const { text } = compare(known, { title: found.title, signature: signatureOf(found) });
  return text >= MOVED_TEXT && wordsOf(known.title).join(' ') === wordsOf(found.title).join(' ');
}

const signatureOf = (found: FoundPiece) => likenessOf(found.title, textOf(found)).signature;

/** Where a source gives no text, its deck is all there is to compare. */
function textOf({ body, deck }: FoundPiece): string {
  return body.length > deck.length ? body : deck;
}

async function candidates(db: Database, found: FoundPiece[], now: Date): Promise<KnownPiece[]> {
  if (found.length === 0) return [];
  const keys = new Set(found.flatMap((piece) => likenessOf(piece.title, textOf(piece)).keys));
  const times = found.map(({ publishedAt }) => (publishedAt ?? now).getTime());
  const [from, until] = [Math.min(...times) - NEAR_MS, Math.max(...times) + NEAR_MS];
  return piecesLike(db, [...keys], new Date(from), new Date(until));
}

function rowOf(found: FoundPiece, key: string, publishedAt: Date): PieceRow {
  const { signature, keys } = likenessOf(found.title, textOf(found));
  return {
    urlKey: key,
    url: found.url,
    guid: found.guid ?? null,
    title: found.title,
    deck: found.deck,
    kind: found.kind,
    region: found.region,
    authors: found.authors,
    tags: found.tags,
    image: found.image ?? null,
    readingMinutes: found.readingMinutes,
    language: found.language,
    publishedAt,
    updatedAt: found.updatedAt ?? null,
    correction: found.correction,
    isRetracted: found.isRetracted,
    lacks: lacksOf(found),
    signature,
    likenessKeys: keys,
  };
}

function guidsOf(reported: Reported[], sourceId: number, freshIds: number[]): { guid: string; pieceId: number }[] {
  const unique = uniqueGuids(reported.map(({ found }) => found));
  let at = 0;
  return reported.flatMap(({ found: { guid }, known }) => {
    const pieceId = known === undefined ? (freshIds[at++] as number) : known.id;
    const isOwn = known === undefined || known.sourceId === sourceId;
    return guid !== undefined && isOwn && unique.has(guid) ? [{ guid, pieceId }] : [];
  });
}

/** New pieces are held against the pool, and against each other. */
async function proposeAlike(db: Database, rows: PieceRow[], ids: number[], now: Date): Promise<void> {
  if (rows.length === 0) return;
  const times = rows.map(({ publishedAt }) => publishedAt.getTime());
  const keys = new Set(rows.flatMap(({ likenessKeys }) => likenessKeys));
  const from = new Date(Math.min(...times) - NEAR_MS);
  const pool = await piecesLike(db, [...keys], from, new Date(Math.max(...times) + NEAR_MS));
  const pairs = rows.flatMap((row, at) =>
    pool.flatMap((other) => {
      const id = ids[at] as number;
      const isNewer = other.id > id && ids.includes(other.id);
      if (other.id === id || isNewer || Math.abs(other.publishedAt.getTime() - row.publishedAt.getTime()) > NEAR_MS)
        return [];
      const like = likeReason(row, other);
      return like === undefined ? [] : [{ pieceId: Math.min(id, other.id), otherId: Math.max(id, other.id), ...like }];
    }),
  );
  await proposeLikeness(db, pairs, now);
}

/** Another source's word does not change a piece; its own source's does. Returns whose change readers would see. */
async function change(db: Database, reported: Reported[], sourceId: number, now: Date): Promise<number[]> {
  const updates: (PieceRow & { id: number; bumps: boolean })[] = [];
  const history: (PieceChange & { pieceId: number })[] = [];
  const addresses: { urlKey: string; url: string; pieceId: number }[] = [];
  for (const { found, key, known, isMoved } of reported) {
    if (known === undefined || known.sourceId !== sourceId) continue;
    // Under an old address of its own it is where it was: the newest address stays.
    const url = isMoved || urlKey(known.url) === key ? found.url : known.url;
    const said = { ...merged(known, found, known.isCompleted), url };
    const changes = changesBetween(known, { ...said, isRetracted: found.isRetracted });
    const isBack = known.goneAt !== null;
    const isSame = changes.length === 0 && !isBack && said.image?.url === known.image?.url && isSameRest(known, said);
    if (isSame) continue;
    const row = rowOf(found, urlKey(url), known.publishedAt);
    updates.push({ ...row, ...said, id: known.id, guid: known.guid, bumps: changes.length > 0 || isBack });
    if (isBack) history.push({ pieceId: known.id, change: 'back', before: '', after: url });
    history.push(...changes.map((one) => ({ ...one, pieceId: known.id })));
    if (isMoved) addresses.push({ urlKey: key, url: found.url, pieceId: known.id });
  }
  await updatePieces(db, updates, now);
  await insertAddresses(db, addresses, now);
  await insertHistory(db, history, now);
  return updates.filter(({ bumps }) => bumps).map(({ id }) => id);
}

function isSameRest(known: Piece, said: Pick<Piece, 'tags' | 'readingMinutes' | 'language' | 'image'>): boolean {
  return (
    known.tags.join('\n') === said.tags.join('\n') &&
    known.readingMinutes === said.readingMinutes &&
    known.language === said.language &&
    known.image?.alt === said.image?.alt
  );
}
