import type { FastifyInstance } from 'fastify';
import type { App } from '../../../app.ts';
import { findNewsletter, readContent, sectionName, piecesOf, piecesRunBefore } from '../../../editions/index.ts';
import { marksFor, undecidedPairs, findPieces, type ListedPair } from '../../../pieces/index.ts';
import { queryText } from '../forms.ts';
import { searchPage } from '../pieceSearch.ts';
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
    const which = WHICH.find(({ key }) => key === queryText(request, 'which')) ?? WHICH[0];
    const more = which.key === '' ? {} : { which: which.key, newsletterId: edition.newsletterId };
    const { pieces, sourceNames, ...page } = await searchPage(db, request, PIECES, more);
    const content = await readContent(db, edition);
    const newsletter = await findNewsletter(db, edition.newsletterId);
    const isIn = new Set(piecesOf(content).map(({ pieceId }) => pieceId));
    const storiesIn = new Set((await findPieces(db, [...isIn])).map(storyOf));
    const marks = new Map(
      (await marksFor(db, edition.newsletterId, edition.number)).map((mark) => [mark.pieceId, mark]),
    );
    const ids = pieces.map(({ id }) => id);
    const alike = await undecidedPairs(db, ids);
    const ranIn = await piecesRunBefore(db, edition.newsletterId, ids, edition.id);
    return show(request, reply, 'pool', {
      title: 'Add a piece',
      edition,
      ...page,
      which: WHICH.map((one) => ({ ...one, isThis: one === which })),
      sections: (newsletter?.sections ?? content.sections).map((section) => ({
        key: section.key,
        name: sectionName(section),
      })),
      pieces: pieces.map((piece) => ({
        ...piece,
        source: sourceNames.get(piece.sourceId),
        isIn: isIn.has(piece.id),
        mark: marks.get(piece.id)?.mark,
        isStoryIn: !isIn.has(piece.id) && storiesIn.has(storyOf(piece)),
        ranIn: ranIn.get(piece.id),
        isEmbargoed: piece.embargoUntil !== null && piece.embargoUntil > app.clock.now(),
        twins: alike.flatMap((pair) => twinOf(pair, piece.id)).map((twin) => ({ ...twin, isIn: isIn.has(twin.id) })),
      })),
    });
  });
}

/** Pieces that somebody said are one story go by the one that stands for them. */
function storyOf({ id, sameAs }: { id: number; sameAs: number | null }): number {
  return sameAs ?? id;
}

function twinOf({ pieceId, otherId, title, otherTitle }: ListedPair, id: number): { id: number; title: string }[] {
  if (pieceId === id) return [{ id: otherId, title: otherTitle }];
  return otherId === id ? [{ id: pieceId, title }] : [];
}
