import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { enterByLink, isDeskSession } from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { errorPage } from '../server.ts';
import type { PageRenderer } from '../templates.ts';

// Until there are accounts: the desk listens on loopback, answers to loopback names only (a web page that points its own name
// at 127.0.0.1 gets nothing), and opens by a one-time link. Whatever changes something must come from a page of the desk.

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

export function guardDesk(server: FastifyInstance, app: App, render: PageRenderer, port: () => number): void {
  const { db } = app.database;
  // Cookies do not tell ports apart; a second installation on this machine must not throw the first one's editor out.
  const cookieName = () => `roundup_desk_${port()}`;

  server.addHook('onRequest', async (request, reply) => {
    if (!LOOPBACK_HOST.test(request.headers.host ?? '')) return errorPage(reply, render, 403);
    if (request.url.startsWith('/enter/') || request.url.startsWith('/assets/')) return;
    if (request.method !== 'GET' && !isOwnOrigin(request)) return errorPage(reply, render, 403);
    const session = cookieOf(request, cookieName());
    if (session === undefined || !(await isDeskSession(db, session, app.clock.now())))
      return errorPage(reply, render, 403);
  });

  server.get<{ Params: { token: string } }>('/enter/:token', async (request, reply) => {
    const entered = await enterByLink(db, request.params.token, app.clock.now());
    if (entered === undefined) return alreadyInside(request, reply);
    reply.header('set-cookie', `${cookieName()}=${entered.session}; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800`);
    return reply.redirect(entered.target, 303);
  });

  /** A link that is used up is no wall for whoever it let in: the browser may ask twice, and people click again. */
  async function alreadyInside(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = cookieOf(request, cookieName());
    const inside = session !== undefined && (await isDeskSession(db, session, app.clock.now()));
    return inside ? reply.redirect('/', 303) : errorPage(reply, render, 403);
  }
}

function isOwnOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  return origin === `http://${host}`;
}

function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
