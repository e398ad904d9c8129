import { isAtLeast } from '../../accounts/index.ts';
import { z } from 'zod';
import { type Crop, type EditionImage, blockSchema, piecesOf, readContent } from '../../editions/index.ts';
import {
  addToEdition,
  dropBlockFromEdition,
  dropFromEdition,
  editInEdition,
  fetchEditionImages,
  getEdition,
  holdFromEdition,
  keepDespiteChanges,
  moveInEdition,
  putBlockInEdition,
  recomposeEdition,
  restoreRevision,
  addressEdition,
  reviseEdition,
  takeChanges,
} from '../../newsroom/index.ts';
import { revisionIn } from '../etag.ts';
import { type AnyOperation, type Call, operation } from './operation.ts';
import { visibleEdition } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import { Crop as CropShape, Revised, id, line } from './schemas.ts';
import { definedOnly } from '../../lib/objects.ts';

// What changes an edition's content. Each wants the revision that the caller has seen.

const tag = 'Editions';
const editionParams = z.object({ editionId: id });
const place = { section: line(40).min(1), position: z.int().min(1).max(500).optional() };
const texts = z
  .strictObject({
    title: line(500).min(1).optional(),
    deck: line(2_000).optional(),
    kind: line(100).optional(),
    region: line(100).optional(),
    authors: z.array(line(200).min(1)).max(20).optional(),
    alt: line(1_000).optional().describe("The image's alternative text"),
    credit: line(500).optional(),
    crop: CropShape.nullable().optional().describe('null: the program chooses'),
  })
  .refine((given) => Object.keys(given).length > 0, { message: 'says nothing' });
const blockId = z.string().regex(/^[a-z0-9]{1,40}$/);
const after = z.int().min(0).max(500).describe("How many of the section's pieces come before it");
const blockBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('note'), after, text: z.string().trim().min(1).max(20_000).describe('Markdown') }),
  z.strictObject({ kind: z.literal('button'), after, label: line(100).min(1), url: line(2_000).min(1) }),
  z.strictObject({ kind: z.literal('divider'), after }),
]);
const written = z
  .strictObject({
    subject: line(300).min(1).optional(),
    preheader: line(300).optional(),
    note: z.string().max(20_000).optional(),
  })
  .refine((given) => Object.keys(given).length > 0, { message: 'says nothing' });

export function contentOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, log: app.log };
  /** A change of content: of the revision that the caller has seen, and with the photographs that it wants. */
  const changed = async (
    {
      params,
      identity,
      seen,
      reply,
    }: Pick<Call<{ editionId: number }, unknown, unknown>, 'params' | 'identity' | 'seen' | 'reply'>,
    act: (revising: {
      db: typeof db;
      clock: typeof app.clock;
      ifRevision: number | undefined;
    }) => ReturnType<typeof reviseEdition>,
  ) => {
    await visibleEdition(db, identity, params.editionId);
    const revised = await act({ db, clock: app.clock, ifRevision: revisionIn(seen) });
    await fetchEditionImages(parts, params.editionId);
    reply.header('etag', `"${revised.edition.revision}"`);
    return revised;
  };
  const common = { tag, role: 'author', scope: 'editions:write', answer: Revised, etag: 'required' } as const;
  return [
    operation({
      ...common,
      id: 'writeEdition',
      method: 'PATCH',
      path: '/editions/:editionId',
      summary: "Write its subject, preheader or editor's note",
      params: editionParams,
      body: written,
      handle: (call) => changed(call, (revising) => reviseEdition(revising, call.params.editionId, call.body, call.by)),
    }),
    operation({
      ...common,
      role: 'editor',
      id: 'addressEdition',
      method: 'PUT',
      path: '/editions/:editionId/audience',
      summary: 'Say whom it is for: a segment, as it is now, or all readers',
      params: editionParams,
      body: z.strictObject({
        segment: line(4_000).min(1).nullable().describe('The name of a segment, or a filter; null for all readers'),
      }),
      handle: (call) =>
        changed(call, (revising) =>
          addressEdition(
            revising,
            call.params.editionId,
            { wanted: call.body.segment, visible: call.identity.newsletterIds },
            call.by,
          ),
        ),
    }),
    operation({
      ...common,
      id: 'addPieceToEdition',
      method: 'PUT',
      path: '/editions/:editionId/pieces/:pieceId',
      summary: 'Put a piece into a section, or move it there',
      params: editionParams.extend({ pieceId: id }),
      body: z.strictObject(place),
      handle: (call) =>
        changed(call, async (revising) => {
          const { editionId, pieceId } = call.params;
          const isIn = piecesOf(await readContent(db, await getEdition(db, editionId))).some(
            (piece) => piece.pieceId === pieceId,
          );
          const act = isIn ? moveInEdition : addToEdition;
          return act(revising, editionId, pieceId, call.body, call.by);
        }),
    }),
    operation({
      ...common,
      id: 'writePieceInEdition',
      method: 'PATCH',
      path: '/editions/:editionId/pieces/:pieceId',
      summary: "Write over a piece's words, for this edition alone",
      params: editionParams.extend({ pieceId: id }),
      body: texts,
      handle: (call) =>
        changed(call, async (revising) => {
          const { editionId, pieceId } = call.params;
          const { alt, credit, crop, ...words } = call.body;
          const content = await readContent(db, await getEdition(db, editionId));
          const before = piecesOf(content).find((piece) => piece.pieceId === pieceId)?.image ?? null;
          const says = [alt, credit, crop].some((given) => given !== undefined);
          const image = before === null || !says ? {} : { image: pictureWith(before, { alt, credit, crop }) };
          return editInEdition(revising, editionId, pieceId, { ...definedOnly(words), ...image }, call.by);
        }),
    }),
    operation({
      ...common,
      id: 'dropPieceFromEdition',
      method: 'DELETE',
      path: '/editions/:editionId/pieces/:pieceId',
      summary: 'Take a piece out, or hold it for the next edition',
      params: editionParams.extend({ pieceId: id }),
      query: z.strictObject({ hold: z.enum(['true', 'false']).default('false') }),
      handle: (call) =>
        changed(call, (revising) => {
          const act = call.query.hold === 'true' ? holdFromEdition : dropFromEdition;
          return act(revising, call.params.editionId, call.params.pieceId, call.by);
        }),
    }),
    operation({
      ...common,
      id: 'putBlockInEdition',
      method: 'PUT',
      path: '/editions/:editionId/blocks/:blockId',
      summary: 'Put a note, a button or a divider between pieces, or one that is there to another place',
      params: editionParams.extend({ blockId }),
      body: z.strictObject({ section: line(40).min(1), block: blockBody }),
      handle: (call) =>
        changed(call, (revising) => {
          const block = blockSchema.parse({ ...call.body.block, id: call.params.blockId });
          return putBlockInEdition(revising, call.params.editionId, { section: call.body.section, block }, call.by);
        }),
    }),
    operation({
      ...common,
      id: 'dropBlockFromEdition',
      method: 'DELETE',
      path: '/editions/:editionId/blocks/:blockId',
      summary: 'Take a note, a button or a divider out',
      params: editionParams.extend({ blockId }),
      handle: (call) =>
        changed(call, (revising) =>
          dropBlockFromEdition(revising, call.params.editionId, call.params.blockId, call.by),
        ),
    }),
    operation({
      ...common,
      id: 'recomposeEdition',
      method: 'POST',
      path: '/editions/:editionId/recompositions',
      summary: 'Compose it again with the news since; what editors did stays',
      params: editionParams,
      handle: (call) => changed(call, (revising) => recomposeEdition(revising, call.params.editionId, call.by)),
    }),
    operation({
      ...common,
      id: 'restoreRevision',
      method: 'POST',
      path: '/editions/:editionId/revisions',
      summary: 'Make it again what it was at a revision, as a new one',
      params: editionParams,
      body: z.strictObject({ restore: z.int().positive().max(2_147_483_647) }),
      handle: (call) =>
        changed(call, (revising) =>
          restoreRevision(
            revising,
            call.params.editionId,
            { revision: call.body.restore, keepsAudience: !isAtLeast(call.identity.account.role, 'editor') },
            call.by,
          ),
        ),
    }),
    operation({
      ...common,
      id: 'acknowledgeChanges',
      method: 'POST',
      path: '/editions/:editionId/acknowledgements',
      summary: 'Take over what changed, or leave the edition as it is, of one piece or of all',
      params: editionParams,
      body: z.strictObject({ decision: z.enum(['take', 'keep']), pieceId: z.int().positive().optional() }),
      handle: (call) =>
        changed(call, (revising) => {
          const act = call.body.decision === 'take' ? takeChanges : keepDespiteChanges;
          return act(revising, call.params.editionId, call.body.pieceId, call.by);
        }),
    }),
  ];
}

/** A photograph with other words, or another part of it; null lets the program choose the part. */
function pictureWith(
  { crop: was, ...picture }: EditionImage,
  {
    alt,
    credit,
    crop = was ?? null,
  }: { alt?: string | undefined; credit?: string | undefined; crop?: Crop | null | undefined },
): EditionImage {
  return { ...picture, ...definedOnly({ alt, credit }), ...(crop === null ? {} : { crop }) };
}
