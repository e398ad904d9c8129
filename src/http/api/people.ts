import { z } from 'zod';
import {
  LONGEST_TOKEN_DAYS,
  SCOPES,
  type Scope,
  changeAccount,
  endSessionByHash,
  getAccount,
  listAccounts,
  listSessions,
  listTokens,
  makeToken,
  newAccountSchema,
  removeFactorOf,
  revokeToken,
} from '../../accounts/index.ts';
import { inviteAccount, inviteAgain } from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { type Identity } from '../access.ts';
import { pageOf, readCursor } from './cursor.ts';
import { type AnyOperation, operation } from './operation.ts';
import type { ApiParts } from './parts.ts';
import { Account, Token, id, ids, line, page, paging, role, scope, time } from './schemas.ts';

const tag = 'Accounts';
const accountParams = z.object({ accountId: id });
const limited = ids.min(1).nullable();
const Invited = z
  .object({
    account: Account,
    link: z.string().nullable().describe('Where the letter was not taken: hand it over some other way'),
    problem: z.string().nullable(),
  })
  .meta({ id: 'Invitation' });

export function peopleOperations({ app, db, newsroom }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock };
  const managing = { tag, role: 'administrator', wholeHouse: true, scope: 'accounts:write' } as const;
  return [
    operation({
      id: 'getMe',
      method: 'GET',
      path: '/me',
      tag,
      summary: 'Whose request this is, and what it may do',
      role: 'viewer',
      scope: 'publication:read',
      answer: z.object({
        account: Account,
        newsletterIds: z.array(z.int()).nullable(),
        scopes: z.array(z.string()).nullable(),
      }),
      handle: async ({ identity }) => ({
        account: identity.account,
        newsletterIds: identity.newsletterIds,
        scopes: identity.scopes === null ? null : [...identity.scopes],
      }),
    }),
    operation({
      id: 'listAccounts',
      method: 'GET',
      path: '/accounts',
      wholeHouse: true,
      tag,
      summary: 'The accounts',
      role: 'administrator',
      scope: 'accounts:read',
      query: z.strictObject(paging),
      answer: page(Account),
      handle: async ({ query }) => {
        const [after = 0] = readCursor(z.tuple([id]), query.cursor) ?? [];
        return pageOf(await listAccounts(db, after, query.limit + 1), query.limit, (last) => [last.id]);
      },
    }),
    operation({
      ...managing,
      id: 'inviteAccount',
      method: 'POST',
      path: '/accounts',
      summary: 'Invite somebody; they get a letter with a link',
      body: newAccountSchema,
      status: 201,
      answer: Invited,
      handle: async ({ body, by, reply }) => {
        const { account, link, problem } = await inviteAccount(await newsroom(), body, by);
        reply.header('location', `/api/v1/accounts/${account.id}`);
        return { account, link: problem === undefined ? null : link, problem: problem ?? null };
      },
    }),
    operation({
      ...managing,
      id: 'inviteAgain',
      method: 'POST',
      path: '/accounts/:accountId/invitations',
      summary: 'Send somebody who has no password yet another link',
      params: accountParams,
      status: 201,
      answer: Invited,
      handle: async ({ params, by }) => {
        const { account, link, problem } = await inviteAgain(await newsroom(), params.accountId, by);
        return { account, link: problem === undefined ? null : link, problem: problem ?? null };
      },
    }),
    operation({
      id: 'getAccount',
      method: 'GET',
      path: '/accounts/:accountId',
      wholeHouse: true,
      tag,
      summary: 'An account',
      role: 'administrator',
      scope: 'accounts:read',
      params: accountParams,
      answer: Account,
      handle: async ({ params }) => {
        return getAccount(db, params.accountId);
      },
    }),
    operation({
      ...managing,
      id: 'changeAccount',
      method: 'PATCH',
      path: '/accounts/:accountId',
      summary: 'Change its name, role or newsletters, or shut it; its sessions end',
      params: accountParams,
      body: z.strictObject({
        name: line(100).min(1).optional(),
        role: role.optional(),
        newsletterIds: limited.optional(),
        disabled: z.boolean().optional(),
      }),
      answer: Account,
      handle: async ({ params, body, by }) => {
        const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
        return changeAccount(parts, params.accountId, given, by);
      },
    }),
    operation({
      ...managing,
      id: 'removeFactor',
      method: 'DELETE',
      path: '/accounts/:accountId/factor',
      summary: 'Take somebody’s second factor away, for one who has lost it; their sessions end',
      scope: undefined,
      params: accountParams,
      status: 204,
      handle: async ({ params, identity }) => {
        await removeFactorOf(parts, params.accountId, identity.account);
      },
    }),
    operation({
      id: 'listMySessions',
      method: 'GET',
      path: '/me/sessions',
      tag,
      summary: 'Where you are signed in',
      role: 'viewer',
      scope: undefined,
      answer: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            createdAt: time,
            seenAt: time,
            address: z.string(),
            agent: z.string(),
            isThis: z.boolean(),
          }),
        ),
      }),
      handle: async ({ identity }) => ({
        items: (await listSessions(db, identity.account.id, app.clock.now())).map(({ hash, ...session }) => ({
          ...session,
          id: hash,
          isThis: hash === identity.session,
        })),
      }),
    }),
    operation({
      id: 'endMySession',
      method: 'DELETE',
      path: '/me/sessions/:sessionId',
      tag,
      summary: 'Sign out somewhere else',
      role: 'viewer',
      scope: undefined,
      params: z.object({ sessionId: z.string().regex(/^[0-9a-f]{64}$/) }),
      status: 204,
      handle: async ({ params, identity }) => {
        if (!(await endSessionByHash(db, identity.account.id, params.sessionId)))
          throw new RoundupError('not-found', 'There is no such session.');
      },
    }),
    operation({
      id: 'listTokens',
      method: 'GET',
      path: '/tokens',
      tag,
      summary: 'Your tokens; for administrators, everybody’s',
      role: 'viewer',
      scope: undefined,
      query: z.strictObject(paging),
      answer: page(Token),
      handle: async ({ query, identity }) => {
        const [after = 0] = readCursor(z.tuple([id]), query.cursor) ?? [];
        const accountId = whoseTokens(identity);
        return pageOf(await listTokens(db, { accountId, after, limit: query.limit + 1 }), query.limit, (last) => [
          last.id,
        ]);
      },
    }),
    operation({
      id: 'createToken',
      method: 'POST',
      path: '/tokens',
      tag,
      summary: 'Make a token; its secret is shown this once',
      description:
        'A token may do what its scopes say and what your role may, whichever is less. Tokens make no tokens.',
      role: 'viewer',
      scope: undefined,
      body: z.strictObject({
        name: line(100).min(1),
        scopes: z.array(scope).min(1).max(SCOPES.length),
        newsletterIds: limited.default(null),
        days: z.int().min(1).max(LONGEST_TOKEN_DAYS).default(90),
      }),
      status: 201,
      answer: z.object({ token: Token, secret: z.string() }),
      handle: async ({ body, identity }) =>
        makeToken(parts, identity.account, { ...body, scopes: [...new Set(body.scopes)] as Scope[] }),
    }),
    operation({
      id: 'revokeToken',
      method: 'DELETE',
      path: '/tokens/:tokenId',
      tag,
      summary: 'Revoke a token; again is harmless',
      role: 'viewer',
      scope: undefined,
      params: z.object({ tokenId: id }),
      status: 204,
      handle: async ({ params, identity, by }) => {
        const accountId = whoseTokens(identity);
        await revokeToken(parts, params.tokenId, { accountId, by });
      },
    }),
  ];
}

/** Undefined is everybody's. */
function whoseTokens({ account, newsletterIds }: Identity): number | undefined {
  return account.role === 'administrator' && newsletterIds === null ? undefined : account.id;
}
