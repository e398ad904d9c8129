import { DAY_MS } from '../lib/time.ts';
import { type Database, type RawBuilder, sql } from '../platform/database/index.ts';

/** How much comes from a source. */
export interface SourceFlow {
  sourceId: number;
  newestAt: Date | null;
  /** Pieces published in the last seven days. */
  week: number;
  /** Pieces of a week, over the eight weeks before, or as many of them as it has been known for. */
  usualWeek: number;
  /** Pieces in all, counted up to a hundred. */
  known: number;
}

const WEEKS = 8;
/** Whether there are a few is all that one wants to know. */
const MOST_KNOWN = 100;

/** All of it from one index, in the order of a source's pieces: how large the rest of the pool is does not matter. */
export async function sourceFlows(db: Database, now: Date): Promise<SourceFlow[]> {
  const weekAgo = new Date(now.getTime() - 7 * DAY_MS);
  const longAgo = new Date(weekAgo.getTime() - WEEKS * 7 * DAY_MS);
  const { rows } = await sql<SourceFlow>`
    with flows as (
      select src.id,
        (select count(*) ${piecesAt(sql`> ${weekAgo} and s.published_at <= ${now}`)}) as week,
        (select count(*) ${piecesAt(sql`> ${longAgo} and s.published_at <= ${weekAgo}`)}) as before,
        (select max(s.published_at) ${piecesAt(sql`<= ${now}`)}) as newest,
        (select min(s.published_at) ${piecesAt(sql`<= ${now}`)}) as oldest,
        (select count(*) from (select ${piecesAt(sql`<= ${now}`)} limit ${MOST_KNOWN}) k) as known
      from sources src
    )
    select id as "sourceId", newest as "newestAt", known::int as known, week::int as week,
      before / greatest(1, least(${WEEKS}, extract(epoch from ${weekAgo} - oldest) / 604800))::float8 as "usualWeek"
    from flows where newest is not null`.execute(db);
  return rows;
}

function piecesAt(condition: RawBuilder<unknown>) {
  return sql`from piece_sources s where s.source_id = src.id and s.published_at ${condition}`;
}
