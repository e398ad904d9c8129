import { z } from 'zod';
import {
  compareContents,
  listChoices,
  listEditions,
  listReviews,
  listRevisions,
  readContent,
  standingApproval,
} from '../../editions/index.ts';
import type { Edition as EditionRow } from '../../editions/index.ts';
import {
  changeInWords,
  commentOn,
  fetchEditionImages,
  newsOf,
  proposeEdition,
  renderNow,
} from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { pageOf, readCursor } from './cursor.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleEdition, visibleIds, visibleNewsletter } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import {
  Choice,
  Difference,
  Edition,
  Finding,
  Review,
  Revision,
  WholeEdition,
  editionState,
  id,
  line,
  page,
  paging,
  revision,
} from './schemas.ts';

const tag = 'Editions';
const editionParams = z.object({ editionId: id });
export function editionOperations({ app, db, newsroom }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, log: app.log };
  const whole = async (edition: EditionRow) => ({
    ...edition,
    content: await readContent(db, edition),
    approval: (await standingApproval(db, edition.id)) ?? null,
  });
  return [
    operation({
      id: 'listEditions',
      method: 'GET',
      path: '/editions',
      tag,
      summary: 'Editions, the newest first',
      role: 'viewer',
      scope: 'editions:read',
      query: z.strictObject({ ...paging, newsletterId: id.optional(), state: editionState.optional() }),
      answer: page(Edition),
      handle: async ({ query, identity }) => {
        const [before] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const newsletterIds = visibleIds(identity, query.newsletterId);
        const rows = await listEditions(db, { limit: query.limit + 1, before, state: query.state, newsletterIds });
        return pageOf(rows, query.limit, (last) => [last.id]);
      },
    }),
    operation({
      id: 'proposeEdition',
      method: 'POST',
      path: '/newsletters/:newsletterId/editions',
      tag,
      summary: 'Compose the next edition from the pool',
      role: 'author',
      scope: 'editions:write',
      params: z.object({ newsletterId: id }),
      status: 201,
      answer: WholeEdition,
      handle: async ({ params, identity, by, reply }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        const options = { slotAt: null, now: app.clock.now(), by };
        const { edition } = await db.transaction().execute((tx) => proposeEdition(tx, newsletter, options));
        await fetchEditionImages(parts, edition.id);
        reply.header('location', `/api/v1/editions/${edition.id}`).header('etag', `"${edition.revision}"`);
        return whole(edition);
      },
    }),
    operation({
      id: 'getEdition',
      method: 'GET',
      path: '/editions/:editionId',
      tag,
      summary: 'An edition with its sections',
      description: 'Its ETag is its revision: send it as If-Match with what changes the content.',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: WholeEdition,
      handle: async ({ params, identity, reply }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        reply.header('etag', `"${edition.revision}"`);
        return whole(edition);
      },
    }),
    operation({
      id: 'listRevisions',
      method: 'GET',
      path: '/editions/:editionId/revisions',
      tag,
      summary: 'Who changed it, when and what',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({ items: z.array(Revision) }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return { items: await listRevisions(db, edition.id) };
      },
    }),
    operation({
      id: 'compareRevisions',
      method: 'GET',
      path: '/editions/:editionId/revisions/:revision/differences',
      tag,
      summary: 'What a revision changed, against another one or the one before',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams.extend({ revision }),
      query: z.strictObject({ from: revision.optional() }),
      answer: z.object({ from: z.int(), to: z.int(), items: z.array(Difference) }),
      handle: async ({ params, query, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const [from, to] = [query.from ?? Math.max(params.revision - 1, 1), params.revision];
        const numbers = new Set((await listRevisions(db, edition.id)).map((one) => one.revision));
        for (const one of [from, to])
          if (!numbers.has(one)) throw new RoundupError('not-found', `Edition ${edition.id} has no revision ${one}.`);
        const before = await readContent(db, { id: edition.id, revision: from });
        const after = await readContent(db, { id: edition.id, revision: to });
        return { from, to, items: compareContents(before, after) };
      },
    }),
    operation({
      id: 'listChoices',
      method: 'GET',
      path: '/editions/:editionId/choices',
      tag,
      summary: 'Why each piece is in or out',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({ items: z.array(Choice) }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return { items: await listChoices(db, edition.id) };
      },
    }),
    operation({
      id: 'listFindings',
      method: 'GET',
      path: '/editions/:editionId/findings',
      tag,
      summary: 'What preflight says of it',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({ items: z.array(Finding) }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return { items: (await renderNow(await newsroom(), edition)).findings };
      },
    }),
    operation({
      id: 'getPreview',
      method: 'GET',
      path: '/editions/:editionId/preview',
      tag,
      summary: 'The mail as a reader gets it, rendered',
      description: 'The links in it are good for nothing. Show it in a sandbox.',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({ subject: z.string(), html: z.string(), text: z.string(), hash: z.string() }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const { rendered, sample, hash } = await renderNow(await newsroom(), edition);
        return { subject: rendered.subject, html: sample.html, text: sample.text, hash };
      },
    }),
    operation({
      id: 'listChanges',
      method: 'GET',
      path: '/editions/:editionId/changes',
      tag,
      summary: 'What has become of its pieces since somebody looked',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({
        items: z.array(z.object({ pieceId: z.int(), title: z.string(), changes: z.array(z.string()) })),
      }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const news = await newsOf(db, await readContent(db, edition));
        return { items: news.map((one) => ({ ...one, changes: one.changes.map(changeInWords) })) };
      },
    }),
    operation({
      id: 'listComments',
      method: 'GET',
      path: '/editions/:editionId/comments',
      tag,
      summary: 'What was said of it',
      role: 'viewer',
      scope: 'editions:read',
      params: editionParams,
      answer: z.object({ items: z.array(Review) }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return { items: await listReviews(db, edition.id) };
      },
    }),
    operation({
      id: 'commentOnEdition',
      method: 'POST',
      path: '/editions/:editionId/comments',
      tag,
      summary: 'Say something of it',
      role: 'author',
      scope: 'editions:write',
      params: editionParams,
      body: z.strictObject({ comment: line(2_000).min(1) }),
      status: 201,
      answer: Review,
      handle: async ({ params, identity, body, by }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return commentOn(parts, edition.id, body.comment, by);
      },
    }),
  ];
}
