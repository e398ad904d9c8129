import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { renditionFor } from '../../dispatch/index.ts';
import { findNewsletter, listNewsletters } from '../../editions/index.ts';
import { escapeHtml } from '../../lib/escape.ts';
import { comeBack, leave, publicNewsletters, sayWhyLeft } from '../../newsroom/index.ts';
import { directionOf } from '../../lib/tongues.ts';
import { fill } from '../../rendering/index.ts';
import { type ReaderLink, findSubscriber, languageOf, readReaderToken, readerToken } from '../../subscribers/index.ts';
import { sql } from '../../platform/database/index.ts';
import { reasonOf } from '../../platform/errors.ts';
import { protectMail, protectPage } from '../security.ts';
import type { PageRenderer } from '../templates.ts';
import { archiveFeedRoutes } from './archiveFeeds.ts';
import { archiveRoutes } from './archive.ts';
import { confirmRoutes } from './confirm.ts';
import { preferenceRoutes } from './preferences.ts';
import { WORDS, fieldsOf, readerPages, say, tongueFor } from './reader.ts';
import { newAddressRoutes, selfRoutes } from './self.ts';
import { signUpRoutes } from './signUp.ts';
import type { PageWords } from './words/words.ts';

// What the links in a mail lead to. A GET changes nothing, whoever follows it; leaving takes a POST, by the page's button or
// by a mail program's own (RFC 8058), and is answered with 200, without cookies or redirects.

/** A mail program's request waits no longer. */
const PATIENCE_MS = 3_000;

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

  const linkOf = (token: string) => readReaderToken(keys, 'unsubscribe', token);

  server.get<Params>('/u/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = linkOf(request.params.token);
    if (link === undefined) return unknown(request, reply);
    return showAbout(request, reply, link, { page: 'unsubscribe', title: (w, about) => say(w.leaveTitle, about) });
  });

  server.post<Params>('/u/:token', { config: UNLIMITED_LINK }, async (request, reply) => {
    const link = linkOf(request.params.token);
    if (link === undefined) return unknown(request, reply);
    if (await leaveNow(link))
      return showAbout(request, reply, link, { page: 'unsubscribed', title: (w) => w.leftTitle });
    protectPage(reply);
    const tongue = tongueFor(request, undefined, undefined);
    const w = WORDS[tongue];
    const view = { w, title: w.leftTitle, lang: tongue, dir: directionOf(tongue) };
    return reply.type('text/html; charset=utf-8').send(render('left-for-now', view));
  });

  server.post<Params>('/u/:token/undo', { config: LINK }, async (request, reply) => {
    const link = linkOf(request.params.token);
    if (link === undefined) return unknown(request, reply);
    const restored = await comeBack(db, link);
    const title = (w: PageWords) => (restored ? w.backTitle : w.nothingToUndoTitle);
    return showAbout(request, reply, link, { page: 'restored', title, view: { restored } });
  });

  server.post<Params>('/u/:token/why', { config: LINK }, async (request, reply) => {
    const link = linkOf(request.params.token);
    if (link === undefined) return unknown(request, reply);
    await sayWhyLeft(db, link, fieldsOf(request).get('why') ?? '');
    return showAbout(request, reply, link, { page: 'unsubscribed', title: (w) => w.leftTitle, view: { told: true } });
  });

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
    const values: Record<string, string> = { ...tokens, address: escapeHtml(subscriber.address) };
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

  /** False where it is kept for later, on disk: whoever leaves has left, whatever the database does. */
  async function leaveNow(link: ReaderLink): Promise<boolean> {
    const asked = leave(db, link).then(
      () => true,
      (error: unknown) => {
        app.log.warn('the database did not take a leave; it is kept on disk', { reason: reasonOf(error) });
        return false;
      },
    );
    if (await Promise.race([asked, sleep(PATIENCE_MS, false, { ref: false })])) return true;
    await app.leaving.keep(link);
    return false;
  }

  /** A page about one subscription, in its reader's language. */
  async function showAbout(
    request: FastifyRequest<Params>,
    reply: FastifyReply,
    link: ReaderLink,
    { page, title, view = {} }: AboutPage,
  ): Promise<FastifyReply> {
    const [newsletter, language] = await Promise.all([
      findNewsletter(db, link.newsletterId),
      languageOf(db, link.subscriberId),
    ]);
    const about = { newsletter: newsletter?.name ?? '' };
    return show(request, reply, {
      page,
      title: (w) => title(w, about),
      language: language === '' ? (newsletter?.language ?? '') : language,
      view: () => ({ ...about, token: request.params.token, ...view }),
    });
  }
}

interface AboutPage {
  page: string;
  title: (words: PageWords, about: { newsletter: string }) => string;
  view?: Record<string, unknown>;
}
