import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import qrcode from 'qrcode-generator';
import { z } from 'zod';
import {
  LONGEST_TOKEN_DAYS,
  SCOPES,
  beginFactor,
  changePassword,
  confirmFactor,
  confirmsPassword,
  countRecoveryCodes,
  endSessionByHash,
  findAccount,
  listSessions,
  listOwnTokens,
  makeToken,
  removeFactor,
  renewRecoveryCodes,
  revokeToken,
} from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { actingFrom } from '../../audit/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { identityOf } from '../access.ts';
import { originOf } from '../client.ts';
import type { ShowPage } from '../show.ts';
import type { Door } from './guard.ts';
import { expectedProblem } from './signIn.ts';

// One's own account: password, second factor, sessions, tokens.

const OWN = { access: { who: 'viewer' } } as const;
const MOST_TOKENS = 100;
const text = z.string().max(1_000);
const passwordForm = z.strictObject({ old: text, password: text, again: text });
const codeForm = z.strictObject({ code: text });
const confirmForm = z.strictObject({ password: text });
const tokenForm = z
  .object({
    name: z.string().trim().min(1, 'Give it a name.').max(100),
    days: z.coerce.number().int().min(1).max(LONGEST_TOKEN_DAYS),
  })
  .catchall(z.literal('on'));

export function accountRoutes(server: FastifyInstance, { app, show }: { app: App; door: Door; show: ShowPage }): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock, keys: app.config.keys };

  async function page(request: FastifyRequest, reply: FastifyReply, view: Record<string, unknown>) {
    const { account, session } = identityOf(request);
    const now = app.clock.now();
    const tokens = await listOwnTokens(db, { accountId: account.id, now, limit: MOST_TOKENS });
    return show(request, reply, 'account', {
      title: account.name,
      account: await findAccount(db, account.id),
      codesLeft: await countRecoveryCodes(db, account.id),
      sessions: (await listSessions(db, account.id, now)).map((one) => ({ ...one, isThis: one.hash === session })),
      tokens: tokens.map((one) => ({ ...one, isGood: one.revokedAt === null && one.expiresAt > now })),
      scopes: SCOPES,
      ...view,
    });
  }

  /** Does what a form asks for, and shows the page with what came of it. */
  const act =
    (doing: (request: FastifyRequest) => Promise<Record<string, unknown>>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      try {
        return await page(request, reply, await actingFrom(originOf(request), () => doing(request)));
      } catch (error) {
        const { status, detail, hint, errors } = expectedProblem(error);
        reply.code(status);
        return page(request, reply, { problem: errors?.[0]?.message ?? detail, hint });
      }
    };

  server.get('/account', { config: OWN }, (request, reply) => page(request, reply, {}));

  server.post(
    '/account/password',
    { config: OWN },
    act(async (request) => {
      const { account, session } = identityOf(request);
      const given = passwordForm.parse(request.body);
      if (given.password !== given.again)
        throw new RoundupError('input-invalid', 'The two passwords are not the same.');
      await changePassword(parts, account, given, session ?? undefined);
      return { done: 'Your password is changed. Everywhere else you are signed out.' };
    }),
  );

  server.post(
    '/account/factor',
    { config: OWN },
    act(async (request) => {
      const { account } = identityOf(request);
      const { secret, uri } = await beginFactor(parts, account);
      return { setUp: { secret: secret.match(/.{1,4}/g)?.join(' '), uri, picture: pictureOf(uri) } };
    }),
  );

  server.post(
    '/account/factor/confirmation',
    { config: OWN },
    act(async (request) => {
      const { account, session } = identityOf(request);
      const { code } = codeForm.parse(request.body);
      return { codes: await confirmFactor(parts, account, code, session ?? undefined) };
    }),
  );

  server.post(
    '/account/factor/removal',
    { config: OWN },
    act(async (request) => {
      const { account, session } = identityOf(request);
      await requirePassword(request);
      await removeFactor(parts, account, { by: account.name, keep: session ?? undefined });
      return { done: 'Your second factor is gone. Everywhere else you are signed out.' };
    }),
  );

  server.post(
    '/account/recovery-codes',
    { config: OWN },
    act(async (request) => {
      await requirePassword(request);
      return { codes: await renewRecoveryCodes(parts, identityOf(request).account) };
    }),
  );

  server.post<{ Params: { hash: string } }>(
    '/account/sessions/:hash/end',
    { config: OWN },
    act(async (request) => {
      const { hash } = request.params as { hash: string };
      await endSessionByHash(db, identityOf(request).account.id, hash);
      return { done: 'That session is ended.' };
    }),
  );

  server.post(
    '/account/tokens',
    { config: OWN },
    act(async (request) => {
      const { name, days, ...boxes } = tokenForm.parse(request.body);
      const scopes = SCOPES.filter((scope) => scope in boxes);
      if (scopes.length === 0)
        throw new RoundupError('input-invalid', 'Say what the token is for: tick a scope at least.');
      const { account } = identityOf(request);
      const { secret } = await makeToken(parts, account, { name, days, scopes, newsletterIds: null });
      return { secret };
    }),
  );

  server.post<{ Params: { id: string } }>(
    '/account/tokens/:id/revocation',
    { config: OWN },
    act(async (request) => {
      const { account } = identityOf(request);
      const id = z.coerce
        .number()
        .int()
        .positive()
        .parse((request.params as { id: string }).id);
      await revokeToken(parts, id, { accountId: account.id, by: account.name });
      return { done: 'The token is revoked.' };
    }),
  );

  async function requirePassword(request: FastifyRequest): Promise<void> {
    const { password } = confirmForm.parse(request.body);
    if (await confirmsPassword(parts, identityOf(request).account, password)) return;
    throw new RoundupError('forbidden', 'The password is another one.');
  }
}

/** As a picture that the page can hold without asking anybody for it. */
function pictureOf(text: string): string {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const svg = code.createSvgTag({ cellSize: 5, margin: 10, scalable: true });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}
