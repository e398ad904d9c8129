import { z } from 'zod';
import { previewImport, queueImport, runImport, undoImport } from '../../newsroom/index.ts';
import { pageOfImports } from '../../subscribers/index.ts';
import type { Identity } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { MOST_UNPACKED_BYTES } from '../uploads.ts';
import { LIST, asFile, bytesOf } from './files.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleIds, visibleImport, visibleNewsletter } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import { Import } from './readerSchemas.ts';
import { count, id, line, page, paging } from './schemas.ts';

// Lists of subscribers: looked at, taken in by the workers, taken back.

const tag = 'Readers';
const ground = line(300).min(1).describe('On what ground they get mail, kept as their consent');
const listQuery = {
  name: line(200).optional().describe('What the file was called: in a Mailchimp export it tells who has left'),
  keep: line(1_000).optional().describe('Columns that are kept as attributes, with commas between'),
};

/** What comes over the network unpacks to so much at most, and says of others' readers nothing. */
function limitsOf({ newsletterIds }: Identity): { wholeHouse: boolean; mostBytes: number } {
  return { wholeHouse: newsletterIds === null, mostBytes: MOST_UNPACKED_BYTES };
}

export function importOperations({ app, db }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock };
  const reading = { tag, role: 'editor', scope: 'subscribers:read' } as const;
  const writing = { tag, role: 'editor', scope: 'subscribers:write' } as const;
  return [
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
      takes: LIST,
      status: 202,
      answer: Import,
      handle: async ({ params, query, body, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        const wish = {
          newsletterId: params.newsletterId,
          ...query,
          ...limitsOf(identity),
          keep: query.keep?.split(','),
        };
        const { id } = await asFile(bytesOf(body), (file) => queueImport(parts, file, wish, by));
        return visibleImport(db, identity, id);
      },
    }),
    operation({
      ...writing,
      id: 'previewImport',
      method: 'POST',
      path: '/newsletters/:newsletterId/import-previews',
      summary: 'What an import would do; for a day it can be run',
      params: z.object({ newsletterId: id }),
      query: z.strictObject(listQuery),
      takes: LIST,
      answer: Import,
      handle: async ({ params, query, body, identity, by }) => {
        await visibleNewsletter(db, identity, params.newsletterId);
        const wish = {
          newsletterId: params.newsletterId,
          ground: '',
          ...query,
          ...limitsOf(identity),
          keep: query.keep?.split(','),
        };
        const { id } = await asFile(bytesOf(body), (file) => previewImport(parts, file, wish, by));
        return visibleImport(db, identity, id);
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
      handle: ({ params, identity }) => visibleImport(db, identity, params.importId),
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
        await visibleImport(db, identity, params.importId);
        await runImport(parts, params.importId, { ground: body.ground, by });
        return visibleImport(db, identity, params.importId);
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
  ];
}
