import type { FastifyInstance } from 'fastify';
import type { App } from '../../../app.ts';
import { findNewsletter, readContent } from '../../../editions/index.ts';
import { marksFor, searchPieces, undecidedPairs } from '../../../pieces/index.ts';
import { listSources } from '../../../sources/index.ts';
import { queryText, rowNumber } from '../forms.ts';
import type { EditionParams, EditionParts } from './parts.ts';

// Pieces that an edition could run: by words, by source, held ones alone.

const AUTHOR = { access: { who: 'author' } } as const;
const PIECES = 40;
const WHICH = [
  { key: '', name: 'all of them' },
  { key: 'hold', name: 'held' },
  { key: 'pin', name: 'pinned' },
  { key: 'never', name: 'never to run' },
  { key: 'unused', name: 'that have not run' },
] as const;

export function poolRoutes(server: FastifyInstance, app: App, { show, visible }: EditionParts): void {
  const { db } = app.database;

  server.get<EditionParams>('/editions/:id/pool', { config: AUTHOR }, async (request, reply) => {
    const edition = await visible(request);
    const words = queryText(request, 'q');
    const sourceId = rowNumber(queryText(request, 'source'));
    const which = WHICH.find(({ key }) => key === queryText(request, 'which')) ?? WHICH[0];
    const after = /^(\d{1,14})-(\d{1,15})$/.exec(queryText(request, 'after'));
    const found = await searchPieces(db, {
      limit: PIECES + 1,
      words,
      ...(sourceId > 0 ? { sourceId } : {}),
      ...(which.key === '' ? {} : { which: which.key, newsletterId: edition.newsletterId }),
      ...(after === null ? {} : { before: { publishedAt: new Date(Number(after[1])), id: Number(after[2]) } }),
    });
    const pieces = found.slice(0, PIECES);
    const last = found.length > PIECES ? pieces.at(-1) : undefined;
    const content = await readContent(db, edition);
    const newsletter = await findNewsletter(db, edition.newsletterId);
    const isIn = new Set(content.sections.flatMap((section) => section.pieces.map(({ pieceId }) => pieceId)));
    const marks = new Map(
      (await marksFor(db, edition.newsletterId, edition.number)).map((mark) => [mark.pieceId, mark]),
    );
    const alike = await undecidedPairs(
      db,
      pieces.map(({ id }) => id),
    );
    const sources = await listSources(db);
    const names = new Map(sources.map(({ id, name }) => [id, name]));
    const next = new URLSearchParams({
      q: words,
      source: sourceId > 0 ? String(sourceId) : '',
      which: which.key,
      after: last === undefined ? '' : `${last.publishedAt.getTime()}-${last.id}`,
    });
    return show(request, reply, 'pool', {
      title: 'Add a piece',
      edition,
      query: words,
      isFiltered: words !== '' || sourceId > 0 || which.key !== '',
      which: WHICH.map((one) => ({ ...one, isThis: one === which })),
      sources: sources.map(({ id, name }) => ({ id, name, isThis: id === sourceId })),
      sections: (newsletter?.sections ?? content.sections).map(({ key, title }) => ({ key, name: title || key })),
      next: last === undefined ? undefined : next.toString(),
      pieces: pieces.map((piece) => ({
        ...piece,
        source: names.get(piece.sourceId),
        isIn: isIn.has(piece.id),
        mark: marks.get(piece.id)?.mark,
        isAlike: alike.some(({ pieceId, otherId }) => pieceId === piece.id || otherId === piece.id),
      })),
    });
  });
}
