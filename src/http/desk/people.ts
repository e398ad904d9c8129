import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  ROLES,
  ROLE_SENTENCES,
  addressSchema,
  changeAccount,
  listAccounts,
  removeFactorOf,
} from '../../accounts/index.ts';
import type { App } from '../../app.ts';
import { actingFrom, listActs } from '../../audit/index.ts';
import { listNewsletters } from '../../editions/index.ts';
import { type Invited, inviteAccount, inviteAgain } from '../../newsroom/index.ts';
import { identityOf } from '../access.ts';
import { originOf } from '../client.ts';
import type { ShowPage } from '../show.ts';
import { expectedProblem } from './signIn.ts';

// Who may work here, and who has done what: for administrators.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;
const MOST_ACCOUNTS = 500;
const PAGE_SIZE = 100;
const inviteForm = z
  .object({
    address: addressSchema,
    name: z.string().trim().min(1, 'Say what they are called.').max(100),
    role: z.enum(ROLES),
  })
  .catchall(z.literal('on'));
const changeForm = z.strictObject({ role: z.enum(ROLES).optional(), disabled: z.enum(['true', 'false']).optional() });
const auditQuery = z.object({
  before: z.coerce.number().int().positive().optional().catch(undefined),
  act: z.string().trim().max(100).optional().catch(undefined),
  actor: z.string().trim().max(200).optional().catch(undefined),
  subject: z.string().trim().max(100).optional().catch(undefined),
});
type WithId = { Params: { id: string } };

export function peopleRoutes(server: FastifyInstance, { app, show }: { app: App; show: ShowPage }): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  async function page(request: FastifyRequest, reply: FastifyReply, view: Record<string, unknown>) {
    const identity = identityOf(request);
    const newsletters = await listNewsletters(db);
    const names = new Map(newsletters.map(({ id, name }) => [id, name]));
    const accounts = (await listAccounts(db, 0, MOST_ACCOUNTS)).map((account) => ({
      ...account,
      isMe: account.id === identity.account.id,
      roles: ROLES.map((role) => ({ role, isOwn: role === account.role })),
      newsletters: account.newsletterIds?.map((id) => names.get(id) ?? `newsletter ${id}`).join(', '),
    }));
    const roles = ROLES.map((role) => ({ role, sentence: ROLE_SENTENCES[role] }));
    return show(request, reply, 'accounts', { title: 'Accounts', accounts, roles, newsletters, ...view });
  }

  const act =
    (doing: (request: FastifyRequest, by: string) => Promise<Record<string, unknown>>) =>
    async (request: FastifyRequest, reply: FastifyReply) => {
      const identity = identityOf(request);
      try {
        return await page(
          request,
          reply,
          await actingFrom(originOf(request), () => doing(request, identity.account.name)),
        );
      } catch (error) {
        const { status, detail, hint, errors } = expectedProblem(error);
        reply.code(status);
        return page(request, reply, { problem: errors?.[0]?.message ?? detail, hint });
      }
    };

  server.get('/accounts', { config: OPERATOR }, (request, reply) => page(request, reply, {}));

  server.post(
    '/accounts',
    { config: OPERATOR },
    act(async (request, by) => {
      const { address, name, role, ...boxes } = inviteForm.parse(request.body);
      const chosen = (await listNewsletters(db)).filter(({ id }) => `newsletter-${id}` in boxes).map(({ id }) => id);
      const newsletterIds = chosen.length === 0 ? null : chosen;
      return { invited: toldOf(await inviteAccount(await app.newsroom(), { address, name, role, newsletterIds }, by)) };
    }),
  );

  server.post<WithId>(
    '/accounts/:id/invitation',
    { config: OPERATOR },
    act(async (request, by) => ({ invited: toldOf(await inviteAgain(await app.newsroom(), idOf(request), by)) })),
  );

  server.post<WithId>(
    '/accounts/:id',
    { config: OPERATOR },
    act(async (request, by) => {
      const { role, disabled } = changeForm.parse(request.body);
      const change = {
        ...(role === undefined ? {} : { role }),
        ...(disabled === undefined ? {} : { disabled: disabled === 'true' }),
      };
      const { name } = await changeAccount(parts, idOf(request), change, by);
      return { done: `${name} is changed, and signed out everywhere.` };
    }),
  );

  server.post<WithId>(
    '/accounts/:id/factor-removal',
    { config: OPERATOR },
    act(async (request) => {
      const account = await removeFactorOf(parts, idOf(request), identityOf(request).account);
      return { done: `${account.name} has no second factor any more, and is signed out everywhere.` };
    }),
  );

  server.get('/audit', { config: OPERATOR }, async (request, reply) => {
    const { before, ...filter } = auditQuery.parse(request.query);
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined && value !== ''));
    const rows = await listActs(db, { ...given, before, limit: PAGE_SIZE + 1 });
    const entries = rows.slice(0, PAGE_SIZE).map((entry) => ({
      ...entry,
      from: [entry.via, entry.address].filter(Boolean).join(', '),
      facts: Object.entries(entry.detail).map(([name, value]) => ({ name, value: factOf(value) })),
    }));
    const query = new URLSearchParams(given as Record<string, string>);
    const older =
      rows.length > PAGE_SIZE ? new URLSearchParams([...query, ['before', String(entries.at(-1)?.id)]]) : undefined;
    return show(request, reply, 'audit', {
      title: 'Audit',
      entries,
      filter: given,
      older: older?.toString(),
      exportQuery: query.toString(),
    });
  });
}

function toldOf({ account, link, problem }: Invited) {
  return problem === undefined
    ? { name: account.name, address: account.address }
    : { name: account.name, link, problem };
}

function idOf(request: FastifyRequest): number {
  return z.coerce
    .number()
    .int()
    .positive()
    .max(Number.MAX_SAFE_INTEGER)
    .parse((request.params as { id: string }).id);
}

const MOST_CHARACTERS = 300;

function words(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function factOf(value: unknown): string {
  const isChange = typeof value === 'object' && value !== null && 'before' in value && 'after' in value;
  const text = isChange ? `${words(value.before) || '–'} → ${words(value.after) || '–'}` : words(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
