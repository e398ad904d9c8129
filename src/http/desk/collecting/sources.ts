import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isAtLeast } from '../../../accounts/index.ts';
import { addSource, changeSource, collectById, getSource, sourceHealth } from '../../../newsroom/index.ts';
import { searchPieces } from '../../../pieces/index.ts';
import { discoverSources } from '../../../sources/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { type Identity, identityOf } from '../../access.ts';
import { type DeskParts, type FormPage, formRoute, rowNumber } from '../forms.ts';
import { visibleNewsletters } from '../../visible.ts';

// Where pieces come from, how each source is, and how another one is found by a site's address.

const VIEWER = { access: { who: 'viewer' } } as const;
const SAMPLE = 5;
const LATEST = 20;

const kind = z.enum(['feed', 'wordpress', 'ghost', 'sitemap']);
const addForm = z.object({
  name: z.string().trim().min(1, 'A source has a name.').max(200),
  url: z.string().trim().min(1, 'Say where it is.').max(2_000),
  kind: kind.default('feed'),
  key: z.string().trim().max(500).optional(),
  local: z.literal('yes').optional(),
});
const changeForm = z.object({
  name: z.string().trim().min(1, 'A source has a name.').max(200),
  url: z.string().trim().min(1).max(2_000),
  completes: z.literal('yes').optional(),
  local: z.literal('yes').optional(),
  key: z.string().trim().max(500).optional(),
});

type WithId = { id: string };

export function sourceRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock, keys: app.config.keys };

  const list: FormPage = async (request, reply, extra) => {
    const identity = identityOf(request);
    const newsletters = await visibleNewsletters(db, identity);
    const sources = (await sourceHealth(db, app.clock.now())).map((one) => ({
      ...one,
      newsletters: newsletters
        .filter(({ sourceIds }) => sourceIds.length === 0 || sourceIds.includes(one.source.id))
        .map(({ name }) => name)
        .join(', '),
    }));
    return show(request, reply, 'sources', { title: 'Sources', sources, ...rights(identity), ...extra });
  };

  const detail: FormPage = async (request, reply, extra) => {
    const id = rowNumber((request.params as WithId).id);
    const source = await getSource(db, id);
    const health = (await sourceHealth(db, app.clock.now())).find((one) => one.source.id === id);
    const pieces = await searchPieces(db, { limit: LATEST, sourceId: id });
    return show(request, reply, 'source', {
      title: source.name,
      source,
      isKeyed: source.secret !== null,
      health,
      pieces,
      ...rights(identityOf(request)),
      ...extra,
    });
  };

  server.get('/sources', { config: VIEWER }, (request, reply: FastifyReply) => list(request, reply, {}));
  server.get('/sources/:id', { config: VIEWER }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/sources/find',
      access: { who: 'author' },
      page: list,
      act: async ({ body, identity }) => {
        const site = (body.url ?? '').trim();
        const url = /^https?:\/\//i.test(site) ? site : `https://${site}`;
        if (!URL.canParse(url)) throw new RoundupError('input-invalid', 'This is no address of a site.');
        const isLocal = body.local === 'yes' && identity.account.role === 'administrator';
        const { proposals, problems } = await discoverSources(url, { isLocal, key: undefined });
        return {
          shown: {
            found: proposals.map(({ pieces, ...one }) => ({
              ...one,
              pieces: pieces.slice(0, SAMPLE),
              count: pieces.length,
            })),
            looked: true,
            problems,
            site: url,
            isLocal,
          },
        };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/sources',
      access: { who: 'editor', wholeHouse: true },
      page: list,
      act: async ({ body, identity, newsroom, by }) => {
        const { local, key, ...wanted } = addForm.parse(body);
        if (local === 'yes') requireAdministrator(identity);
        const source = await addSource(
          parts,
          { ...wanted, isLocal: local === 'yes', completes: true, ...(key ? { key } : {}) },
          by,
        );
        await collectById({ ...newsroom, ...parts }, source.id);
        const { lastProblem } = await getSource(db, source.id);
        const warning = lastProblem === null ? {} : { warning: `It could not be read: ${lastProblem}` };
        return { told: `${source.name} is a source now.`, to: `/sources/${source.id}`, ...warning };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/sources/:id',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ params, body, identity, by }) => {
        const id = rowNumber(params.id);
        const before = await getSource(db, id);
        const { completes, local, key, name, url } = changeForm.parse(body);
        const isLocal = local === 'yes';
        // What reaches into the operator's own network is the operator's to allow.
        if (isLocal !== before.isLocal || (isLocal && url !== before.url)) requireAdministrator(identity);
        await changeSource(
          parts,
          id,
          { name, url, completes: completes === 'yes', isLocal, ...(key ? { key } : {}) },
          by,
        );
        return { told: 'It is changed.', to: `/sources/${id}` };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/sources/:id/pause',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ params, body, by }) => {
        const id = rowNumber(params.id);
        const { pausedAt, name } = await changeSource(parts, id, { paused: body.paused === 'yes' }, by);
        return {
          told: pausedAt === null ? `${name} is read again.` : `${name} is not read any more.`,
          to: `/sources/${id}`,
        };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/sources/:id/collect',
      access: { who: 'author' },
      page: detail,
      act: async ({ params, newsroom }) => {
        const id = rowNumber(params.id);
        await getSource(db, id);
        await collectById({ ...newsroom, ...parts }, id);
        const { lastProblem, waitUntil } = await getSource(db, id);
        const to = `/sources/${id}`;
        if (lastProblem !== null) return { told: 'It was tried.', warning: `It could not be read: ${lastProblem}`, to };
        return { told: waitUntil === null ? 'It was read just now.' : 'It asks to be left alone for a while.', to };
      },
    },
  );
}

function rights({ account, newsletterIds }: Identity) {
  return {
    mayFind: isAtLeast(account.role, 'author'),
    mayAdd: isAtLeast(account.role, 'editor') && newsletterIds === null,
    mayReachInside: isAtLeast(account.role, 'administrator'),
  };
}

function requireAdministrator({ account }: Identity): void {
  if (account.role !== 'administrator')
    throw new RoundupError('forbidden', 'Only administrators may say what is read on a private network.');
}
