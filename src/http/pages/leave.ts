import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { findNewsletter } from '../../editions/index.ts';
import { directionOf } from '../../lib/tongues.ts';
import { comeBack, leave, sayWhyLeft } from '../../newsroom/index.ts';
import { reasonOf } from '../../platform/errors.ts';
import { type ReaderLink, languageOf, readReaderToken } from '../../subscribers/index.ts';
import { protectPage } from '../security.ts';
import type { PageRenderer } from '../templates.ts';
import { type ShowReader, WORDS, fieldsOf, say, tongueFor } from './reader.ts';
import type { PageWords } from './words/words.ts';

// Leaving: by a mail program's own button (RFC 8058), which is answered with 200, without cookies or redirects, or by the page's.

type Params = { Params: { token: string } };

const LINK = { access: { who: 'link' } } as const;
/** Providers' machines come from few addresses, and nobody who wants to leave is told to wait. */
const UNLIMITED_LINK = { ...LINK, unlimited: true } as const;
/** A mail program's request waits no longer. */
const PATIENCE_MS = 3_000;

export function leaveRoutes(
  server: FastifyInstance,
  app: App,
  { render, show }: { render: PageRenderer; show: ShowReader },
): void {
  const { keys } = app.config;
  const { db } = app.database;

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
      try {
        return await showAbout(request, reply, link, { page: 'unsubscribed', title: (w) => w.leftTitle });
      } catch (error) {
        // Whoever has left is told so, though the database is gone since.
        app.log.warn('no page could be shown after a leave', { reason: reasonOf(error) });
      }
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
    await app.leaving.keep({ ...link, at: new Date().toISOString() });
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
