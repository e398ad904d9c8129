import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isAtLeast } from '../../../accounts/index.ts';
import { editionsWith, instantOf, localTimeOf, sectionName } from '../../../editions/index.ts';
import {
  addPieceByUrl,
  changeInWords,
  decidePair,
  embargoPiece,
  getPiece,
  markPiece,
} from '../../../newsroom/index.ts';
import { findPieces, listHistory, marksOn, undecidedPairs } from '../../../pieces/index.ts';
import { findSource } from '../../../sources/index.ts';
import { httpUrl } from '../../../lib/url.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { type Identity, identityOf } from '../../access.ts';
import { type DeskParts, type FormPage, formRoute, rowNumber } from '../forms.ts';
import { visibleNewsletter, visibleNewsletters } from '../../visible.ts';
import { searchPage } from '../pieceSearch.ts';

// The pool: every piece that is remembered, what became of it, and what editors say of it.

const VIEWER = { access: { who: 'viewer' } } as const;
const PAGE = 40;
const PAIRS = 20;
const MARKS = z.enum(['hold', 'never', 'pin', 'free']);
const MARK_TEXTS = {
  hold: 'It is held for the next edition.',
  never: 'It will never run.',
  pin: 'It will run for sure.',
  free: 'It is like any other again.',
};

type WithId = { id: string };

export function pieceRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock, log: app.log };

  const list: FormPage = async (request, reply, extra) => {
    const { pieces, sourceNames, isFirst, ...page } = await searchPage(db, request, PAGE);
    const isFiltered = page.isFiltered || !isFirst;
    return show(request, reply, 'pieces', {
      title: 'Pool',
      ...page,
      isFiltered,
      pieces: pieces.map((piece) => ({ ...piece, source: sourceNames.get(piece.sourceId) ?? 'added by hand' })),
      pairs: isFiltered ? [] : await undecidedPairs(db, undefined, PAIRS),
      ...rights(identityOf(request)),
      ...extra,
    });
  };

  const detail: FormPage = async (request, reply, extra) => {
    const identity = identityOf(request);
    const piece = await getPiece(db, rowNumber((request.params as WithId).id));
    const newsletters = await visibleNewsletters(db, identity);
    const marks = new Map((await marksOn(db, piece.id)).map((mark) => [mark.newsletterId, mark]));
    const names = new Map(newsletters.map(({ id, name }) => [id, name]));
    const pairs = await undecidedPairs(db, [piece.id]);
    const [same] = piece.sameAs === null ? [] : await findPieces(db, [piece.sameAs]);
    return show(request, reply, 'piece', {
      title: piece.title,
      piece,
      same,
      source: (await findSource(db, piece.sourceId))?.name,
      authorText: piece.authors.join(', '),
      embargo: piece.embargoUntil === null ? '' : localTimeOf(piece.embargoUntil, 'UTC'),
      history: (await listHistory(db, piece.id)).toReversed().map((one) => ({ ...one, text: changeInWords(one) })),
      newsletters: newsletters.map(({ id, name, sections }) => ({
        id,
        name,
        mark: marks.get(id),
        sections: sections.map((section) => ({ key: section.key, name: sectionName(section) })),
      })),
      editions: (await editionsWith(db, piece.id))
        .filter(({ newsletterId }) => names.has(newsletterId))
        .map((one) => ({ ...one, newsletter: names.get(one.newsletterId) })),
      pairs,
      ...rights(identity),
      ...extra,
    });
  };

  server.get('/pieces', { config: VIEWER }, (request, reply) => list(request, reply, {}));
  server.get('/pieces/:id', { config: VIEWER }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/pieces',
      access: { who: 'author' },
      page: list,
      act: async ({ body }) => {
        const url = httpUrl(body.url?.trim());
        if (url === undefined) throw new RoundupError('input-invalid', 'This is not the address of an article.');
        const { piece } = await addPieceByUrl(parts, url, false);
        return { told: 'It is in the pool.', to: `/pieces/${piece.id}` };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/pieces/:id/mark',
      access: { who: 'author' },
      page: detail,
      act: async ({ params, body, identity, by }) => {
        const newsletter = await visibleNewsletter(db, identity, rowNumber(body.newsletter));
        const id = rowNumber(params.id);
        const mark = MARKS.parse(body.mark);
        const section = mark === 'pin' && body.section ? { section: body.section } : {};
        await markPiece(parts, newsletter, id, { mark, ...section, by });
        return { told: `${newsletter.name}: ${MARK_TEXTS[mark]}`, to: `/pieces/${id}` };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/pieces/:id/embargo',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ params, body, by }) => {
        const id = rowNumber(params.id);
        const given = (body.until ?? '').trim();
        const until = given === '' ? null : instantOf(given, 'UTC');
        if (until === undefined)
          throw new RoundupError('input-invalid', 'Say until when, as a day and a time that there is.');
        await embargoPiece(parts, id, until, by);
        return {
          told: until === null ? 'It is under no embargo.' : 'No edition runs it before that.',
          to: `/pieces/${id}`,
        };
      },
    },
  );

  formRoute<WithId & { other: string }>(
    server,
    { app, door },
    {
      path: '/pieces/:id/likeness/:other',
      access: { who: 'author', wholeHouse: true },
      page: detail,
      act: async ({ params, body, by }) => {
        const pair = { pieceId: rowNumber(params.id), otherId: rowNumber(params.other) };
        const verdict = z.enum(['same', 'different']).parse(body.verdict);
        await decidePair(parts, pair, verdict, by);
        const told = verdict === 'same' ? 'They are one story: an edition runs it once.' : 'They are two stories.';
        return { told, to: body.back === 'pool' ? '/pieces' : `/pieces/${pair.pieceId}` };
      },
    },
  );
}

function rights({ account, newsletterIds }: Identity) {
  const isWhole = newsletterIds === null;
  return {
    mayMark: isAtLeast(account.role, 'author'),
    mayDecide: isAtLeast(account.role, 'author') && isWhole,
    mayEmbargo: isAtLeast(account.role, 'editor') && isWhole,
  };
}
