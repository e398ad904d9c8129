import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type SignedIn,
  addressSchema,
  admit,
  beginOidc,
  findAccount,
  finishOidc,
  makeFirstAdministrator,
  proveFactor,
  readLink,
  setPasswordByLink,
  signIn,
  signInByLink,
} from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { actingFrom } from '../../audit/index.ts';
import { MINUTE_MS } from '../../lib/time.ts';
import { sendResetLetter } from '../../newsroom/index.ts';
import { RoundupError, reasonOf } from '../../platform/errors.ts';
import { fromOf, originOf } from '../client.ts';
import { cookieOf, setCookie } from '../cookies.ts';
import { problemOf } from '../problems.ts';
import type { ShowPage } from '../show.ts';
import type { Door } from './guard.ts';
import { localTarget } from './target.ts';

// How one comes in. Every form answers the same for known and unknown addresses, and a link that sets a password opens no
// session: whoever has it signs in like anybody else.

interface Parts {
  app: App;
  door: Door;
  show: ShowPage;
}
type WithNext = { Querystring: { next?: string; done?: string } };
type WithToken = { Params: { token: string } };

const OPEN = { access: { who: 'anyone' } } as const;
const LINK = { access: { who: 'link' } } as const;
const HALF_WAY = { access: { who: 'half-way' } } as const;
const OIDC_COOKIE = 'roundup_oidc';
const OIDC_SECONDS = (10 * MINUTE_MS) / 1_000;

const text = z.string().max(1_000);
const signInForm = z.strictObject({ address: text, password: text, next: text.optional() });
const factorForm = z.strictObject({ code: text });
const addressForm = z.strictObject({ address: text });
const joinForm = z.strictObject({ address: text.optional(), name: text.optional(), password: text, again: text });

export function signInRoutes(server: FastifyInstance, { app, door, show }: Parts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock, keys: app.config.keys };
  const { oidc, deskUrl } = app.config;
  const form = async (request: FastifyRequest, reply: FastifyReply, view: Record<string, unknown>, status = 200) => {
    reply.code(status);
    return show(request, reply, 'sign-in', { title: 'Sign in', provider: oidc?.name, ...view });
  };

  /** Puts the cookie on and sends the browser where it wanted to go. */
  const proceed = (request: FastifyRequest, reply: FastifyReply, signed: Exclude<SignedIn, { outcome: 'refused' }>) => {
    if (signed.outcome === 'factor-wanted') {
      door.admit(request, reply, signed.cookie, 'half-way');
      return reply.redirect('/second-factor', 303);
    }
    door.admit(request, reply, signed.cookie, 'session');
    return reply.redirect(localTarget(signed.target), 303);
  };

  server.get<WithNext>('/sign-in', { config: OPEN }, async (request, reply) => {
    const next = localTarget(request.query.next);
    if ((await door.find(request)) !== undefined) return reply.redirect(next, 303);
    return form(request, reply, { next, done: DONE[request.query.done ?? ''] });
  });

  server.post('/sign-in', { config: OPEN }, async (request, reply) => {
    const { address, password, next } = signInForm.parse(request.body);
    const target = localTarget(next);
    try {
      const signed = await from(request, () => signIn(parts, { address, password, target }, fromOf(request)));
      if (signed.outcome !== 'refused') return proceed(request, reply, signed);
      return form(request, reply, { address, next: target, problem: 'The address or the password is wrong.' }, 401);
    } catch (error) {
      const { status, detail, retryAfterSeconds } = expectedProblem(error);
      if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
      return form(request, reply, { address, next: target, problem: detail }, status);
    }
  });

  server.get('/second-factor', { config: HALF_WAY }, async (request, reply) =>
    show(request, reply, 'second-factor', { title: 'Second factor' }),
  );

  server.post('/second-factor', { config: HALF_WAY }, async (request, reply) => {
    const { code } = factorForm.parse(request.body);
    const again = (problem: string, status: number) => {
      reply.code(status);
      return show(request, reply, 'second-factor', { title: 'Second factor', problem });
    };
    try {
      const waiting = door.halfWay(request) ?? '';
      const signed = await from(request, () => proveFactor(parts, waiting, code, fromOf(request)));
      if (signed.outcome !== 'refused') return proceed(request, reply, signed);
      return again('This code is wrong, was used before, or came too late.', 401);
    } catch (error) {
      const { status, detail } = expectedProblem(error);
      return again(detail, status);
    }
  });

  server.get<WithToken>('/enter/:token', { config: LINK }, async (request, reply) => {
    const signed = await from(request, () => signInByLink(parts, request.params.token, fromOf(request)));
    if (signed.outcome !== 'refused') return proceed(request, reply, signed);
    // A link that is used up is no wall for whoever it let in: the browser may ask twice, and people click again.
    if ((await door.find(request)) !== undefined) return reply.redirect('/', 303);
    return form(request, reply, { next: '/', problem: 'This link has been used or is too old.' }, 403);
  });

  server.post('/sign-out', { config: { access: { who: 'viewer' } } }, async (request, reply) => {
    await door.leave(request, reply);
    return reply.redirect('/sign-in?done=out', 303);
  });

  server.get('/forgotten', { config: OPEN }, async (request, reply) =>
    show(request, reply, 'forgotten', { title: 'A new password' }),
  );

  server.post('/forgotten', { config: OPEN }, async (request, reply) => {
    const { address } = addressForm.parse(request.body);
    // Not waited for: how long it takes says whether there is such an account.
    const newsroom = await app.newsroom();
    void from(request, () => sendResetLetter(newsroom, address)).catch((error: unknown) =>
      app.log.warn('a reset letter could not be sent', { reason: reasonOf(error) }),
    );
    return show(request, reply, 'forgotten', { title: 'A new password', sent: true });
  });

  server.get<WithToken>('/join/:token', { config: LINK }, async (request, reply) => join(request, reply, {}));

  server.post<WithToken>('/join/:token', { config: LINK }, async (request, reply) => {
    const given = joinForm.parse(request.body);
    const link = await readLink(db, request.params.token, JOINING, app.clock.now());
    if (link === undefined) return join(request, reply, {});
    try {
      if (given.password !== given.again)
        throw new RoundupError('input-invalid', 'The two passwords are not the same.');
      await from(request, async () => {
        if (link.accountId !== null)
          return setPasswordByLink(parts, request.params.token, given.password, link.accountId);
        const address = addressSchema.safeParse(given.address ?? '');
        if (!address.success) throw new RoundupError('input-invalid', 'This is not a mail address.');
        const name = given.name?.trim() ?? '';
        if (name === '' || name.length > 100) throw new RoundupError('input-invalid', 'Say what you are called.');
        return makeFirstAdministrator(parts, request.params.token, {
          address: address.data,
          name,
          password: given.password,
        });
      });
      return reply.redirect('/sign-in?done=password', 303);
    } catch (error) {
      const { status, detail, hint } = expectedProblem(error);
      reply.code(status);
      return join(request, reply, { problem: detail, hint, address: given.address, name: given.name });
    }
  });

  async function join(request: FastifyRequest<WithToken>, reply: FastifyReply, view: Record<string, unknown>) {
    const link = await readLink(db, request.params.token, JOINING, app.clock.now());
    if (link === undefined) {
      reply.code(404);
      return show(request, reply, 'error', {
        title: 'This link does not work',
        sentence: 'It has been used, or it is too old. Ask for a new one.',
      });
    }
    const account = link.accountId === null ? undefined : await findAccount(db, link.accountId);
    const title = { first: 'The first administrator', invitation: 'Welcome', reset: 'A new password', 'sign-in': '' }[
      link.kind
    ];
    return show(request, reply, 'join', {
      title,
      token: request.params.token,
      isFirst: link.kind === 'first',
      account,
      ...view,
    });
  }

  if (oidc === undefined) return;
  const redirectUri = `${deskUrl}/sign-in/provider/return`;

  server.get<WithNext>('/sign-in/provider', { config: OPEN }, async (request, reply) => {
    const target = localTarget(request.query.next);
    const { url, pending } = await beginOidc(oidc, app.config.keys, { redirectUri, target });
    const cookie = setCookie(OIDC_COOKIE, pending, { maxAgeSeconds: OIDC_SECONDS, secure: door.secure(request) });
    return reply.header('set-cookie', cookie).redirect(url, 303);
  });

  server.get('/sign-in/provider/return', { config: OPEN }, async (request, reply) => {
    const pending = cookieOf(request.headers.cookie, OIDC_COOKIE) ?? '';
    const clear = setCookie(OIDC_COOKIE, '', { maxAgeSeconds: 0, secure: door.secure(request) });
    reply.header('set-cookie', clear);
    const url = new URL(redirectUri);
    url.search = new URL(request.url, deskUrl).search;
    const found = await from(request, () => finishOidc(parts, oidc, { url, pending }));
    if (found === undefined) {
      const problem = `There is no account here for whom ${oidc.name} vouches. Ask an administrator to invite you.`;
      return form(request, reply, { next: '/', problem }, 403);
    }
    const signed = await from(request, () => admit(parts, found.account, found.target, fromOf(request)));
    if (signed.outcome === 'refused') throw new Error('an account that was found is admitted');
    return proceed(request, reply, signed);
  });
}

const JOINING = ['first', 'invitation', 'reset'] as ('first' | 'invitation' | 'reset')[];
const DONE: Record<string, string> = {
  out: 'You are signed out.',
  password: 'Your password is set. Sign in with it.',
};

function from<T>(request: FastifyRequest, act: () => T): T {
  return actingFrom(originOf(request), act);
}

/** What a person did wrong is shown beside the form; everything else is a fault. */
export function expectedProblem(error: unknown) {
  const problem = problemOf(error);
  if (problem.status >= 500) throw error;
  return problem;
}
