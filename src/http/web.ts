import { rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../app.ts';
import { MINUTE_MS } from '../lib/time.ts';
import { RoundupError } from '../platform/errors.ts';
import { tryLock, unlock } from '../platform/lock.ts';
import { API, apiRoutes } from './api/register.ts';
import { referenceRoutes } from './api/reference.ts';
import { assetRoutes } from './assets/routes.ts';
import { accountRoutes } from './desk/account.ts';
import { guardDesk } from './desk/guard.ts';
import { pieceRoutes } from './desk/collecting/pieces.ts';
import { sourceRoutes } from './desk/collecting/sources.ts';
import { queueRoutes } from './desk/house/queue.ts';
import { senderRoutes } from './desk/house/senders.ts';
import { settingsRoutes } from './desk/house/settings.ts';
import { startRoutes } from './desk/house/start.ts';
import { webhookRoutes } from './desk/house/webhooks.ts';
import { themeRoutes } from './desk/house/themes.ts';
import { newsletterRoutes } from './desk/newsletters/pages.ts';
import { peopleRoutes } from './desk/people.ts';
import { editionRoutes } from './desk/edition/page.ts';
import { importRoutes } from './desk/readers/imports.ts';
import { segmentRoutes } from './desk/readers/segments.ts';
import { subscriberRoutes } from './desk/readers/subscribers.ts';
import { suppressionRoutes } from './desk/readers/suppressions.ts';
import { deskRoutes } from './desk/routes.ts';
import { signInRoutes } from './desk/signIn.ts';
import { takeForms } from './forms.ts';
import { inboxRoutes } from './inbox/routes.ts';
import { limitByAddress } from './limits.ts';
import { mediaRoutes } from './media/routes.ts';
import { readerRoutes } from './pages/routes.ts';
import type { Problem } from './problems.ts';
import { protectData } from './security.ts';
import { createServer, problemPage } from './server.ts';
import { deskPages } from './show.ts';
import { takeUploads } from './uploads.ts';
import { type PageRenderer, pageRenderer } from './templates.ts';

/** How often we look whether those who left while the database was away can be written down. */
const LEAVING_MS = 500;
/** Time for a list of readers over a slow line. */
const UPLOAD_TIMEOUT_MS = 10 * MINUTE_MS;

export interface Web {
  /** Where readers' pages listen. */
  port: number;
  /** Where the desk listens, as this machine reaches it. */
  deskUrl: string;
  close(): Promise<void>;
}

/** Starts both servers: the readers' pages on HOST:PORT, the desk and the API on DESK_HOST:DESK_PORT. */
export async function startWeb(app: App): Promise<Web> {
  const readers = readersServer(app);
  let deskPort = app.config.deskPort;
  const desk = deskServer(app, () => deskPort);
  const port = await listen(readers, app.config.host, app.config.port, 'PORT');
  deskPort = await listen(desk, app.config.deskHost, deskPort, 'DESK_PORT');
  const leaving = setInterval(() => {
    // While the database is away it stays on disk.
    app.applyLeaving().catch(() => {});
  }, LEAVING_MS);
  // A second process on the same data folder has a desk as well; the first one's is the one that is known.
  const known = tryLock(`${noteOf(app)}.lock`);
  if (known) writeFileSync(noteOf(app), String(deskPort));
  return {
    port,
    deskUrl: `http://127.0.0.1:${deskPort}`,
    close: async () => {
      clearInterval(leaving);
      if (known) {
        rmSync(noteOf(app), { force: true });
        unlock(`${noteOf(app)}.lock`);
      }
      await Promise.all([readers.close(), desk.close()]);
    },
  };
}

/** What readers reach: their links, the pages, the photographs. */
export function readersServer(app: App): FastifyInstance {
  const pages = pageRenderer('pages');
  const { log, config } = app;
  const server = createServer({
    log,
    trustProxy: config.trustProxy,
    showProblem: (_request, reply, problem) => problemPage(pages, reply, problem),
  });
  // One-click unsubscribing comes as a form, encoded either way (RFC 8058 3.2), and says nothing that the address does not.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  limitByAddress(server, app);
  assetRoutes(server, 'readers');
  readerRoutes(server, app, pages);
  mediaRoutes(server, app.database.db);
  return server;
}

/** What editors and programs reach: the desk's pages and the API. */
export function deskServer(app: App, port: () => number): FastifyInstance {
  const render = pageRenderer('desk');
  const { log, config } = app;
  const server = createServer({
    log,
    trustProxy: config.trustProxy,
    showProblem: showDeskProblem(render),
    requestTimeoutMs: UPLOAD_TIMEOUT_MS,
  });
  takeForms(server);
  takeUploads(server, log);
  const door = guardDesk(server, app, port);
  const show = deskPages(app, render, door);
  assetRoutes(server, 'desk');
  signInRoutes(server, { app, door, show });
  accountRoutes(server, { app, door, show });
  peopleRoutes(server, { app, show });
  deskRoutes(server, { app, door, show });
  editionRoutes(server, { app, door, show });
  sourceRoutes(server, { app, door, show });
  pieceRoutes(server, { app, door, show });
  newsletterRoutes(server, { app, door, show });
  subscriberRoutes(server, { app, door, show });
  importRoutes(server, { app, door, show });
  segmentRoutes(server, { app, door, show });
  suppressionRoutes(server, { app, door, show });
  themeRoutes(server, { app, door, show });
  webhookRoutes(server, { app, door, show });
  queueRoutes(server, { app, door, show });
  settingsRoutes(server, { app, door, show });
  senderRoutes(server, { app, door, show });
  startRoutes(server, { app, door, show });
  apiRoutes(server, app);
  referenceRoutes(server, { app, door, show });
  mediaRoutes(server, app.database.db);
  if (app.inbox !== undefined) inboxRoutes(server, app.inbox.mail, show);
  return server;
}

/** For programs as problem+json, for people as a page; who is not signed in is asked to. */
function showDeskProblem(render: PageRenderer) {
  return (request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply => {
    if (request.url.startsWith(API)) return problemJson(reply, problem);
    if (problem.code === 'unauthenticated' && request.method === 'GET') {
      const next = request.url === '/' ? '' : `?next=${encodeURIComponent(request.url)}`;
      return reply.redirect(`/sign-in${next}`, 303);
    }
    return problemPage(render, reply, problem);
  };
}

function problemJson(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, title, detail, hint, errors } = problem;
  protectData(reply);
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="Roundup"');
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify({ type: `/api#${code}`, title, status, detail, code, hint, errors }));
}

/** Where other processes of this machine find the desk. */
function noteOf(app: App): string {
  return path.join(app.config.dataDir, 'desk.port');
}

async function listen(server: FastifyInstance, host: string, port: number, variable: string): Promise<number> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause;
    const why = code === 'EADDRINUSE' ? 'is in use by another program' : 'may not be used by this user';
    throw new RoundupError('config-invalid', `Port ${port} on ${host} ${why}.`, {
      hint: `Set ${variable} to another one. If it is Roundup that runs there already, see: roundup desk`,
      cause,
    });
  }
  return (server.server.address() as AddressInfo).port;
}
