import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { endSession, findAccount, findSession, findToken } from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { sha256 } from '../../lib/hash.ts';
import { seal, unseal } from '../../lib/seal.ts';
import { DAY_MS, MINUTE_MS } from '../../lib/time.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Access, type Identity, isOpenToAll, lackOf } from '../access.ts';
import { networkOf } from '../../lib/network.ts';
import { addressOf } from '../client.ts';
import { cookieOf, setCookie } from '../cookies.ts';
import { refuseUnstorable } from '../storable.ts';
import { countRequest } from '../limits.ts';

// The door of the desk and of the API. It answers to its own names only (a web page that points its own name at this machine
// gets nothing), finds out who asks, by a session's cookie or a token, and holds that against what the route declares. What
// changes something and comes with a cookie must come from a page of ours: by its Origin, and by a token that the page was
// given.

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
const SESSION_SECONDS = (30 * DAY_MS) / 1_000;
const HALF_WAY_SECONDS = (10 * MINUTE_MS) / 1_000;
const TOLD = 'told';
const BEARER = /^Bearer /i;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Door {
  /** Puts a session's cookie on; one that waits for its second factor has another name. */
  admit(request: FastifyRequest, reply: FastifyReply, cookie: string, what: 'session' | 'half-way'): void;
  /** Ends the session and takes its cookie off. */
  leave(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** The cookie of whoever waits for the second factor. */
  halfWay(request: FastifyRequest): string | undefined;
  /** Says on the next page that is shown what has been done: a sealed cookie of a minute. */
  tell(request: FastifyRequest, reply: FastifyReply, done: object): void;
  /** What was told so, once. */
  told(request: FastifyRequest, reply: FastifyReply): Record<string, unknown> | undefined;
  /** Is somebody signed in? For pages that are open to all. */
  find(request: FastifyRequest): Promise<Identity | undefined>;
  secure(request: FastifyRequest): boolean;
}

export function guardDesk(server: FastifyInstance, app: App, port: () => number): Door {
  const { db } = app.database;
  const { baseUrl, deskUrl, keys } = app.config;
  const ownHost = new URL(deskUrl).host;
  const isOwnHost = (host: string) => host === ownHost || LOOPBACK_HOST.test(host);
  const secure = (request: FastifyRequest) =>
    deskUrl.startsWith('https:') || (baseUrl.startsWith('https:') && !LOOPBACK_HOST.test(request.headers.host ?? ''));
  // Cookies do not tell ports apart; a second installation on this machine must not throw the first one's editor out.
  const ownPort = () => (new URL(deskUrl).port === '0' ? port() : new URL(deskUrl).port || 'desk');
  const nameOf = (request: FastifyRequest, what: string) =>
    `${secure(request) ? '__Host-' : ''}roundup_${what}_${ownPort()}`;
  const cookie = (request: FastifyRequest, what: string) => cookieOf(request.headers.cookie, nameOf(request, what));
  const csrfOf = (hash: string) =>
    createHmac('sha256', keys.current.secret).update(`csrf\n${hash}`).digest('base64url');

  async function bySession(request: FastifyRequest): Promise<Identity | undefined> {
    const token = cookie(request, 'session');
    const session = token === undefined ? undefined : await findSession(db, token, app.clock.now());
    const account = session === undefined ? undefined : await findAccount(db, session.accountId);
    if (session === undefined || account === undefined) return undefined;
    const { hash } = session;
    const { newsletterIds } = account;
    return { account, newsletterIds, session: hash, tokenId: null, scopes: null, csrf: csrfOf(hash) };
  }

  async function byToken(authorization: string): Promise<Identity | undefined> {
    const [, secret] = /^Bearer ([\w-]{1,200})$/i.exec(authorization) ?? [];
    const token = secret === undefined ? undefined : await findToken(db, secret, app.clock.now());
    const account = token === undefined ? undefined : await findAccount(db, token.accountId);
    if (token === undefined || account === undefined || account.disabledAt !== null) return undefined;
    const newsletterIds = both(account.newsletterIds, token.newsletterIds);
    return { account, newsletterIds, session: null, tokenId: token.id, scopes: new Set(token.scopes), csrf: '' };
  }

  /** Counts the request against whoever makes it. Throws `unauthenticated`. */
  async function identify(request: FastifyRequest): Promise<Identity> {
    const { authorization = '' } = request.headers;
    // A proxy that asks for a password of its own sends another scheme along; that is not for us.
    const identity = BEARER.test(authorization) ? await byToken(authorization) : await bySession(request);
    await countRequest(app, identity === undefined ? networkOf(addressOf(request)) : `account ${identity.account.id}`);
    if (identity !== undefined) return identity;
    throw new RoundupError('unauthenticated', 'Sign in, or send a token that is good.');
  }

  server.addHook('onRequest', async (request) => {
    if (!isOwnHost(request.headers.host ?? ''))
      throw new RoundupError('forbidden', 'This desk is not reached by that name.', {
        hint: 'Use the address in DESK_URL.',
      });
    const access: Access | undefined = request.routeOptions.config?.access;
    if (access === undefined || request.routeOptions.config?.unlimited === true) return;
    if (isOpenToAll(access)) {
      await countRequest(app, networkOf(addressOf(request)));
      if (!SAFE.has(request.method)) requireOwnOrigin(request, deskUrl);
      return;
    }
    const identity = await identify(request);
    const lack = lackOf(identity, access);
    if (lack !== undefined) throw new RoundupError('forbidden', lack);
    if (identity.session !== null && !SAFE.has(request.method)) requireOwnOrigin(request, deskUrl);
    request.identity = identity;
  });

  // After the body was read: a form brings the token as a field, a script as a header.
  server.addHook('preValidation', async (request) => {
    refuseUnstorable(request.params);
    const { identity } = request;
    if (identity === null || identity.session === null || SAFE.has(request.method)) return;
    const body = request.body as { _csrf?: unknown } | undefined;
    const given = request.headers['x-csrf-token'] ?? (typeof body === 'object' ? body?._csrf : undefined);
    if (typeof given !== 'string' || !sameText(given, identity.csrf))
      throw new RoundupError('forbidden', 'This form is too old, or came from elsewhere.', {
        hint: 'Load the page again, then try once more.',
      });
    if (typeof body === 'object' && body !== null && '_csrf' in body) delete body._csrf;
  });

  return {
    admit(request, reply, value, what) {
      const maxAgeSeconds = what === 'session' ? SESSION_SECONDS : HALF_WAY_SECONDS;
      reply.header('set-cookie', setCookie(nameOf(request, what), value, { maxAgeSeconds, secure: secure(request) }));
    },
    async leave(request, reply) {
      const token = cookie(request, 'session');
      if (token !== undefined) await endSession(db, token);
      reply.header(
        'set-cookie',
        setCookie(nameOf(request, 'session'), '', { maxAgeSeconds: 0, secure: secure(request) }),
      );
    },
    halfWay: (request) => cookie(request, 'half-way'),
    tell(request, reply, done) {
      const value = seal(keys, TOLD, JSON.stringify(done));
      reply.header(
        'set-cookie',
        setCookie(nameOf(request, TOLD), value, { maxAgeSeconds: 60, secure: secure(request) }),
      );
    },
    told(request, reply) {
      const value = cookie(request, TOLD);
      if (value === undefined) return undefined;
      const off = { maxAgeSeconds: 0, secure: secure(request) };
      reply.header('set-cookie', setCookie(nameOf(request, TOLD), '', off));
      const text = unseal(keys, TOLD, value);
      return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
    },
    find: bySession,
    secure,
  };
}

/** What both allow; null is no limit. */
function both(a: number[] | null, b: number[] | null): number[] | null {
  if (a === null || b === null) return a ?? b;
  return a.filter((id) => b.includes(id));
}

/** A browser says where a form comes from (RFC 6454); whoever does not say is no browser with a cookie of ours. */
function requireOwnOrigin(request: FastifyRequest, deskUrl: string): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const from = origin !== undefined && URL.canParse(origin) ? new URL(origin) : undefined;
  const isOwn = from !== undefined && (from.host === host || from.origin === new URL(deskUrl).origin);
  if (isOwn && (site === undefined || site === 'same-origin')) return;
  throw new RoundupError('forbidden', 'This was not sent by a page of the desk.');
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}
