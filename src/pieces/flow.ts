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
  /** Pieces in all. */
  known: number;
}

const WEEKS = 8;

export async function sourceFlows(db: Database, now: Date): Promise<SourceFlow[]> {
  const weekAgo = new Date(now.getTime() - 7 * DAY_MS);
  const longAgo = new Date(weekAgo.getTime() - WEEKS * 7 * DAY_MS);
  const { rows } = await sql<SourceFlow>`
    select s.source_id as "sourceId", max(published_at) as "newestAt", count(*)::int as known,
      count(*) filter (where published_at > ${weekAgo})::int as week,
      count(*) filter (where published_at between ${longAgo} and ${weekAgo}) /
        greatest(1, least(${WEEKS}, extract(epoch from ${weekAgo} - min(published_at)) / 604800))::float8 as "usualWeek"
    from pieces p join piece_sources s on s.piece_id = p.id where published_at <= ${now} group by s.source_id`.execute(
    db,
  );
  return rows;
}
