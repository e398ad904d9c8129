import { z } from 'zod';
import {
  addPieceByUrl,
  addSource,
  changeSource,
  collectById,
  decidePair,
  embargoPiece,
  getPiece,
  getSource,
  markPiece,
  sourceHealth,
} from '../../newsroom/index.ts';
import { editionsWith } from '../../editions/index.ts';
import { listHistory, marksOn, searchPieces, undecidedPairs } from '../../pieces/index.ts';
import { httpUrl } from '../../lib/url.ts';
import { discoverSources } from '../../sources/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { mayNewsletter } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleNewsletter } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import {
  Mark,
  Piece,
  PieceChange,
  Source,
  editionState,
  givenTime,
  id,
  line,
  page,
  paging,
  sourceKind,
} from './schemas.ts';

const sourceParams = z.object({ sourceId: id });
const pieceParams = z.object({ pieceId: id });
const webAddress = z
  .string()
  .trim()
  .max(2_000)
  .refine((text) => httpUrl(text) !== undefined, {
    message: 'is not a web address: it begins with http:// or https://',
  });

export function sourceOperations({ app, db, newsroom }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, keys: app.config.keys };
  const shown = async (sourceId: number) => {
    const { source, ...health } =
      (await sourceHealth(db, app.clock.now())).find((one) => one.source.id === sourceId) ?? {};
    return { ...(source ?? (await getSource(db, sourceId))), health: healthOf(health) };
  };
  const tag = 'Sources';
  return [
    operation({
      id: 'listSources',
      method: 'GET',
      path: '/sources',
      tag,
      summary: 'The sources, and how they are',
      role: 'viewer',
      scope: 'sources:read',
      query: z.strictObject(paging),
      answer: page(Source),
      handle: async ({ query }) => {
        const [after = 0] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const all = (await sourceHealth(db, app.clock.now())).filter(({ source }) => source.id > after);
        const rows = all
          .slice(0, query.limit + 1)
          .map(({ source, ...health }) => ({ ...source, health: healthOf(health) }));
        return pageOf(rows, query.limit, (last) => [last.id]);
      },
    }),
    operation({
      id: 'addSource',
      method: 'POST',
      path: '/sources',
      wholeHouse: true,
      tag,
      summary: 'Add a source',
      role: 'editor',
      scope: 'sources:write',
      body: z.strictObject({
        name: line(200).min(1),
        url: webAddress,
        kind: sourceKind.exclude(['page']).default('feed'),
        completes: z.boolean().default(true).describe('May article pages be read for what it leaves out?'),
        isLocal: z.boolean().default(false).describe('May it be on a private network? For administrators'),
        key: z.string().min(1).max(500).optional().describe('A Ghost Content API key; kept encrypted, shown nowhere'),
      }),
      status: 201,
      answer: Source,
      handle: async ({ body, by, identity, reply }) => {
        if (body.isLocal) requireAdministrator(identity.account.role);
        const source = await addSource(parts, body, by);
        reply.header('location', `/api/v1/sources/${source.id}`);
        return shown(source.id);
      },
    }),
    operation({
      id: 'getSource',
      method: 'GET',
      path: '/sources/:sourceId',
      tag,
      summary: 'A source',
      role: 'viewer',
      scope: 'sources:read',
      params: sourceParams,
      answer: Source,
      etag: 'given',
      handle: ({ params }) => shown(params.sourceId),
    }),
    operation({
      id: 'changeSource',
      method: 'PATCH',
      path: '/sources/:sourceId',
      wholeHouse: true,
      tag,
      summary: 'Change what is given; pause it or take it up again',
      role: 'editor',
      scope: 'sources:write',
      params: sourceParams,
      body: z.strictObject({
        name: line(200).min(1).optional(),
        url: webAddress.optional(),
        completes: z.boolean().optional(),
        isLocal: z.boolean().optional(),
        paused: z.boolean().optional(),
        key: z.string().min(1).max(500).optional(),
      }),
      answer: Source,
      handle: async ({ params, body, by, identity }) => {
        const { isLocal } = await getSource(db, params.sourceId);
        const reachesInside = body.isLocal ?? isLocal;
        if (reachesInside && (body.isLocal !== undefined || body.url !== undefined))
          requireAdministrator(identity.account.role);
        await changeSource(parts, params.sourceId, body, by);
        return shown(params.sourceId);
      },
    }),
    operation({
      id: 'collectSource',
      method: 'POST',
      path: '/sources/:sourceId/collections',
      tag,
      summary: 'Read a source now',
      description: 'Answers when it was read; its row says how it went.',
      role: 'author',
      scope: 'sources:write',
      params: sourceParams,
      answer: Source,
      status: 201,
      handle: async ({ params }) => {
        await getSource(db, params.sourceId);
        await collectById({ ...(await newsroom()), ...parts }, params.sourceId);
        return shown(params.sourceId);
      },
    }),
    operation({
      id: 'discoverSources',
      method: 'POST',
      path: '/source-discoveries',
      tag,
      summary: 'What a site offers',
      description: 'Looks for feeds, an API and a news sitemap, each with a sample. Nothing is kept.',
      role: 'author',
      scope: 'sources:read',
      body: z.strictObject({ url: webAddress }),
      answer: z.object({
        proposals: z.array(
          z.object({
            kind: sourceKind,
            url: z.string(),
            title: z.string(),
            pieces: z.array(z.object({ title: z.string(), url: z.string() })),
          }),
        ),
        problems: z.array(z.string()),
      }),
      handle: async ({ body }) => {
        const { proposals, problems } = await discoverSources(body.url, { isLocal: false, key: undefined });
        return { proposals: proposals.map((one) => ({ ...one, pieces: one.pieces.slice(0, 5) })), problems };
      },
    }),
  ];
}

export function pieceOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, log: app.log };
  const tag = 'Pieces';
  return [
    operation({
      id: 'listPieces',
      method: 'GET',
      path: '/pieces',
      tag,
      summary: 'The pool, the newest first',
      role: 'viewer',
      scope: 'pieces:read',
      query: z.strictObject({
        ...paging,
        words: line(200).optional().describe('In headlines, decks and bylines, as beginnings of words'),
        sourceId: id.optional(),
      }),
      answer: page(Piece),
      handle: async ({ query }) => {
        const [at, last] = readCursor(z.tuple([z.iso.datetime(), id]), query.cursor) ?? [];
        const before = at === undefined || last === undefined ? undefined : { publishedAt: new Date(at), id: last };
        const rows = await searchPieces(db, { ...query, limit: query.limit + 1, before });
        return pageOf(rows, query.limit, (piece) => [piece.publishedAt.toISOString(), piece.id]);
      },
    }),
    operation({
      id: 'addPiece',
      method: 'POST',
      path: '/pieces',
      tag,
      summary: 'Take one piece into the pool by its address',
      role: 'author',
      scope: 'pieces:write',
      body: z.strictObject({ url: webAddress }),
      status: 201,
      answer: Piece,
      handle: async ({ body, reply }) => {
        const { piece } = await addPieceByUrl(parts, body.url, false);
        reply.header('location', `/api/v1/pieces/${piece.id}`);
        return piece;
      },
    }),
    operation({
      id: 'getPiece',
      method: 'GET',
      path: '/pieces/:pieceId',
      tag,
      summary: 'A piece, with its history, its marks and the editions that ran it',
      role: 'viewer',
      scope: 'pieces:read',
      params: pieceParams,
      answer: Piece.extend({
        history: z.array(PieceChange),
        marks: z.array(Mark),
        editions: z.array(
          z.object({
            editionId: z.int(),
            newsletterId: z.int(),
            number: z.int(),
            section: z.string(),
            state: editionState,
          }),
        ),
      }).meta({ id: 'PieceWithHistory' }),
      etag: 'given',
      handle: async ({ params, identity }) => ({
        ...(await getPiece(db, params.pieceId)),
        history: await listHistory(db, params.pieceId),
        marks: (await marksOn(db, params.pieceId)).filter((one) => mayNewsletter(identity, one.newsletterId)),
        editions: (await editionsWith(db, params.pieceId)).filter((one) => mayNewsletter(identity, one.newsletterId)),
      }),
    }),
    operation({
      id: 'markPiece',
      method: 'PUT',
      path: '/pieces/:pieceId/marks/:newsletterId',
      tag,
      summary: 'Hold, pin or never run a piece in a newsletter',
      role: 'author',
      scope: 'pieces:write',
      params: pieceParams.extend({ newsletterId: id }),
      body: z.strictObject({ mark: z.enum(['hold', 'never', 'pin']), section: line(40).optional() }),
      status: 204,
      handle: async ({ params, body, by, identity }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        await markPiece(parts, newsletter, params.pieceId, { ...body, by });
      },
    }),
    operation({
      id: 'clearMark',
      method: 'DELETE',
      path: '/pieces/:pieceId/marks/:newsletterId',
      tag,
      summary: 'Take a mark back',
      role: 'author',
      scope: 'pieces:write',
      params: pieceParams.extend({ newsletterId: id }),
      status: 204,
      handle: async ({ params, by, identity }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        await markPiece(parts, newsletter, params.pieceId, { mark: 'free', by });
      },
    }),
    operation({
      id: 'setEmbargo',
      method: 'PUT',
      path: '/pieces/:pieceId/embargo',
      wholeHouse: true,
      tag,
      summary: 'Run it in no edition before a time; null ends that',
      role: 'editor',
      scope: 'pieces:write',
      params: pieceParams,
      body: z.strictObject({ until: givenTime.nullable() }),
      answer: Piece,
      handle: async ({ params, body, by }) => {
        await embargoPiece(parts, params.pieceId, body.until, by);
        return getPiece(db, params.pieceId);
      },
    }),
    operation({
      id: 'listLikenesses',
      method: 'GET',
      path: '/likenesses',
      tag,
      summary: 'Pieces that look like one story, and that nobody has decided on',
      role: 'viewer',
      scope: 'pieces:read',
      query: z.strictObject({ limit: paging.limit }),
      answer: z.object({
        items: z.array(
          z.object({
            pieceId: z.int(),
            otherId: z.int(),
            title: z.string(),
            otherTitle: z.string(),
            source: z.string(),
            otherSource: z.string(),
            score: z.number(),
            reason: z.string(),
          }),
        ),
      }),
      handle: async ({ query }) => ({ items: await undecidedPairs(db, undefined, query.limit) }),
    }),
    operation({
      id: 'decideLikeness',
      method: 'PUT',
      path: '/likenesses/:pieceId/:otherId',
      wholeHouse: true,
      tag,
      summary: 'Say whether two pieces are one story',
      role: 'author',
      scope: 'pieces:write',
      params: pieceParams.extend({ otherId: id }),
      body: z.strictObject({ verdict: z.enum(['same', 'different']) }),
      status: 204,
      handle: async ({ params, body, by }) => {
        await decidePair(parts, params, body.verdict, by);
      },
    }),
  ];
}

function healthOf({
  state,
  words,
  week,
  usualWeek,
  newestAt,
}: Partial<Awaited<ReturnType<typeof sourceHealth>>[number]>) {
  return {
    state: state ?? 'new',
    words: words ?? 'pieces that people have added',
    week: week ?? 0,
    usualWeek: usualWeek ?? null,
    newestAt: newestAt ?? null,
  };
}

/** What reaches into the operator's own network is the operator's to allow. */
function requireAdministrator(role: string): void {
  if (role !== 'administrator')
    throw new RoundupError('forbidden', 'Only administrators may say what is read on a private network.');
}
