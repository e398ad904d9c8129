import { z } from 'zod';
import { countSegment, keepSegment, removeSegment } from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { findSegment, listSegments } from '../../subscribers/index.ts';
import { TONGUES, tongueOf } from '../../lib/tongues.ts';
import { mayNewsletter } from '../access.ts';
import { formSnippet } from '../pages/snippet.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleNewsletter } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import { Segment, filter } from './readerSchemas.ts';
import { count, id, line } from './schemas.ts';

const tag = 'Readers';
const ofNewsletter = z.object({ newsletterId: id });

export function segmentOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock };
  const reading = { tag, role: 'editor', scope: 'subscribers:read' } as const;
  const writing = { tag, role: 'editor', scope: 'subscribers:write' } as const;
  return [
    operation({
      ...reading,
      id: 'listSegments',
      method: 'GET',
      path: '/newsletters/:newsletterId/segments',
      summary: 'Parts of a newsletter’s readers, by name',
      params: ofNewsletter,
      answer: z.object({ items: z.array(Segment) }),
      handle: async ({ params, identity }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        return { items: await listSegments(db, params.newsletterId) };
      },
    }),
    operation({
      ...writing,
      id: 'saveSegment',
      method: 'POST',
      path: '/newsletters/:newsletterId/segments',
      summary: 'Keep a filter under a name; under one that there is, it takes its place',
      params: ofNewsletter,
      body: z.strictObject({ name: line(100).min(1), filter }),
      status: 201,
      answer: Segment,
      handle: async ({ params, body, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        return keepSegment(parts, params.newsletterId, { ...body, visible: identity.newsletterIds }, by);
      },
    }),
    operation({
      ...writing,
      id: 'removeSegment',
      method: 'DELETE',
      path: '/segments/:segmentId',
      summary: 'Forget a segment; editions that go to it keep its filter',
      params: z.object({ segmentId: id }),
      status: 204,
      handle: async ({ params, identity, by }) => {
        const segment = await findSegment(db, params.segmentId);
        if (segment === undefined || !mayNewsletter(identity, segment.newsletterId))
          throw new RoundupError('not-found', `There is no segment ${params.segmentId}.`);
        await removeSegment(parts, segment.id, by);
      },
    }),
    operation({
      ...reading,
      id: 'getForm',
      method: 'GET',
      path: '/newsletters/:newsletterId/form',
      summary: 'A form to subscribe by, as HTML to copy into another site',
      params: ofNewsletter,
      query: z.strictObject({ language: z.enum(TONGUES).optional() }),
      answer: z.object({ html: z.string() }),
      handle: async ({ params, query, identity }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        if (!newsletter.isPublic)
          throw new RoundupError('state-refused', `${newsletter.name} is not open to all.`, {
            hint: 'Set isPublic in its settings first.',
          });
        const tongue = query.language ?? tongueOf(newsletter.language) ?? 'en';
        return { html: formSnippet([newsletter], { baseUrl: app.config.baseUrl, tongue }) };
      },
    }),
    operation({
      ...reading,
      id: 'countSegment',
      method: 'POST',
      path: '/newsletters/:newsletterId/segment-counts',
      summary: 'How many are meant by a filter',
      description:
        'At once, from a sample of a long list (`isExact` false), or, where it is asked for, counted. Who may not be mailed counts only where the filter asks for a status.',
      params: ofNewsletter,
      body: z.strictObject({ filter, exact: z.boolean().default(false) }),
      answer: z.object({ filter: z.string(), count, isExact: z.boolean() }).meta({ id: 'SegmentCount' }),
      handle: async ({ params, body, identity }) => {
        const newsletter = await visibleNewsletter(db, identity, params.newsletterId);
        return countSegment(parts, newsletter, body.filter, { exact: body.exact, visible: identity.newsletterIds });
      },
    }),
  ];
}
