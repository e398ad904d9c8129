import type { FastifyInstance, FastifyReply } from 'fastify';
import type { App } from '../../app.ts';
import { renditionFor } from '../../dispatch/index.ts';
import { findNewsletter, findPublication } from '../../editions/index.ts';
import { escapeHtml } from '../../lib/escape.ts';
import { comeBack, leave } from '../../newsroom/index.ts';
import { fill } from '../../rendering/index.ts';
import {
  type ReaderLink,
  findSubscriber,
  listSubscriptions,
  readReaderToken,
  readerToken,
} from '../../subscribers/index.ts';
import { sql } from '../../platform/database/index.ts';
import { protectMail, protectPage } from '../security.ts';
import type { PageRenderer } from '../templates.ts';

// What the links in a mail lead to. A GET changes nothing, whoever follows it; leaving takes a POST, by the page's button or
// by a mail program's own (RFC 8058), and is answered with 200, without cookies or redirects.

type Params = { Params: { token: string } };

const OPEN = { access: { who: 'anyone' } } as const;
const LINK = { access: { who: 'link' } } as const;
/** Providers' machines come from few addresses, and nobody who wants to leave is told to wait. */
const UNLIMITED_LINK = { ...LINK, unlimited: true } as const;

export function readerRoutes(server: FastifyInstance, app: App, render: PageRenderer): void {
  const { keys } = app.config;
  const { db } = app.database;
  const show = (reply: FastifyReply, page: string, view: Record<string, unknown>) => {
    protectPage(reply);
    return reply.type('text/html; charset=utf-8').send(render(page, view));
  };
  const unknown = (reply: FastifyReply) => {
    reply.code(404);
    return show(reply, 'unknown-link', { title: 'This link does not work' });
  };

  server.get<Params>('/u/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'unsubscribe', request.params.token);
    if (link === undefined) return unknown(reply);
    return show(reply, 'unsubscribe', { title: 'Unsubscribe', ...(await about(link)), token: request.params.token });
  });

  server.post<Params>('/u/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'unsubscribe', request.params.token);
    if (link === undefined) return unknown(reply);
    await leave(db, link);
    return show(reply, 'unsubscribed', {
      title: 'You are unsubscribed',
      ...(await about(link)),
      token: request.params.token,
    });
  });

  server.post<Params>('/u/:token/undo', { config: LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'unsubscribe', request.params.token);
    if (link === undefined) return unknown(reply);
    const restored = await comeBack(db, link);
    return show(reply, 'restored', {
      title: restored ? 'Welcome back' : 'Nothing to undo',
      ...(await about(link)),
      restored,
    });
  });

  server.get<Params>('/p/:token', { config: LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'preferences', request.params.token);
    const subscriber = link === undefined ? undefined : await findSubscriber(db, link.subscriberId);
    if (link === undefined || subscriber === undefined) return unknown(reply);
    const subscriptions = (await listSubscriptions(db, subscriber.id)).map((subscription) => ({
      ...subscription,
      active: subscription.state === 'active',
      leaveToken: readerToken(keys, 'unsubscribe', { ...link, newsletterId: subscription.newsletterId }),
    }));
    return show(reply, 'preferences', {
      title: 'Your subscriptions',
      address: subscriber.address,
      subscriptions,
      ...(await about(link)),
    });
  });

  server.get<Params>('/e/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'view', request.params.token);
    if (link === undefined) return unknown(reply);
    const [rendition, subscriber] = await Promise.all([
      renditionFor(db, link.editionId, link.subscriberId),
      findSubscriber(db, link.subscriberId),
    ]);
    if (rendition === undefined || subscriber === undefined) return unknown(reply);
    const tokens = {
      unsubscribeToken: readerToken(keys, 'unsubscribe', link),
      preferencesToken: readerToken(keys, 'preferences', link),
      viewToken: request.params.token,
    };
    const values: Record<string, string> = { ...tokens, address: escapeHtml(subscriber.address) };
    protectMail(reply, "'none'");
    return reply.type('text/html; charset=utf-8').send(fill(rendition.html, (gap) => values[gap] ?? ''));
  });

  server.get('/', { config: OPEN }, async (_request, reply) =>
    show(reply, 'home', { title: 'Newsletters', publication: await findPublication(db) }),
  );

  server.get('/healthz', { config: { ...OPEN, unlimited: true } }, async (_request, reply) => {
    await sql`select 1`.execute(db);
    return reply.type('text/plain').send('ok\n');
  });

  server.get('/robots.txt', { config: OPEN }, async (_request, reply) =>
    reply.type('text/plain').send('User-agent: *\nDisallow: /u/\nDisallow: /p/\n'),
  );

  async function about(link: ReaderLink): Promise<Record<string, unknown>> {
    const [newsletter, publication] = await Promise.all([findNewsletter(db, link.newsletterId), findPublication(db)]);
    return { newsletter: newsletter?.name ?? 'this newsletter', publication };
  }
}
