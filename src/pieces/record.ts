import { sha256 } from '../lib/hash.ts';
import { urlKey } from '../lib/url.ts';
import type { Database } from '../platform/database/index.ts';
import type { PieceReport, PoolChange } from './piece.ts';
import { upsertPieces } from './store.ts';

/**
 * Takes what a source reports into the pool: one piece for each canonical URL. A piece that another source brought first
 * stays as that source has it. `now` stands in where a piece says no date.
 */
export async function recordPieces(
  db: Database,
  sourceId: number,
  reports: PieceReport[],
  now: Date,
): Promise<PoolChange> {
  const byKey = new Map<string, PieceReport>();
  for (const report of reports) {
    const key = urlKey(report.url);
    if (!byKey.has(key)) byKey.set(key, report);
  }
  const rows = [...byKey].map(([key, report]) => ({
    ...report,
    urlKey: key,
    guid: report.guid ?? null,
    image: report.image ?? null,
    publishedAt: report.publishedAt ?? now,
    updatedAt: report.updatedAt ?? null,
    contentHash: contentHash(report),
  }));
  return { found: rows.length, ...(await upsertPieces(db, sourceId, rows, now)) };
}

/** What readers would see of it: a change of anything else is no change. */
function contentHash({ url, title, deck, kind, region, authors, image }: PieceReport): string {
  return sha256(url, title, deck, kind, region, JSON.stringify([authors, image ?? null]));
}
