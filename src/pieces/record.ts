import { urlKey } from '../lib/url.ts';
import type { Database } from '../platform/database/index.ts';
import type { FoundPiece } from '../sources/index.ts';
import { DAY_MS } from '../lib/time.ts';
import { changesBetween, merged } from './changes.ts';
import { type Compared, type Likeness, compare, likeReason, likenessOf, wordsOf } from './likeness.ts';
import { type Piece, type PieceChange, type PoolChange, lacksOf } from './piece.ts';
import { proposeLikeness } from './likenessStore.ts';
import {
  type AlikePiece,
  type KnownPiece,
  type PieceRow,
  type PieceUpdate,
  insertAddresses,
  insertGuids,
  insertHistory,
  insertKeys,
  insertPieces,
  insertSources,
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
/** Less than this, and the same id, or a former address, has been given to another piece. */
const PLAUSIBLE_TEXT = 0.2;
const PLAUSIBLE_TITLE = 0.4;
const NEAR_MS = 14 * DAY_MS;

interface Reported {
  found: FoundPiece;
  key: string;
  like: Likeness;
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
  // Before the lock: it is what takes time.
  const likes = new Map(found.map((piece) => [piece, likenessOf(piece.title, textOf(piece))]));
  await lockPool(db);
  const reported = await recognise(db, sourceId, likes, now);
  const fresh = reported.filter(({ known }) => known === undefined);
  const rows = fresh.map((one) => rowOf(one, one.key, one.found.publishedAt ?? now));
  const ids = await insertPieces(db, sourceId, rows, now);
  const entries = fresh.map((one, at) => ({
    ...one,
    id: ids[at] as number,
    publishedAt: one.found.publishedAt ?? now,
  }));
  await insertAddresses(
    db,
    entries.map(({ found: { url }, key, id }) => ({ urlKey: key, url, pieceId: id })),
    now,
  );
  await insertGuids(db, sourceId, guidsOf(reported, sourceId, ids));
  await insertHistory(
    db,
    entries.map(({ found: { title }, id }) => ({ pieceId: id, change: 'first', before: '', after: title })),
    now,
  );
  await insertKeys(
    db,
    entries.flatMap(({ id, like, publishedAt }) => like.keys.map((key) => ({ key, pieceId: id, publishedAt }))),
  );
  await insertSources(db, sourceId, [...ids, ...reported.flatMap(({ known }) => known?.id ?? [])]);
  await proposeAlike(db, entries, now);
  const changedIds = await change(db, reported, sourceId, now);
  return { found: reported.length, new: fresh.length, changed: changedIds.length, changedIds };
}

/** One report an address, and one a piece. */
async function recognise(
  db: Database,
  sourceId: number,
  likes: Map<FoundPiece, Likeness>,
  now: Date,
): Promise<Reported[]> {
  const found = distinct([...likes.keys()]);
  const at = new Map((await piecesAt(db, [...found.keys()])).map((piece) => [piece.foundBy, piece]));
  const guids = uniqueGuids([...found.values()]);
  const byGuid = new Map(
    (
      await piecesByGuid(
        db,
        sourceId,
        [...found.values()].flatMap(({ guid }) => guid ?? []),
      )
    ).map((one) => [one.foundBy, one]),
  );
  const likeOf = (piece: FoundPiece) => likes.get(piece) as Likeness;
  // Those at their present address first: whoever is there has the say.
  const isHome = (key: string) => at.has(key) && urlKey((at.get(key) as KnownPiece).url) === key;
  const claimed = new Set([...found.keys()].filter(isHome).map((key) => (at.get(key) as KnownPiece).id));
  const others = [...found].filter(([key]) => !isHome(key)).map(([, piece]) => piece);
  const alike = await candidates(db, others, likeOf, now);
  return [...found].flatMap(([key, piece]): Reported[] => {
    const like = likeOf(piece);
    if (isHome(key)) return [{ found: piece, key, like, known: at.get(key), isMoved: false }];
    const named = piece.guid !== undefined && guids.has(piece.guid) ? byGuid.get(piece.guid) : undefined;
    const former = at.get(key);
    const own = [named, former].find((one) => one !== undefined && isPlausible(one, piece, like));
    // It is listed at its present address as well: this is only where it was.
    if (own !== undefined && claimed.has(own.id)) return [];
    const known =
      own ?? alike.find((one) => one.sourceId === sourceId && !claimed.has(one.id) && isSameMoved(one, like));
    if (known !== undefined) claimed.add(known.id);
    return [{ found: piece, key, like, known, isMoved: known !== undefined && known.sourceId === sourceId }];
  });
}

function distinct(found: FoundPiece[]): Map<string, FoundPiece> {
  const byKey = new Map<string, FoundPiece>();
  for (const piece of found) {
    const key = urlKey(piece.url);
    if (!byKey.has(key)) byKey.set(key, piece);
  }
  return byKey;
}

/** Some sources give every item the same id: that is none. */
function uniqueGuids(found: FoundPiece[]): Set<string> {
  const seen = new Map<string, number>();
  for (const { guid } of found) if (guid !== undefined) seen.set(guid, (seen.get(guid) ?? 0) + 1);
  return new Set([...seen].filter(([, count]) => count === 1).map(([guid]) => guid));
}

/** The same id, or a former address, says that it is the same piece, unless nothing else does. */
function isPlausible(known: KnownPiece, found: FoundPiece, like: Likeness): boolean {
  if (found.publishedAt?.getTime() === known.publishedAt.getTime()) return true;
  const { title, text } = compare(comparedOf(known), like);
  const hasTexts = known.signature.length > 0 && like.signature.length > 0;
  return hasTexts ? text >= PLAUSIBLE_TEXT : title >= PLAUSIBLE_TITLE;
}

function isSameMoved(known: KnownPiece, like: Likeness): boolean {
  const { text } = compare(comparedOf(known), like);
  return text >= MOVED_TEXT && wordsOf(known.title).join(' ') === like.words.join(' ');
}

function comparedOf({ title, signature }: KnownPiece): Compared {
  return { words: wordsOf(title), signature };
}

/** Where a source gives no text, its deck is all there is to compare. */
function textOf({ body, deck }: FoundPiece): string {
  return body.length > deck.length ? body : deck;
}

function candidates(
  db: Database,
  found: FoundPiece[],
  likeOf: (piece: FoundPiece) => Likeness,
  now: Date,
): Promise<AlikePiece[]> {
  const keys = new Set(found.flatMap((piece) => likeOf(piece).keys));
  return piecesLike(db, [...keys], ...around(found.map(({ publishedAt }) => publishedAt ?? now)));
}

function around(dates: Date[]): [from: Date, until: Date] {
  const times = dates.map((date) => date.getTime());
  return [new Date(Math.min(...times) - NEAR_MS), new Date(Math.max(...times) + NEAR_MS)];
}

function rowOf({ found, like }: Pick<Reported, 'found' | 'like'>, key: string, publishedAt: Date): PieceRow {
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
    signature: like.signature,
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

/** New pieces are held against those of the pool, and of their own kind, with which they share a key. */
async function proposeAlike(
  db: Database,
  fresh: (Reported & { id: number; publishedAt: Date })[],
  now: Date,
): Promise<void> {
  if (fresh.length === 0) return;
  const byKey = new Map<number, (typeof fresh)[number][]>();
  for (const one of fresh) for (const key of one.like.keys) byKey.set(key, [...(byKey.get(key) ?? []), one]);
  const pool = await piecesLike(db, [...byKey.keys()], ...around(fresh.map(({ publishedAt }) => publishedAt)));
  const isFresh = new Set(fresh.map(({ id }) => id));
  const pairs = pool.flatMap((other) => {
    const compared = comparedOf(other);
    const sharing = new Set(other.shared.flatMap((key) => byKey.get(key) ?? []));
    return [...sharing].flatMap(({ id, like, publishedAt }) => {
      // Of two new ones the pair is made once.
      if (id === other.id || (isFresh.has(other.id) && other.id > id)) return [];
      if (Math.abs(other.publishedAt.getTime() - publishedAt.getTime()) > NEAR_MS) return [];
      const reason = likeReason(like, compared);
      return reason === undefined
        ? []
        : [{ pieceId: Math.min(id, other.id), otherId: Math.max(id, other.id), ...reason }];
    });
  });
  await proposeLikeness(db, pairs, now);
}

/** Another source's word does not change a piece; its own source's does. Returns whose change readers would see. */
async function change(db: Database, reported: Reported[], sourceId: number, now: Date): Promise<number[]> {
  const updates: PieceUpdate[] = [];
  const history: (PieceChange & { pieceId: number })[] = [];
  for (const one of reported) {
    const { found, known, isMoved } = one;
    if (known === undefined || (known.sourceId !== sourceId && !known.isByHand)) continue;
    const said = merged(known, found, known.isCompleted);
    const changes = changesBetween(known, { ...said, isRetracted: found.isRetracted });
    // That a source still lists a piece does not mean that its page is there.
    const isBack = known.goneAt !== null && isMoved;
    const isTaken = known.sourceId !== sourceId;
    const isSame = changes.length === 0 && !isTaken && said.image?.url === known.image?.url && isSameRest(known, said);
    if (isSame) continue;
    const row = rowOf(one, urlKey(said.url), known.publishedAt);
    const bumps = changes.length > 0 || isBack;
    updates.push({ ...row, ...said, id: known.id, guid: known.guid, sourceId, bumps, isBack });
    if (isBack) history.push({ pieceId: known.id, change: 'back', before: '', after: said.url });
    history.push(...changes.map((entry) => ({ ...entry, pieceId: known.id })));
  }
  await updatePieces(db, updates, now);
  await insertAddresses(
    db,
    updates.map(({ urlKey: key, url, id }) => ({ urlKey: key, url, pieceId: id })),
    now,
  );
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
