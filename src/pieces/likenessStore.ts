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
 * Somebody's word on two pieces. The same: the one that was there first stands for both, and for all that are the same as
 * either. Different: they are not proposed again, and what had been taken together by that word alone is two again.
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
  await regroup(db, [pieceId, otherId]);
}

export async function verdictOn(
  db: Database,
  { pieceId, otherId }: { pieceId: number; otherId: number },
): Promise<'same' | 'different' | undefined> {
  const { rows } = await sql<{ verdict: 'same' | 'different' | null }>`
    select verdict from piece_likeness where piece_id = ${pieceId} and other_id = ${otherId}`.execute(db);
  return rows[0]?.verdict ?? undefined;
}

/** Who stands for whom, anew from all that was said: the first of those that are tied together. */
async function regroup(db: Database, ids: number[]): Promise<void> {
  const { rows: members } = await sql<{ id: number }>`
    select id from pieces where coalesce(same_as, id) in (select coalesce(same_as, id) from pieces where id = any(${ids}::bigint[]))`.execute(
    db,
  );
  const group = members.map(({ id }) => id);
  const { rows: ties } = await sql<{ a: number; b: number }>`
    select piece_id as a, other_id as b from piece_likeness
    where verdict = 'same' and piece_id = any(${group}::bigint[]) and other_id = any(${group}::bigint[])`.execute(db);
  const stands = new Map(group.map((id) => [id, id]));
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const { a, b } of ties) {
      const first = Math.min(stands.get(a) as number, stands.get(b) as number);
      if (stands.get(a) === first && stands.get(b) === first) continue;
      stands.set(a, first).set(b, first);
      isChanged = true;
    }
  }
  const rows = [...stands].map(([id, first]) => ({ id, first: first === id ? null : first }));
  await sql`update pieces p set same_as = r.first
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id bigint, first bigint) where p.id = r.id`.execute(
    db,
  );
}
