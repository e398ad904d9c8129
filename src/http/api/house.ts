import { z } from 'zod';
import {
  findPublication,
  getPublication,
  listNewsletters,
  newsletterSettingsSchema,
  nextSlot,
  publicationSchema,
} from '../../editions/index.ts';
import type { Newsletter as NewsletterRow } from '../../editions/index.ts';
import { changeNewsletter, makeNewsletter, setPublication } from '../../newsroom/index.ts';
import { mayNewsletter } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { etagOf } from '../etag.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleNewsletter } from '../visible.ts';
import { type ApiParts, requireSeen } from './parts.ts';
import { Newsletter, Publication, id, ids, line, page, paging } from './schemas.ts';

const tag = 'House';
const slug = z.string().regex(/^[a-z0-9-]{1,40}$/);
const wanted = z.strictObject({
  name: line(200).min(1),
  sourceIds: ids.default([]),
  settings: newsletterSettingsSchema,
});

export function houseOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock };
  // The next slot moves by itself: it is no change of the newsletter, and not in its ETag.
  const shown = (newsletter: NewsletterRow) => ({
    ...newsletter,
    nextSlotAt:
      newsletter.schedule === null
        ? null
        : (nextSlot(newsletter.schedule, newsletter.timeZone, app.clock.now()) ?? null),
  });
  return [
    operation({
      id: 'getPublication',
      method: 'GET',
      path: '/publication',
      tag,
      summary: 'The publication',
      role: 'viewer',
      scope: 'publication:read',
      answer: Publication,
      etag: 'given',
      handle: async ({ reply }) => {
        const publication = await getPublication(db);
        reply.header('etag', `"${etagOf(publication)}"`);
        return publication;
      },
    }),
    operation({
      id: 'setPublication',
      method: 'PUT',
      path: '/publication',
      wholeHouse: true,
      tag,
      summary: 'Set the publication',
      description: 'The first time without If-Match; from then on with the ETag that was read.',
      role: 'administrator',
      scope: 'publication:write',
      body: publicationSchema,
      answer: Publication,
      handle: async ({ body, by, seen }) => {
        const change = (before: unknown) => {
          if (before !== undefined) requireSeen(seen ?? 'nothing', etagOf(before));
          return body;
        };
        return setPublication({ db }, change, by).then(() => findPublication(db));
      },
    }),
    operation({
      id: 'listNewsletters',
      method: 'GET',
      path: '/newsletters',
      tag,
      summary: 'The newsletters',
      role: 'viewer',
      scope: 'newsletters:read',
      query: z.strictObject(paging),
      answer: page(Newsletter),
      handle: async ({ query, identity }) => {
        const [after = 0] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const all = (await listNewsletters(db)).filter((one) => one.id > after && mayNewsletter(identity, one.id));
        return pageOf(all.slice(0, query.limit + 1).map(shown), query.limit, (last) => [last.id]);
      },
    }),
    operation({
      id: 'createNewsletter',
      method: 'POST',
      path: '/newsletters',
      wholeHouse: true,
      tag,
      summary: 'Make a newsletter',
      role: 'administrator',
      scope: 'newsletters:write',
      body: wanted.extend({ slug }),
      status: 201,
      answer: Newsletter,
      handle: async ({ body, by, reply }) => {
        const newsletter = await makeNewsletter(parts, body, by);
        reply.header('location', `/api/v1/newsletters/${newsletter.id}`);
        return shown(newsletter);
      },
    }),
    operation({
      id: 'getNewsletter',
      method: 'GET',
      path: '/newsletters/:newsletterId',
      tag,
      summary: 'A newsletter',
      role: 'viewer',
      scope: 'newsletters:read',
      params: z.object({ newsletterId: id }),
      answer: Newsletter,
      etag: 'given',
      handle: async ({ params, identity, reply }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        reply.header('etag', `"${etagOf(newsletter)}"`);
        return shown(newsletter);
      },
    }),
    operation({
      id: 'changeNewsletter',
      method: 'PUT',
      path: '/newsletters/:newsletterId',
      tag,
      summary: 'Change a newsletter',
      role: 'administrator',
      scope: 'newsletters:write',
      params: z.object({ newsletterId: id }),
      body: wanted,
      answer: Newsletter,
      etag: 'required',
      handle: async ({ params, body, by, seen, identity, reply }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        const change = (before: NewsletterRow) => {
          requireSeen(seen, etagOf(before));
          return body;
        };
        const after = await changeNewsletter(parts, params.newsletterId, change, by);
        reply.header('etag', `"${etagOf(after)}"`);
        return shown(after);
      },
    }),
  ];
}
