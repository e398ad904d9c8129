import { z } from 'zod';
import { recordAct } from '../../audit/index.ts';
import {
  eraseReader,
  importSuppressionList,
  liftSuppression,
  readFilter,
  readerData,
  suppressAddress,
  unsubscribeReader,
} from '../../newsroom/index.ts';
import {
  compileFilter,
  exportAsCsv,
  exportAsJson,
  exportSuppressions,
  findSubscriber,
  listSubscriptions,
  pageOfSubscribers,
  pageOfSuppressions,
} from '../../subscribers/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Identity, mayNewsletter } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { LIST, asFile, bytesOf, sendFile } from './files.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleIds, visibleNewsletter } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import { SubscriberData, filter, SuppressionImport } from './readerSchemas.ts';
import {
  Subscriber,
  Subscription,
  Suppression,
  address,
  id,
  line,
  page,
  paging,
  subscriptionState,
} from './schemas.ts';

const tag = 'Readers';
const subscriberParams = z.object({ subscriberId: id });

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
  /** What a filter asks of a newsletter's readers. Throws `input-invalid`. */
  const conditionOf = async (
    identity: Identity,
    query: { filter?: string | undefined; newsletterId?: number | undefined },
  ) => {
    if (query.filter === undefined || query.newsletterId === undefined) return undefined;
    const newsletter = await visibleNewsletter(db, identity, query.newsletterId);
    return compileFilter(await readFilter(db, newsletter.id, query.filter, identity.newsletterIds), newsletter);
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
          filter: filter.optional(),
        })
        .refine(({ state, filter: by, newsletterId }) => newsletterId !== undefined || (state ?? by) === undefined, {
          path: ['newsletterId'],
          message: 'is wanted with state and filter',
        }),
      answer: page(Subscriber),
      handle: async ({ query, identity }) => {
        const [last, addressKey] = readCursor(z.tuple([id, z.string().max(300)]), query.cursor) ?? [];
        const after = last === undefined || addressKey === undefined ? undefined : { id: last, addressKey };
        const newsletterIds = visibleIds(identity, query.newsletterId);
        if (newsletterIds?.length === 0) return { items: [], next: null };
        const condition = await conditionOf(identity, query);
        const rows = await pageOfSubscribers(db, { ...query, condition, after, limit: query.limit + 1, newsletterIds });
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
      takes: { ...LIST, description: 'The list' },
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
