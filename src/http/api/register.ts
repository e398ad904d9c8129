import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actingFrom } from '../../audit/index.ts';
import type { App } from '../../app.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Access, identityOf } from '../access.ts';
import { originOf } from '../client.ts';
import { protectData } from '../security.ts';
import { contentOperations } from './content.ts';
import { etagIn, etagOf, seenIn } from '../etag.ts';
import { houseOperations } from './house.ts';
import { keepAnswers } from './idempotency.ts';
import { editionOperations } from './editions.ts';
import { openApiDocument } from './openapi.ts';
import type { AnyOperation, Operation } from './operation.ts';
import { auditOperations, mediaOperations, webhookOperations } from './operator.ts';
import type { ApiParts } from './parts.ts';
import { peopleOperations } from './people.ts';
import { readerOperations } from './readers.ts';
import { importOperations } from './imports.ts';
import { segmentOperations } from './segments.ts';
import { sendingOperations } from './sending.ts';
import { pieceOperations, sourceOperations } from './sources.ts';

export const API = '/api/v1';
const JSON_LIMIT_BYTES = 1024 * 1024;
const RAW_TYPES = /^(text\/csv|application\/(octet-stream|zip|gzip)|image\/[a-z0-9.+-]+)(;|$)/;

/** Every operation, in the order of the reference. */
export function apiOperations(app: App): AnyOperation[] {
  const parts: ApiParts = { app, db: app.database.db, newsroom: () => app.newsroom() };
  return [
    ...houseOperations(parts),
    ...sourceOperations(parts),
    ...pieceOperations(parts),
    ...editionOperations(parts),
    ...contentOperations(parts),
    ...sendingOperations(parts),
    ...readerOperations(parts),
    ...segmentOperations(parts),
    ...importOperations(parts),
    ...mediaOperations(parts),
    ...peopleOperations(parts),
    ...webhookOperations(parts),
    ...auditOperations(parts),
  ];
}

export function apiRoutes(server: FastifyInstance, app: App): void {
  const operations = apiOperations(app) as unknown as Operation[];
  const document = openApiDocument(operations, app.config.deskUrl);
  void server.register(async (api) => {
    keepAnswers(api, app);
    api.addContentTypeParser(RAW_TYPES, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    api.get(`${API}/openapi.json`, { config: { access: { who: 'anyone' } } }, async (_request, reply) =>
      protectData(reply).send(document),
    );
    for (const operation of operations) addRoute(api, operation);
  });
}

function addRoute(api: FastifyInstance, operation: Operation): void {
  const { method, path, role, wholeHouse, scope, takes } = operation;
  const access: Access = { who: role, ...(scope && { scope }), ...(wholeHouse && { wholeHouse }) };
  api.route({
    method,
    url: API + path,
    bodyLimit: takes?.limitBytes ?? JSON_LIMIT_BYTES,
    config: { access },
    handler: (request, reply) => actingFrom(originOf(request), () => run(operation, request, reply)),
  });
}

async function run(operation: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const identity = identityOf(request);
  protectData(reply);
  const seen = seenIn(request.headers['if-match']);
  if (operation.etag === 'required' && operation.method !== 'GET' && seen === undefined)
    throw new RoundupError('precondition-required', 'Send the ETag that you have read as If-Match.', {
      hint: 'If-Match: * writes over whatever there is.',
    });
  const answer = await operation.handle({
    params: operation.params?.parse(request.params) ?? {},
    query: (operation.query ?? NOTHING).parse(request.query),
    body: bodyOf(operation, request),
    identity,
    by: identity.account.name,
    request,
    reply,
    seen,
  });
  return finish(operation, { request, reply }, answer);
}

const NOTHING = z.strictObject({});

function bodyOf({ body, takes, bodyIsOptional }: Operation, request: FastifyRequest): unknown {
  if (takes !== undefined) {
    if (Buffer.isBuffer(request.body)) return request.body;
    throw new RoundupError('unsupported-media', `Send the body as ${takes.types.join(', ')}.`);
  }
  if (Buffer.isBuffer(request.body)) throw new RoundupError('unsupported-media', 'Send the body as application/json.');
  const given = request.body ?? undefined;
  if (body === undefined) {
    NOTHING.parse(given ?? {});
    return undefined;
  }
  return body.parse(given === undefined && bodyIsOptional === true ? {} : given);
}

function finish(
  { answer: shape, status = 200, etag, method, gives }: Operation,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  answer: unknown,
): FastifyReply {
  if (gives !== undefined) return reply;
  reply.code(status);
  if (shape === undefined) return reply.send();
  const body = JSON.stringify(shape.parse(answer));
  if (etag === 'given' && !reply.hasHeader('etag')) reply.header('etag', `"${etagOf(body)}"`);
  const isKnown =
    method === 'GET' &&
    reply.hasHeader('etag') &&
    etagIn(request.headers['if-none-match']) === etagIn(String(reply.getHeader('etag')));
  if (isKnown) return reply.code(304).send();
  return reply.type('application/json; charset=utf-8').send(body);
}
