import type { FastifyReply, FastifyRequest } from 'fastify';
import { isAtLeast } from '../accounts/index.ts';
import type { App } from '../app.ts';
import { findPublication } from '../editions/index.ts';
import { navOf } from './desk/nav.ts';
import type { Door } from './desk/guard.ts';
import { protectPage } from './security.ts';
import type { PageRenderer } from './templates.ts';

/** Shows a page of the desk, with what every page needs: whose desk it is, who looks, and what its forms bring back. */
export type ShowPage = (
  request: FastifyRequest,
  reply: FastifyReply,
  page: string,
  view: Record<string, unknown>,
) => Promise<FastifyReply>;

export function deskPages(app: App, render: PageRenderer, door: Door): ShowPage {
  return async (request, reply, page, view) => {
    protectPage(reply);
    // Under no-referrer a browser would send our own forms with the Origin "null" (Fetch, "append a request Origin header").
    reply.header('referrer-policy', 'same-origin');
    const { identity } = request;
    const isOperator =
      identity !== null && isAtLeast(identity.account.role, 'administrator') && identity.newsletterIds === null;
    const hasInbox = app.inbox !== undefined && isOperator;
    const [path = '/'] = request.url.split('?');
    const common = {
      publication: await findPublication(app.database.db),
      hasInbox,
      isOperator,
      nav: identity === null ? undefined : navOf(identity, path, hasInbox),
      me: identity?.account,
      csrf: identity?.csrf,
      done: identity === null || 'problem' in view ? undefined : door.told(request, reply),
    };
    return reply.type('text/html; charset=utf-8').send(render(page, { ...common, ...view }));
  };
}
