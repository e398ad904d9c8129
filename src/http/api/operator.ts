import { z } from 'zod';
import { type AuditEntry as Entry, listActs } from '../../audit/index.ts';
import { keepUpload, mediaPath } from '../../media/index.ts';
import {
  changeWebhook,
  getWebhook,
  listDeliveriesOf,
  listWebhooks,
  makeWebhook,
  removeWebhook,
  renewSecret,
  replayEvent,
  testWebhook,
  webhookSchema,
} from '../../webhooks/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { csvLine } from '../../lib/csv.ts';
import { pageOf, readCursor } from './cursor.ts';
import { type AnyOperation, operation } from './operation.ts';
import type { ApiParts } from './parts.ts';
import {
  AuditEntry,
  Media,
  Webhook,
  WebhookDelivery,
  eventType,
  givenTime,
  id,
  line,
  page,
  paging,
} from './schemas.ts';

const MEDIA_LIMIT_BYTES = 25 * 1024 * 1024;
const MOST_EXPORTED = 50_000;
const webhookParams = z.object({ webhookId: id });

export function mediaOperations({ app, db }: ApiParts): AnyOperation[] {
  return [
    operation({
      id: 'uploadMedia',
      method: 'POST',
      path: '/media',
      tag: 'Media',
      summary: 'Keep a picture',
      description:
        'Checked by its content, whatever it is called, cut to fit, and encoded anew as JPEG or PNG of 200 KB at most. Drawings such as SVG are refused.',
      role: 'author',
      scope: 'media:write',
      query: z.strictObject({
        width: z.coerce.number().int().min(16).max(2_400).default(1_200),
        height: z.coerce.number().int().min(16).max(2_400).default(800),
      }),
      takes: {
        types: ['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif', 'application/octet-stream'],
        limitBytes: MEDIA_LIMIT_BYTES,
        description: 'JPEG, PNG, GIF, WebP or AVIF',
      },
      status: 201,
      answer: Media,
      handle: async ({ body, query, by, reply }) => {
        if (!Buffer.isBuffer(body)) throw new RoundupError('input-invalid', 'The body is empty.');
        const kept = await keepUpload(db, body as Buffer, query, { by, at: app.clock.now() });
        const url = `${app.config.baseUrl}${mediaPath(kept.hash, kept.type)}`;
        reply.header('location', url);
        return { ...kept, url };
      },
    }),
  ];
}

export function webhookOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, keys: app.config.keys };
  const reading = { tag: 'Webhooks', role: 'administrator', wholeHouse: true, scope: 'webhooks:read' } as const;
  const writing = { tag: 'Webhooks', role: 'administrator', wholeHouse: true, scope: 'webhooks:write' } as const;
  return [
    operation({
      ...reading,
      id: 'listWebhooks',
      method: 'GET',
      path: '/webhooks',
      summary: 'Who is told of what',
      query: z.strictObject(paging),
      answer: page(Webhook),
      handle: async ({ query }) => {
        const [after = 0] = readCursor(z.tuple([id]), query.cursor) ?? [];
        return pageOf(await listWebhooks(db, after, query.limit + 1), query.limit, (last) => [last.id]);
      },
    }),
    operation({
      ...writing,
      id: 'createWebhook',
      method: 'POST',
      path: '/webhooks',
      summary: 'Tell somebody of events; the secret is shown this once',
      description: 'Deliveries are signed after Standard Webhooks and tried nine times in a little more than two days.',
      body: webhookSchema,
      status: 201,
      answer: z.object({ webhook: Webhook, secret: z.string() }),
      handle: async ({ body, by, reply }) => {
        const made = await makeWebhook(parts, body, by);
        reply.header('location', `/api/v1/webhooks/${made.webhook.id}`);
        return made;
      },
    }),
    operation({
      ...reading,
      id: 'getWebhook',
      method: 'GET',
      path: '/webhooks/:webhookId',
      summary: 'A webhook',
      params: webhookParams,
      answer: Webhook,
      handle: async ({ params }) => {
        return getWebhook(db, params.webhookId);
      },
    }),
    operation({
      ...writing,
      id: 'changeWebhook',
      method: 'PATCH',
      path: '/webhooks/:webhookId',
      summary: 'Change what is given; pause it or take it up again',
      params: webhookParams,
      body: z.strictObject({
        name: line(100).min(1).optional(),
        url: webhookSchema.shape.url.optional(),
        isLocal: z.boolean().optional(),
        events: z.array(eventType).min(1).max(50).optional(),
        newsletterIds: webhookSchema.shape.newsletterIds.unwrap().optional(),
        paused: z.boolean().optional(),
      }),
      answer: Webhook,
      handle: async ({ params, body, by }) => {
        const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
        return changeWebhook(parts, params.webhookId, given, by);
      },
    }),
    operation({
      ...writing,
      id: 'removeWebhook',
      method: 'DELETE',
      path: '/webhooks/:webhookId',
      summary: 'Take it away, its log included',
      params: webhookParams,
      status: 204,
      handle: async ({ params, by }) => {
        await removeWebhook(parts, params.webhookId, by);
      },
    }),
    operation({
      ...writing,
      id: 'renewWebhookSecret',
      method: 'POST',
      path: '/webhooks/:webhookId/secrets',
      summary: 'A new secret, shown this once; the old one signs beside it for a day',
      params: webhookParams,
      status: 201,
      answer: z.object({ secret: z.string() }),
      handle: async ({ params, by }) => {
        return { secret: await renewSecret(parts, params.webhookId, by) };
      },
    }),
    operation({
      ...writing,
      id: 'testWebhook',
      method: 'POST',
      path: '/webhooks/:webhookId/tests',
      summary: 'Send it an event "test"',
      params: webhookParams,
      status: 202,
      answer: Webhook,
      handle: async ({ params, by }) => {
        await testWebhook(parts, params.webhookId, by);
        return getWebhook(db, params.webhookId);
      },
    }),
    operation({
      ...reading,
      id: 'listWebhookDeliveries',
      method: 'GET',
      path: '/webhooks/:webhookId/deliveries',
      summary: 'What it was told, and how that went, the newest first',
      params: webhookParams,
      query: z.strictObject(paging),
      answer: page(WebhookDelivery),
      handle: async ({ params, query }) => {
        await getWebhook(db, params.webhookId);
        const [before] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const rows = await listDeliveriesOf(db, params.webhookId, { before, limit: query.limit + 1 });
        return pageOf(rows, query.limit, (last) => [last.id]);
      },
    }),
    operation({
      ...writing,
      id: 'replayWebhookDelivery',
      method: 'POST',
      path: '/webhooks/:webhookId/deliveries/:deliveryId/replays',
      summary: 'Tell it again, under the same id',
      params: webhookParams.extend({ deliveryId: id }),
      status: 202,
      answer: Webhook,
      handle: async ({ params, by }) => {
        await replayEvent(parts, params, by);
        return getWebhook(db, params.webhookId);
      },
    }),
  ];
}

const auditFilter = {
  actor: line(200).optional(),
  act: line(100).optional().describe('How it begins: "edition", or "edition approved"'),
  subject: line(100).optional().describe('Such as "edition 12"'),
  accountId: id.optional(),
  since: givenTime.optional(),
  until: givenTime.optional(),
};

export function auditOperations({ db }: ApiParts): AnyOperation[] {
  const tag = 'Audit';
  return [
    operation({
      id: 'listAudit',
      method: 'GET',
      path: '/audit',
      wholeHouse: true,
      tag,
      summary: 'Who did what, when and from where, the newest first',
      role: 'administrator',
      scope: 'audit:read',
      query: z.strictObject({ ...paging, ...auditFilter }),
      answer: page(AuditEntry),
      handle: async ({ query }) => {
        const [before] = readCursor(z.tuple([id]), query.cursor) ?? [];
        return pageOf(await listActs(db, { ...query, before, limit: query.limit + 1 }), query.limit, (last) => [
          last.id,
        ]);
      },
    }),
    operation({
      id: 'exportAudit',
      method: 'GET',
      path: '/audit/export',
      wholeHouse: true,
      tag,
      summary: `The same as CSV, ${MOST_EXPORTED.toLocaleString('en-US')} rows at most`,
      role: 'administrator',
      scope: 'audit:read',
      query: z.strictObject(auditFilter),
      gives: {
        types: ['text/csv'],
        description: 'RFC 4180; cells that a spreadsheet would take for a formula begin with an apostrophe',
      },
      handle: async ({ query, reply }) => {
        const rows = await listActs(db, { ...query, limit: MOST_EXPORTED });
        return reply
          .type('text/csv; charset=utf-8')
          .header('content-disposition', 'attachment; filename="audit.csv"')
          .send([csvLine(COLUMNS), ...rows.map(asLine)].join(''));
      },
    }),
  ];
}

const COLUMNS = ['id', 'at', 'actor', 'account', 'act', 'subject', 'via', 'address', 'agent', 'detail'];

function asLine({ id, at, actor, accountId, act, subject, via, address, agent, detail }: Entry): string {
  const account = accountId === null ? '' : String(accountId);
  return csvLine([
    String(id),
    at.toISOString(),
    actor,
    account,
    act,
    subject,
    via,
    address,
    agent,
    JSON.stringify(detail),
  ]);
}
