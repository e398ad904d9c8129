import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { protectPage } from './security.ts';
import type { PageRenderer } from './templates.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_PARAM_LENGTH = 300;

/** A server with the limits and the error pages that both of ours share. */
export function createServer(log: Log, render: PageRenderer, trustProxy: boolean | number | string[]): FastifyInstance {
  const server = Fastify({
    logger: false,
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreTrailingSlash: true },
    // Ctrl-C must not wait for a browser's idle connection.
    forceCloseConnections: true,
  });
  // One-click unsubscribing comes as a form, encoded either way (RFC 8058 3.2), and says nothing that the address does not.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((_request, reply) => errorPage(reply, render, 404));
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = statusOf(error);
    if (status >= 500)
      log.error('a request failed', {
        method: request.method,
        route: request.routeOptions.url,
        reason: reasonOf(error),
      });
    return errorPage(reply, render, status);
  });
  return server;
}

function statusOf(error: FastifyError): number {
  if (error instanceof RoundupError) return error.code === 'not-found' ? 404 : 409;
  return error.statusCode ?? 500;
}

const SENTENCES: Record<number, [string, string]> = {
  403: ['This page is not open to you', 'It opens by the one-time link that Roundup prints when it starts.'],
  404: ['There is nothing here', 'The address may be mistyped, or what was here is gone.'],
  413: ['That is too much', 'What was sent is larger than this page takes.'],
  500: ['Something went wrong', 'It is not your doing. Please try again in a moment.'],
};

/** An error as a page that says what is the matter, and nothing of our insides. */
export function errorPage(reply: FastifyReply, render: PageRenderer, status: number): FastifyReply {
  const [title, sentence] = SENTENCES[status] ?? (status >= 500 ? SENTENCES[500] : SENTENCES[404]) ?? ['', ''];
  protectPage(reply);
  return reply.code(status).type('text/html; charset=utf-8').send(render('error', { title, sentence, status }));
}
