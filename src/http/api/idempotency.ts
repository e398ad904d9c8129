import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { sha256 } from '../../lib/hash.ts';
import { parseJson } from '../../lib/json.ts';
import { seal, unseal } from '../../lib/seal.ts';
import { RoundupError, reasonOf } from '../../platform/errors.ts';
import {
  IDEMPOTENCY_STALE_MS,
  type IdempotencyName,
  beginIdempotent,
  dropIdempotent,
  finishIdempotent,
  touchIdempotent,
} from '../../accounts/index.ts';
import { type Identity, identityOf } from '../access.ts';
import { protectData } from '../security.ts';

// A POST that is sent twice with the same Idempotency-Key is done once: the second gets the answer of the first. The answer is
// kept for a day, encrypted, for it may hold a secret that is shown this once.

const PURPOSE = 'idempotent answer';
const KEY = /^[\x21-\x7e]{1,200}$/;

/** Another state, or a little patience, may change the answer. */
const AGAIN = new Set([412, 428, 429]);

interface Kept {
  type: string | undefined;
  location: string | undefined;
  etag: string | undefined;
  body: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    idempotencyKey: { owner: string; key: string; rest: () => void } | null;
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
    const name = { owner: ownerOf(identityOf(request)), key };
    const found = await beginIdempotent(db, name, fingerprintOf(request), app.clock.now());
    if (found.outcome === 'begun') {
      request.idempotencyKey = { ...name, rest: keepFresh(app, name) };
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
    name.rest();
    // What may work the next time is not kept.
    if (reply.statusCode >= 500 || AGAIN.has(reply.statusCode)) {
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
  protectData(reply);
  if (kept.type !== undefined) reply.header('content-type', kept.type);
  if (kept.location !== undefined) reply.header('location', kept.location);
  if (kept.etag !== undefined) reply.header('etag', kept.etag);
  return reply.code(status).header('idempotency-replayed', 'true').send(kept.body);
}

/** A token that may less than another one of its account gets none of that one's answers. */
function ownerOf({ account, tokenId }: Identity): string {
  return tokenId === null ? `account ${account.id}` : `token ${tokenId}`;
}

/** As long as it is worked on, nobody takes it for a dead process's. */
function keepFresh({ database: { db }, clock, log }: App, name: IdempotencyName): () => void {
  const timer = setInterval(() => {
    touchIdempotent(db, name, clock.now()).catch((error: unknown) =>
      log.warn('an idempotency key could not be held', { reason: reasonOf(error) }),
    );
  }, IDEMPOTENCY_STALE_MS / 4);
  timer.unref();
  return () => clearInterval(timer);
}

function fingerprintOf(request: FastifyRequest): string {
  const { body } = request;
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body) ?? '');
  return sha256(request.method, request.url, request.headers['if-match'] ?? '', bytes);
}
