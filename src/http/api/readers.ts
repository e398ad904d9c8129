import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { recordAct } from '../../audit/index.ts';
import {
  eraseReader,
  queueImport,
  runImport,
  importSuppressionList,
  liftSuppression,
  previewImport,
  readerData,
  suppressAddress,
  undoImport,
  unsubscribeReader,
} from '../../newsroom/index.ts';
import {
  exportAsCsv,
  exportAsJson,
  exportSuppressions,
  findImport,
  findSubscriber,
  listSubscriptions,
  pageOfImports,
  pageOfSubscribers,
  pageOfSuppressions,
} from '../../subscribers/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Identity, mayNewsletter } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { type AnyOperation, operation } from './operation.ts';
import { type ApiParts, visibleIds, visibleNewsletter } from './parts.ts';
import { Import, SubscriberData, SuppressionImport } from './readerSchemas.ts';
import {
  Subscriber,
  Subscription,
  Suppression,
  address,
  count,
  id,
  line,
  page,
  paging,
  subscriptionState,
} from './schemas.ts';

const tag = 'Readers';
const subscriberParams = z.object({ subscriberId: id });
const LIST_TYPES = ['text/csv', 'application/zip', 'application/gzip'];
const ground = line(300).min(1).describe('On what ground they get mail, kept as their consent');
const listQuery = {
  name: line(200).optional().describe('What the file was called: in a Mailchimp export it tells who has left'),
  keep: line(1_000).optional().describe('Columns that are kept as attributes, with commas between'),
};
const CSV_LIMIT_BYTES = 50 * 1024 * 1024;

export function readerOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock };
  const reading = { tag, role: 'editor', scope: 'subscribers:read' } as const;
  const writing = { tag, role: 'editor', scope: 'subscribers:write' } as const;

  /** A subscriber, and what of it the account may see. Throws `not-found`. */
  const visible = async (identity: Identity, subscriberId: number) => {
    const subscriber = await findSubscriber(db, subscriberId);
    const all = subscriber === undefined ? [] : await listSubscriptions(db, subscriberId);
    const subscriptions = all.filter(({ newsletterId }) => mayNewsletter(identity, newsletterId));
    if (subscriber === undefined || (identity.newsletterIds !== null && subscriptions.length === 0))
      throw new RoundupError('not-found', `There is no subscriber ${subscriberId}.`);
    return { ...subscriber, subscriptions };
  };
  /** Throws `not-found`, also for one of a newsletter that the account does not see. */
  const visibleImport = async (identity: Identity, importId: number) => {
    const run = await findImport(db, importId);
    if (run !== undefined && mayNewsletter(identity, run.newsletterId)) return run;
    throw new RoundupError('not-found', `There is no import ${importId}.`);
  };
  return [
    operation({
      ...reading,
      id: 'listSubscribers',
      method: 'GET',
      path: '/subscribers',
      summary: 'Subscribers, by newsletter and state, or by how the address begins',
      query: z
        .strictObject({
          ...paging,
          newsletterId: id.optional(),
          state: subscriptionState.optional(),
          address: line(254).optional(),
        })
        .refine((query) => query.state === undefined || query.newsletterId !== undefined, {
          path: ['state'],
          message: 'goes with newsletterId',
        }),
      answer: page(Subscriber),
      handle: async ({ query, identity }) => {
        const [last, addressKey] = readCursor(z.tuple([id, z.string().max(300)]), query.cursor) ?? [];
        const after = last === undefined || addressKey === undefined ? undefined : { id: last, addressKey };
        const newsletterIds = visibleIds(identity, query.newsletterId);
        if (newsletterIds?.length === 0) return { items: [], next: null };
        const rows = await pageOfSubscribers(db, { ...query, after, limit: query.limit + 1, newsletterIds });
        return pageOf(rows, query.limit, (last) => [last.id, last.addressKey]);
      },
    }),
    operation({
      ...reading,
      id: 'getSubscriber',
      method: 'GET',
      path: '/subscribers/:subscriberId',
      summary: 'A subscriber, with subscriptions',
      params: subscriberParams,
      answer: z
        .object({ id: z.int(), address: z.string(), name: z.string(), subscriptions: z.array(Subscription) })
        .meta({ id: 'SubscriberWithSubscriptions' }),
      handle: ({ params, identity }) => visible(identity, params.subscriberId),
    }),
    operation({
      ...writing,
      id: 'endSubscription',
      method: 'DELETE',
      path: '/subscribers/:subscriberId/subscriptions/:newsletterId',
      summary: 'End a subscription on somebody’s behalf; again is harmless',
      params: subscriberParams.extend({ newsletterId: id }),
      status: 204,
      handle: async ({ params, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        await visible(identity, params.subscriberId);
        await unsubscribeReader(parts, params, by);
      },
    }),
    operation({
      ...reading,
      id: 'listImports',
      method: 'GET',
      path: '/imports',
      summary: 'Imports and what became of them, the newest first',
      query: z.strictObject({ ...paging, newsletterId: id.optional() }),
      answer: page(Import),
      handle: async ({ query, identity }) => {
        const [before] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const newsletterIds = visibleIds(identity, query.newsletterId);
        const rows = await pageOfImports(db, { before, limit: query.limit + 1, newsletterIds });
        return pageOf(rows, query.limit, (last) => [last.id]);
      },
    }),
    operation({
      ...writing,
      id: 'importSubscribers',
      method: 'POST',
      path: '/newsletters/:newsletterId/imports',
      summary: 'Subscribe the people of a list',
      description:
        'A CSV of any dialect, with a first line that names the columns, one of them "email"; or gzip, or a zip of several, as Mailchimp, Substack, beehiiv, Ghost, listmonk, Keila and Buttondown export them. Nobody who left or is suppressed, here or there, is brought back. Answers when the list is read; the workers take it in, see GET /imports/{importId}. The same file again while that is under way is the same import.',
      params: z.object({ newsletterId: id }),
      query: z.strictObject({
        ground,
        ...listQuery,
      }),
      takes: { types: LIST_TYPES, limitBytes: CSV_LIMIT_BYTES, description: 'The list' },
      status: 202,
      answer: Import,
      handle: async ({ params, query, body, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        const wish = { newsletterId: params.newsletterId, ...query, keep: query.keep?.split(',') };
        const { id } = await asFile(bytesOf(body), (file) => queueImport(parts, file, wish, by));
        return visibleImport(identity, id);
      },
    }),
    operation({
      ...reading,
      id: 'previewImport',
      method: 'POST',
      path: '/newsletters/:newsletterId/import-previews',
      summary: 'What an import would do; for a day it can be run',
      params: z.object({ newsletterId: id }),
      query: z.strictObject(listQuery),
      takes: { types: LIST_TYPES, limitBytes: CSV_LIMIT_BYTES, description: 'The list' },
      answer: Import,
      handle: async ({ params, query, body, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        const wish = { newsletterId: params.newsletterId, ground: '', ...query, keep: query.keep?.split(',') };
        const { id } = await asFile(bytesOf(body), (file) => previewImport(parts, file, wish, by));
        return visibleImport(identity, id);
      },
    }),
    operation({
      ...reading,
      id: 'getImport',
      method: 'GET',
      path: '/imports/:importId',
      summary: 'An import: how far it is, and what became of the lines',
      params: z.object({ importId: id }),
      answer: Import,
      handle: ({ params, identity }) => visibleImport(identity, params.importId),
    }),
    operation({
      ...writing,
      id: 'runImport',
      method: 'POST',
      path: '/imports/:importId/run',
      summary: 'Take in what was looked at; the workers do it',
      params: z.object({ importId: id }),
      body: z.strictObject({ ground: ground }),
      status: 202,
      answer: Import,
      handle: async ({ params, body, identity, by }) => {
        await visibleImport(identity, params.importId);
        await runImport(parts, params.importId, { ground: body.ground, by });
        return visibleImport(identity, params.importId);
      },
    }),
    operation({
      ...writing,
      id: 'undoImport',
      method: 'DELETE',
      path: '/imports/:importId',
      wholeHouse: true,
      summary: 'Take back what an import brought, as far as nobody has touched it since',
      params: z.object({ importId: id }),
      answer: z.object({ subscriptions: count, subscribers: count, suppressions: count }),
      handle: async ({ params, by }) => {
        return undoImport(parts, params.importId, by);
      },
    }),
    operation({
      ...reading,
      id: 'exportSubscribers',
      method: 'GET',
      path: '/newsletters/:newsletterId/subscribers/export',
      summary: 'Everybody of a newsletter, as CSV or as JSON, an object a line',
      params: z.object({ newsletterId: id }),
      query: z.strictObject({ format: z.enum(['csv', 'json']).default('csv') }),
      gives: {
        types: ['text/csv', 'application/jsonl'],
        description:
          'RFC 4180; cells that a spreadsheet would take for a formula begin with an apostrophe, which an import takes off again',
      },
      handle: async ({ params, query, identity, reply, by }) => {
        const { slug } = await visibleNewsletter(db, identity, params.newsletterId);
        await recordExport(db, `newsletter ${params.newsletterId}`, by);
        const rows =
          query.format === 'csv' ? exportAsCsv(db, params.newsletterId) : exportAsJson(db, params.newsletterId);
        return sendFile(
          reply,
          query.format === 'csv' ? 'text/csv' : 'application/jsonl',
          `${slug}.${query.format}`,
          rows,
        );
      },
    }),
    operation({
      ...reading,
      id: 'getSubscriberData',
      method: 'GET',
      path: '/subscribers/:subscriberId/data',
      wholeHouse: true,
      summary: 'All that is known of somebody, for whoever asks for it (GDPR, article 15)',
      params: subscriberParams,
      answer: SubscriberData,
      handle: async ({ params }) => {
        return readerData({ db }, params.subscriberId);
      },
    }),
    operation({
      ...writing,
      id: 'eraseSubscriber',
      method: 'DELETE',
      path: '/subscribers/:subscriberId',
      wholeHouse: true,
      summary: 'Erase somebody: the sums stay, the person goes (GDPR, article 17)',
      params: subscriberParams,
      status: 204,
      handle: async ({ params, by }) => {
        await eraseReader(parts, params.subscriberId, by);
      },
    }),
    operation({
      ...reading,
      id: 'exportSuppressions',
      method: 'GET',
      path: '/suppressions/export',
      wholeHouse: true,
      summary: 'The list as SHA-256 of the addresses in lower case, for others to heed',
      gives: { types: ['text/csv'], description: 'sha256, reason, since' },
      handle: async ({ reply, by }) => {
        await recordExport(db, 'suppressions', by);
        return sendFile(reply, 'text/csv', 'suppressions.csv', exportSuppressions(db));
      },
    }),
    operation({
      ...writing,
      id: 'importSuppressions',
      method: 'POST',
      path: '/suppressions/imports',
      wholeHouse: true,
      summary: 'Never mail the addresses of a list, or those whose SHA-256 or MD5 is in it',
      query: z.strictObject({ detail: line(300).default('imported') }),
      takes: { types: LIST_TYPES, limitBytes: CSV_LIMIT_BYTES, description: 'The list' },
      status: 201,
      answer: SuppressionImport,
      handle: async ({ query, body, by }) => {
        return asFile(bytesOf(body), (file) => importSuppressionList({ db }, file, query.detail, by));
      },
    }),
    operation({
      ...reading,
      id: 'listSuppressions',
      method: 'GET',
      path: '/suppressions',
      wholeHouse: true,
      summary: 'Addresses that are never mailed',
      query: z.strictObject(paging),
      answer: page(Suppression),
      handle: async ({ query }) => {
        const [after = ''] = readCursor(z.tuple([z.string().max(300)]), query.cursor) ?? [];
        const rows = await pageOfSuppressions(db, { after, limit: query.limit + 1 });
        return pageOf(rows, query.limit, (last) => [last.address]);
      },
    }),
    operation({
      ...writing,
      id: 'suppressAddress',
      method: 'PUT',
      path: '/suppressions/:address',
      wholeHouse: true,
      summary: 'Never mail an address again; again is harmless',
      params: z.object({ address }),
      body: z.strictObject({ detail: line(500).default('') }),
      bodyIsOptional: true,
      status: 204,
      handle: async ({ params, body, by }) => {
        await suppressAddress(parts, params.address, body.detail, by);
      },
    }),
    operation({
      id: 'liftSuppression',
      method: 'DELETE',
      path: '/suppressions/:address',
      wholeHouse: true,
      tag,
      summary: 'Take an address off the list',
      role: 'administrator',
      scope: 'subscribers:write',
      params: z.object({ address }),
      status: 204,
      handle: async ({ params, by }) => {
        await liftSuppression(parts, params.address, by);
      },
    }),
  ];
}

/** Whoever takes the list along is written down. */
async function recordExport(db: ApiParts['db'], subject: string, by: string): Promise<void> {
  await recordAct(db, { actor: by, act: 'list exported', subject });
}

function sendFile(reply: FastifyReply, type: string, name: string, rows: AsyncGenerator<string>): FastifyReply {
  return reply
    .type(`${type}; charset=utf-8`)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(rows));
}

function bytesOf(body: unknown): Buffer {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new RoundupError('input-invalid', 'The body is empty.');
  return body;
}

async function asFile<T extends object>(bytes: Buffer, act: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'roundup-import-'));
  try {
    const file = path.join(folder, 'list.csv');
    await writeFile(file, bytes, { mode: 0o600 });
    return await act(file).catch((error: unknown) => {
      // The name of our file is nobody's business.
      if (error instanceof RoundupError)
        throw new RoundupError(error.code, error.message.replaceAll(file, 'The list'), {
          hint: error.hint,
          cause: error,
        });
      throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
