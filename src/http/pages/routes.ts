import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { renditionFor } from '../../dispatch/index.ts';
import { listNewsletters } from '../../editions/index.ts';
import { maskedAddress } from '../../lib/addresses.ts';
import { escapeHtml } from '../../lib/escape.ts';
import { publicNewsletters } from '../../newsroom/index.ts';
import { fill } from '../../rendering/index.ts';
import { findSubscriber, readReaderToken, readerToken } from '../../subscribers/index.ts';
import { sql } from '../../platform/database/index.ts';
import { protectMail } from '../security.ts';
import type { PageRenderer } from '../templates.ts';
import { archiveFeedRoutes } from './archiveFeeds.ts';
import { archiveRoutes } from './archive.ts';
import { confirmRoutes } from './confirm.ts';
import { preferenceRoutes } from './preferences.ts';
import { readerPages } from './reader.ts';
import { leaveRoutes } from './leave.ts';
import { newAddressRoutes, selfRoutes } from './self.ts';
import { signUpRoutes } from './signUp.ts';

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
  const show = readerPages(app, render);
  const unknown = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'unknown-link', title: (w) => w.unknownLinkTitle, status: 404 });

  leaveRoutes(server, app, { render, show });
  archiveRoutes(server, app, show);
  archiveFeedRoutes(server, app);
  signUpRoutes(server, app, show);
  confirmRoutes(server, app, show);
  preferenceRoutes(server, app, show);
  selfRoutes(server, app, show);
  newAddressRoutes(server, app, show);

  server.get<Params>('/e/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = readReaderToken(keys, 'view', request.params.token);
    if (link === undefined) return unknown(request, reply);
    const [rendition, subscriber] = await Promise.all([
      renditionFor(db, link.editionId, link.subscriberId),
      findSubscriber(db, link.subscriberId),
    ]);
    if (rendition === undefined || subscriber === undefined) return unknown(request, reply);
    const tokens = {
      unsubscribeToken: readerToken(keys, 'unsubscribe', link),
      preferencesToken: readerToken(keys, 'preferences', link),
      viewToken: request.params.token,
    };
    const values: Record<string, string> = { ...tokens, address: escapeHtml(maskedAddress(subscriber.address)) };
    protectMail(reply, "'none'");
    return reply.type('text/html; charset=utf-8').send(fill(rendition.html, (gap) => values[gap] ?? ''));
  });

  server.get('/', { config: OPEN }, async (request, reply) => {
    const newsletters = await publicNewsletters(db);
    const hasArchive = (await listNewsletters(db)).some(({ archive }) => archive === 'public');
    return show(request, reply, {
      page: 'home',
      title: (w) => w.home,
      view: () => ({ newsletters, hasArchive, isIndexed: true }),
    });
  });

  server.get('/healthz', { config: { ...OPEN, unlimited: true } }, async (_request, reply) => {
    await sql`select 1`.execute(db);
    return reply.type('text/plain').send('ok\n');
  });

  server.get('/robots.txt', { config: OPEN }, async (_request, reply) =>
    reply
      .type('text/plain')
      .send(
        `User-agent: *\nDisallow: /u/\nDisallow: /p/\nDisallow: /me/\nDisallow: /confirm/\nDisallow: /address/\nSitemap: ${app.config.baseUrl}/sitemap.xml\n`,
      ),
  );
}
