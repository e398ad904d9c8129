import type { FastifyRequest } from 'fastify';
import { type PieceSearch, searchPieces } from '../../pieces/index.ts';
import type { Database } from '../../platform/database/index.ts';
import { listSources } from '../../sources/index.ts';
import { queryText, rowNumber } from './forms.ts';

/** Pieces by words and by source, a page at a time, as the address asks for them: `q`, `source`, `after`. `more`: what else they must be. */
export async function searchPage(
  db: Database,
  request: FastifyRequest,
  limit: number,
  more: { which?: PieceSearch['which']; newsletterId?: number } = {},
) {
  const words = queryText(request, 'q');
  const sourceId = rowNumber(queryText(request, 'source'));
  const after = /^(\d{1,14})-(\d{1,15})$/.exec(queryText(request, 'after'));
  const found = await searchPieces(db, {
    limit: limit + 1,
    words,
    ...(sourceId > 0 ? { sourceId } : {}),
    ...(after === null ? {} : { before: { publishedAt: new Date(Number(after[1])), id: Number(after[2]) } }),
    ...more,
  });
  const pieces = found.slice(0, limit);
  const last = found.length > limit ? pieces.at(-1) : undefined;
  const sources = await listSources(db);
  const next = new URLSearchParams({
    q: words,
    source: sourceId > 0 ? String(sourceId) : '',
    which: more.which ?? '',
    after: last === undefined ? '' : `${last.publishedAt.getTime()}-${last.id}`,
  });
  return {
    pieces,
    query: words,
    isFiltered: words !== '' || sourceId > 0 || more.which !== undefined,
    isFirst: after === null,
    sources: sources.map(({ id, name }) => ({ id, name, isThis: id === sourceId })),
    sourceNames: new Map(sources.map(({ id, name }) => [id, name])),
    next: last === undefined ? undefined : next.toString(),
  };
}
