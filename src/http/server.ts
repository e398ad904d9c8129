import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import { insistOnAccess } from './access.ts';
import { type Problem, problemOf } from './problems.ts';
import { protectPage } from './security.ts';
import { refuseUnstorable } from './storable.ts';
import type { PageRenderer } from './templates.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const HEADER_LIMIT_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_PARAM_LENGTH = 300;

export interface ServerOptions {
  log: Log;
  trustProxy: false | number | string[];
  /** How long a request may take to come in; what is done with it may take its time. */
  requestTimeoutMs?: number;
  /** How an error is shown. */
  showProblem: (request: FastifyRequest, reply: FastifyReply, problem: Problem) => FastifyReply;
}

/** A server with the limits that both of ours share. It refuses to start with a route that does not say who may call it. */
export function createServer({
  log,
  trustProxy,
  showProblem,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
}: ServerOptions): FastifyInstance {
  const server = Fastify({
    logger: false,
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : trustProxy,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    http: { maxHeaderSize: HEADER_LIMIT_BYTES, headersTimeout: HEADERS_TIMEOUT_MS },
    routerOptions: {
      maxParamLength: MAX_PARAM_LENGTH,
      ignoreTrailingSlash: true,
      // Addresses that no route is looked up for: one cannot be decoded, the other has too long a part.
      onBadUrl: (_path, _request, response) => refuseAddress(response, 'It cannot be decoded.'),
      onMaxParamLength: (_path, _request, response) => refuseAddress(response, 'A part of it is too long.'),
    },
    // Ctrl-C must not wait for a browser's idle connection.
    forceCloseConnections: true,
  });
  insistOnAccess(server);
  server.addHook('preValidation', async ({ query, body }) => refuseUnstorable([query, body]));
  server.setNotFoundHandler((request, reply) =>
    showProblem(request, reply, {
      status: 404,
      code: 'not-found',
      title: 'There is nothing here',
      detail: 'The address may be mistyped, or what was here is gone.',
    }),
  );
  server.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      const facts = { method: request.method, route: request.routeOptions.url, reason: reasonOf(error) };
      // Another server's doing is no fault of ours.
      if (problem.status === 502) log.warn('another server failed a request', facts);
      else log.error('a request failed', facts);
    }
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', String(problem.retryAfterSeconds));
    return showProblem(request, reply, problem);
  });
  return server;
}

/** Before there is a request to answer; the same for pages and programs. */
function refuseAddress(response: ServerResponse, detail: string): void {
  const problem = {
    type: '/api#input-invalid',
    title: 'This is no address of ours',
    status: 400,
    detail,
    code: 'input-invalid',
  };
  response.writeHead(400, {
    'content-type': 'application/problem+json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  response.end(JSON.stringify(problem));
}

/** An error as a page that says what is the matter, and nothing of our insides. */
export function problemPage(render: PageRenderer, reply: FastifyReply, problem: Problem): FastifyReply {
  protectPage(reply);
  const { status, title, detail, hint } = problem;
  // No page of ours is in a frame: that keeps what it shows.
  if (reply.request.headers['sec-fetch-dest'] === 'iframe') return reply.code(204).send();
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .send(render('error', { title, sentence: detail, hint, status }));
}
