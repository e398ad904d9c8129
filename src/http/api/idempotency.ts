import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { sha256 } from '../../lib/hash.ts';
import { parseJson } from '../../lib/json.ts';
import { seal, unseal } from '../../lib/seal.ts';
import { RoundupError } from '../../platform/errors.ts';
import { beginIdempotent, dropIdempotent, finishIdempotent } from '../../accounts/index.ts';
import { identityOf } from '../access.ts';

// A POST that is sent twice with the same Idempotency-Key is done once: the second gets the answer of the first. The answer is
// kept for a day, encrypted, for it may hold a secret that is shown this once.

const PURPOSE = 'idempotent answer';
const KEY = /^[\x21-\x7e]{1,200}$/;

interface Kept {
  type: string | undefined;
  location: string | undefined;
  etag: string | undefined;
  body: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    idempotencyKey: { owner: string; key: string } | null;
  }
}

export function keepAnswers(server: FastifyInstance, app: App): void {
  const { db } = app.database;
  const { keys } = app.config;
  server.decorateRequest('idempotencyKey', null);

  server.addHook('preHandler', async (request, reply) => {
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined) return;
    if (typeof key !== 'string' || !KEY.test(key))
      throw new RoundupError('input-invalid', 'An Idempotency-Key is 1 to 200 printable characters without spaces.');
    const name = { owner: `account ${identityOf(request).account.id}`, key };
    const found = await beginIdempotent(db, name, fingerprintOf(request), app.clock.now());
    if (found.outcome === 'begun') {
      request.idempotencyKey = name;
      return;
    }
    if (found.outcome === 'other')
      throw new RoundupError('idempotency-conflict', 'This key came before with another request.');
    if (found.outcome === 'under way')
      throw new RoundupError('idempotency-conflict', 'The first request with this key is still being worked on.', {
        retryMs: 2_000,
      });
    return answerAgain(reply, found.status, unseal(keys, PURPOSE, found.answer));
  });

  server.addHook('onSend', async (request, reply, payload) => {
    const name = request.idempotencyKey;
    if (name === null) return payload;
    request.idempotencyKey = null;
    // What may work the next time is not kept.
    if (reply.statusCode >= 500 || reply.statusCode === 429) {
      await dropIdempotent(db, name);
      return payload;
    }
    const header = (field: string) => reply.getHeader(field)?.toString();
    const body = typeof payload === 'string' ? payload : '';
    const kept: Kept = { type: header('content-type'), location: header('location'), etag: header('etag'), body };
    await finishIdempotent(db, name, reply.statusCode, seal(keys, PURPOSE, JSON.stringify(kept)));
    return payload;
  });
}

function answerAgain(reply: FastifyReply, status: number, opened: string | undefined): FastifyReply {
  const kept = opened === undefined ? undefined : (parseJson(opened) as Kept);
  if (kept === undefined)
    throw new RoundupError('idempotency-conflict', 'The answer to this key cannot be read any more.');
  if (kept.type !== undefined) reply.header('content-type', kept.type);
  if (kept.location !== undefined) reply.header('location', kept.location);
  if (kept.etag !== undefined) reply.header('etag', kept.etag);
  return reply.code(status).header('idempotency-replayed', 'true').send(kept.body);
}

function fingerprintOf(request: FastifyRequest): string {
  const { body } = request;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body) ?? '');
  return sha256(request.method, request.url, bytes);
}
