import { DAY_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

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

/** Looks at the last weeks of the pool, and further back only for sources that have been silent for so long. */
export async function sourceFlows(db: Database, now: Date): Promise<SourceFlow[]> {
  const weekAgo = new Date(now.getTime() - 7 * DAY_MS);
  const longAgo = new Date(weekAgo.getTime() - WEEKS * 7 * DAY_MS);
  const { rows } = await sql<SourceFlow>`
    with windowed as materialized (
      select id, published_at from pieces where published_at > ${longAgo} and published_at <= ${now}
    ), recent as (
      select s.source_id, max(p.published_at) as newest, min(p.published_at) as oldest,
        count(*) filter (where p.published_at > ${weekAgo}) as week, count(*) filter (where p.published_at <= ${weekAgo}) as before
      from windowed p join piece_sources s on s.piece_id = p.id
      -- Pieces of the same weeks have ids close to each other: the rest of the pool is not looked at.
      where s.piece_id between (select min(id) from windowed) and (select max(id) from windowed) group by s.source_id
    ), flows as (
      select src.id, coalesce(r.week, 0) as week, coalesce(r.before, 0) as before,
        coalesce(r.newest, (
          select max(p.published_at) from piece_sources s join pieces p on p.id = s.piece_id
          where s.source_id = src.id and p.published_at <= ${now})) as newest,
        case when exists (
          select from piece_sources s join pieces p on p.id = s.piece_id
          where s.source_id = src.id and p.published_at <= ${longAgo}
        ) then ${longAgo}::timestamptz else r.oldest end as oldest,
        (select count(*) from (select from piece_sources s where s.source_id = src.id limit ${MOST_KNOWN}) k) as known
      from sources src left join recent r on r.source_id = src.id
    )
    select id as "sourceId", newest as "newestAt", known::int as known, week::int as week,
      before / greatest(1, least(${WEEKS}, extract(epoch from ${weekAgo} - oldest) / 604800))::float8 as "usualWeek"
    from flows where newest is not null`.execute(db);
  return rows;
}
