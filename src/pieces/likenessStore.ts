import { type Database, sql } from '../platform/database/index.ts';

/** Two pieces that look like one story; `pieceId` is the one that was there first. */
export interface AlikePair {
  pieceId: number;
  otherId: number;
  score: number;
  reason: string;
}

export interface ListedPair extends AlikePair {
  title: string;
  otherTitle: string;
  source: string;
  otherSource: string;
}

export async function proposeLikeness(db: Database, pairs: AlikePair[], now: Date): Promise<void> {
  if (pairs.length === 0) return;
  await sql`insert into piece_likeness (piece_id, other_id, score, reason, found_at)
    select r."pieceId", r."otherId", r.score, r.reason, ${now}
    from jsonb_to_recordset(${JSON.stringify(pairs)}::jsonb) as r("pieceId" bigint, "otherId" bigint, score real, reason text)
    on conflict do nothing`.execute(db);
}

/** Pairs that nobody has decided on, among these pieces or, without any, of the whole pool, the newest first. */
export async function undecidedPairs(db: Database, ids: number[] | undefined, limit = 500): Promise<ListedPair[]> {
  const { rows } = await sql<ListedPair>`
    select l.piece_id as "pieceId", l.other_id as "otherId", l.score, l.reason, a.title, b.title as "otherTitle",
      s.name as source, t.name as "otherSource"
    from piece_likeness l join pieces a on a.id = l.piece_id join pieces b on b.id = l.other_id
      join sources s on s.id = a.source_id join sources t on t.id = b.source_id
    where l.verdict is null and a.same_as is null and b.same_as is null
      and (${ids === undefined} or (l.piece_id = any(${ids ?? []}::bigint[]) or l.other_id = any(${ids ?? []}::bigint[])))
    order by l.found_at desc, l.piece_id desc, l.other_id limit ${limit}`.execute(db);
  return rows;
}

/**
 * A person's word on two pieces. The same: the one that was there first stands for both. Different: they are not proposed
 * again, and what had been taken together is two again.
 */
export async function decideLikeness(
  db: Database,
  pair: { pieceId: number; otherId: number },
  verdict: 'same' | 'different',
  by: { name: string; at: Date },
): Promise<void> {
  const [pieceId, otherId] = [Math.min(pair.pieceId, pair.otherId), Math.max(pair.pieceId, pair.otherId)];
  await sql`insert into piece_likeness (piece_id, other_id, score, reason, verdict, decided_by, decided_at, found_at)
    values (${pieceId}, ${otherId}, 1, 'somebody said so', ${verdict}, ${by.name}, ${by.at}, ${by.at})
    on conflict (piece_id, other_id) do update set verdict = ${verdict}, decided_by = ${by.name}, decided_at = ${by.at}`.execute(
    db,
  );
  if (verdict === 'same')
    await sql`
      with stands as (select coalesce(same_as, id) as id from pieces where id = ${pieceId}),
        falls as (select coalesce(same_as, id) as id from pieces where id = ${otherId})
      update pieces p set same_as = stands.id from stands, falls
      where p.id <> stands.id and coalesce(p.same_as, p.id) = falls.id`.execute(db);
  else await sql`update pieces set same_as = null where id = ${otherId} and same_as = ${pieceId}`.execute(db);
}
