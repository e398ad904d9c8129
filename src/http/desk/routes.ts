import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { actingFrom } from '../../audit/index.ts';
import { fetchEditionImages, proposeEdition } from '../../newsroom/index.ts';
import { identityOf } from '../access.ts';
import { originOf } from '../client.ts';
import { type DeskParts, rowNumber } from './forms.ts';
import { homeView } from './home.ts';
import { expectedProblem } from './signIn.ts';
import { visibleNewsletter } from '../visible.ts';

const VIEWER = { access: { who: 'viewer' } } as const;
const AUTHOR = { access: { who: 'author' } } as const;

export function deskRoutes(server: FastifyInstance, { app, show }: DeskParts): void {
  const { db } = app.database;
  const home = async (request: FastifyRequest, reply: FastifyReply, extra: Record<string, unknown> = {}) =>
    show(request, reply, 'home', { ...(await homeView(app, identityOf(request))), ...extra });

  server.get('/', { config: VIEWER }, (request, reply) => home(request, reply));

  server.post<{ Params: { id: string } }>('/newsletters/:id/editions', { config: AUTHOR }, async (request, reply) => {
    const identity = identityOf(request);
    const newsletter = await visibleNewsletter(db, identity, rowNumber(request.params.id));
    try {
      const options = { slotAt: null, now: app.clock.now(), by: identity.account.name };
      const { edition } = await actingFrom(originOf(request), () =>
        db.transaction().execute((tx) => proposeEdition(tx, newsletter, options)),
      );
      await fetchEditionImages({ db, clock: app.clock, log: app.log }, edition.id);
      return await reply.redirect(`/editions/${edition.id}`, 303);
    } catch (error) {
      const { status, detail } = expectedProblem(error);
      reply.code(status);
      return home(request, reply, { problem: detail });
    }
  });
}
