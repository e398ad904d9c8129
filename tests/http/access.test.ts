import type { FastifyInstance } from 'fastify';
import { ROLES, type Role, SCOPES, type Scope, isAtLeast } from '../../src/accounts/index.ts';
import type { DeclaredRoute } from '../../src/http/access.ts';
import { createServer } from '../../src/http/server.ts';
import { deskServer, readersServer } from '../../src/http/web.ts';
import { silentLog } from '../../src/platform/log.ts';
import { sql } from '../../src/platform/database/index.ts';
import { proposeEdition } from '../../src/newsroom/index.ts';
import { tokenFor } from '../support/api.ts';
import { addAccount, csrfOf, enterDesk } from '../support/desk.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';

// Every route of both servers, tried by everybody, against what it declares. The servers say
// themselves which routes they have.

type Route = DeclaredRoute;

let house: Awaited<ReturnType<typeof openHouse>>;
let desk: FastifyInstance;
let base: string;
let routes: Route[];
let readerRoutes: Route[];

beforeAll(async () => {
  house = await openHouse({ inbox: true });
  const { db } = house.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  await addReaders(db, newsletter.id, 2);
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  desk = deskServer(house, () => 1);
  await desk.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(desk.server.address() as { port: number }).port}`;
  routes = desk.declaredRoutes;
  const readers = readersServer(house);
  await readers.ready();
  readerRoutes = readers.declaredRoutes;
  await readers.close();
});
afterAll(async () => {
  await desk.close();
  await house.remove();
});

const filled = (url: string) =>
  url
    .replace(':sessionId', 'f'.repeat(64))
    .replace(':hash', 'f'.repeat(64))
    .replace(':address', 'reader.1@readers.example')
    .replace(/:\w+/g, '1');

function call({ method, url }: Route, headers: Record<string, string>): Promise<Response> {
  return fetch(base + filled(url), {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(20_000),
    headers: { ...(method === 'GET' ? {} : { origin: base }), ...headers },
  });
}

/** Was it let in? What it then says of an empty body is another matter. */
async function isIn(answer: Response): Promise<boolean> {
  await answer.body?.cancel();
  if (answer.status === 401 || answer.status === 403) return false;
  return !(answer.status === 303 && /^\/sign-in(\?next|$)/.test(answer.headers.get('location') ?? ''));
}

const isOpen = ({ access }: Route) => ['anyone', 'link', 'half-way'].includes(access.who);
const ofRoles = () => routes.filter((route) => !isOpen(route));
const name = ({ method, url }: Route) => `${method} ${url}`;

test('THREATS 8: a route that does not say who may call it keeps a server from starting', () => {
  const server = createServer({ log: silentLog, trustProxy: false, showProblem: (_request, reply) => reply });
  expect(() => server.get('/open', async () => 'x')).toThrow('does not declare who may call it');
});

test('both servers have routes, and each has its declaration', () => {
  expect(routes.length).toBeGreaterThan(100);
  expect([...routes, ...readerRoutes].filter(({ access }) => access === undefined)).toEqual([]);
  // What pages load is for everybody.
  const open = routes.filter((route) => isOpen(route) && !route.url.startsWith('/assets/')).map(name);
  expect(open.toSorted()).toEqual(
    [
      'GET /api',
      'GET /api/v1/openapi.json',
      'GET /enter/:token',
      'GET /forgotten',
      'GET /join/:token',
      'GET /media/:file',
      'GET /second-factor',
      'GET /sign-in',
      'POST /forgotten',
      'POST /join/:token',
      'POST /second-factor',
      'POST /sign-in',
    ].toSorted(),
  );
  // Readers' pages are open to all or to whoever has the link.
  expect(readerRoutes.filter((route) => !isOpen(route))).toEqual([]);
});

test('THREATS 8, 20: without anything, with what is forged, expired, revoked or ended, every other route is closed', async () => {
  const { db } = house.database;
  const expired = await tokenFor(house);
  const revoked = await tokenFor(house);
  const shut = await tokenFor(house, { role: 'administrator', address: 'shut@review.example' });
  await sql`update api_tokens set expires_at = now() - interval '1 second' where id = 1`.execute(db);
  await sql`update api_tokens set revoked_at = now() where id = 2`.execute(db);
  await sql`update accounts set disabled_at = now() where address_key = 'shut@review.example'`.execute(db);
  const web = { deskUrl: base } as never;
  const ended = await enterDesk(house, web);
  const idle = await enterDesk(house, web);
  await sql`update sessions set seen_at = seen_at - interval '8 days'`.execute(db);
  const waiting = await enterDesk(house, web);
  await sql`update sessions set state = 'factor' where seen_at > now() - interval '1 hour'`.execute(db);
  await sql`delete from sessions where hash in (select hash from sessions order by created_at limit 1)`.execute(db);
  const credentials: Record<string, string>[] = [
    {},
    { authorization: 'Bearer rup_0000000000000000000000000000000000000000' },
    { authorization: 'Bearer ' },
    { authorization: 'Basic YWRtaW46YWRtaW4=' },
    { authorization: `Bearer ${expired}` },
    { authorization: `Bearer ${revoked}` },
    { authorization: `Bearer ${shut}` },
    { cookie: `${ended.split('=')[0]}=forged` },
    { cookie: ended },
    { cookie: idle },
    { cookie: waiting },
  ];
  const wrong: string[] = [];
  for (const route of ofRoles())
    for (const [index, headers] of credentials.entries())
      if (await isIn(await call(route, headers))) wrong.push(`${name(route)} with ${index}`);
  expect(wrong).toEqual([]);
}, 60_000);

test.each(ROLES)(
  'THREATS 8: a session of a %s gets what the role may, and nothing else',
  async (role) => {
    const wrong: string[] = [];
    let [cookie, csrf, isSpent] = ['', '', true];
    for (const route of ofRoles()) {
      // What changes something may have ended the session: after that there is a fresh one.
      if (isSpent) {
        await reset(role);
        cookie = await enterDesk(house, { deskUrl: base } as never, { role });
        csrf = await csrfOf({ deskUrl: base } as never, cookie);
      }
      const may = isAtLeast(role, (route.access as { who: Role }).who);
      const answer = await call(route, { cookie, 'x-csrf-token': csrf, 'if-match': '*' });
      const wasIn = await isIn(answer);
      isSpent = wasIn && route.method !== 'GET';
      if (wasIn !== may && !isOwnRefusal(route, answer)) wrong.push(`${name(route)}: ${answer.status}`);
    }
    expect(wrong).toEqual([]);
  },
  90_000,
);

test.each(ROLES)(
  'THREATS 8: a token of a %s gets what the role and its scopes may',
  async (role) => {
    await reset(role);
    const all = await tokenFor(house, { role });
    const wrong: string[] = [];
    for (const route of ofRoles()) {
      await reset(role);
      const { who, scope } = route.access as { who: Role; scope?: Scope };
      const may = scope !== undefined && isAtLeast(role, who);
      const headers = { authorization: `Bearer ${all}`, 'if-match': '*' };
      if ((await isIn(await call(route, headers))) !== may) wrong.push(`${name(route)} with all scopes`);
      if (!may || scope === undefined) continue;
      const others = SCOPES.filter((one) => one !== scope);
      const less = await tokenFor(house, { role }, { scopes: others });
      if (await isIn(await call(route, { authorization: `Bearer ${less}`, 'if-match': '*' })))
        wrong.push(`${name(route)} without ${scope}`);
    }
    expect(wrong).toEqual([]);
  },
  90_000,
);

/** Puts an account back as it was made: routes that were let in may have shut it. */
async function reset(role: Role): Promise<void> {
  await addAccount(house, { role });
  await sql`update accounts set disabled_at = null, role = ${role} where address_key = ${`${role}@review.example`}`.execute(
    house.database.db,
  );
}

/** A form that asks for the password refuses one that is not given, after the door has let it in. */
function isOwnRefusal({ url }: Route, answer: Response): boolean {
  return answer.status === 403 && /^\/account\/(password|factor|recovery-codes)/.test(url);
}

test('THREATS 8, 25: what a route declares as the whole house’s is closed to accounts and tokens of some newsletters', async () => {
  const { db } = house.database;
  const other = (await sql<{ id: number }>`select id from newsletters where slug = 'other'`.execute(db)).rows[0]!.id;
  const secrets = [
    await tokenFor(house, { address: 'part@review.example', newsletterIds: [other] }),
    await tokenFor(house, {}, { newsletterIds: [other] }),
  ];
  const closed = routes.filter(({ access }) => 'wholeHouse' in access && access.wholeHouse === true);
  expect(closed.length).toBeGreaterThanOrEqual(35);
  const wrong: string[] = [];
  for (const secret of secrets)
    for (const route of closed) {
      const { status } = await call(route, { authorization: `Bearer ${secret}` });
      if (status !== 403) wrong.push(`${name(route)}: ${status}`);
    }
  expect(wrong).toEqual([]);
});

test('THREATS 8, 25: what belongs to another newsletter is not there for an account that is for one', async () => {
  const { db } = house.database;
  const other = (await sql<{ id: number }>`select id from newsletters where slug = 'other'`.execute(db)).rows[0]!.id;
  const token = await tokenFor(house, { role: 'editor', address: 'limited@review.example', newsletterIds: [other] });
  const half = await tokenFor(house, { role: 'administrator' }, { newsletterIds: [other] });
  const about = routes.filter(
    ({ url }) => url.startsWith('/api/v1') && /:(editionId|newsletterId|subscriberId)/.test(url),
  );
  expect(about.length).toBeGreaterThanOrEqual(40);
  const wrong: string[] = [];
  for (const secret of [token, half])
    for (const route of about) {
      const ground = route.url.endsWith('/imports') ? '?ground=x' : '';
      const answer = await fetch(base + filled(route.url) + ground, {
        method: route.method,
        headers: {
          authorization: `Bearer ${secret}`,
          'if-match': '*',
          ...(route.method === 'GET' || route.method === 'DELETE' ? {} : { 'content-type': bodyTypeOf(route) }),
        },
        ...(route.method === 'GET' || route.method === 'DELETE' ? {} : { body: bodyFor(route) }),
      });
      const text = await answer.text();
      if (![403, 404].includes(answer.status)) wrong.push(`${name(route)}: ${answer.status} ${text.slice(0, 200)}`);
    }
  expect(wrong).toEqual([]);
  const get = async (path: string) =>
    (await (await fetch(`${base}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).json()) as {
      items: { id: number }[];
    };
  expect((await get('/newsletters')).items.map(({ id }) => id)).toEqual([other]);
  for (const list of [
    '/editions',
    '/editions?newsletterId=1',
    '/subscribers',
    '/subscribers?newsletterId=1',
    '/imports',
  ])
    expect((await get(list)).items).toEqual([]);
});

function bodyTypeOf({ url }: Route): string {
  return /\/import(s|-previews)$/.test(url) ? 'text/csv' : 'application/json';
}

/** A body that would be right: who is refused is refused for what it is about. */
function bodyFor({ method, url }: Route): string {
  if (/\/import(s|-previews)$/.test(url)) return 'email\nx@y.example\n';
  const bodies: [RegExp, unknown][] = [
    [/\/comments$/, { comment: 'x' }],
    [/\/test-sends$/, { to: 'me@example.net' }],
    [/\/segment-tests$/, { segment: 'name is x' }],
    [/\/audience$/, { segment: null }],
    [/\/segments$/, { name: 'x', filter: 'name is x' }],
    [/\/segment-counts$/, { filter: 'name is x' }],
    [/\/retries$/, { states: ['refused'] }],
    [/\/corrections$/, { for: 'left' }],
    [/\/sending$/, method === 'PATCH' ? { state: 'paused' } : {}],
    [/\/acknowledgements$/, { decision: 'take' }],
    [/\/revisions$/, { restore: 1 }],
    [/\/blocks\/:blockId$/, { section: 'lead', block: { kind: 'divider', after: 0 } }],
    [/\/marks\//, { mark: 'hold' }],
    [/\/pieces\/:pieceId$/, method === 'PUT' ? { section: 'lead' } : { title: 'x' }],
    [
      /\/newsletters\/:newsletterId$/,
      {
        name: 'x',
        settings: {
          sender: { name: 'x', address: 'x@y.example' },
          sections: [{ key: 'lead', title: '', layout: 'lead', max: 1 }],
        },
      },
    ],
    [/\/editions\/:editionId$/, { subject: 'x' }],
  ];
  return JSON.stringify(bodies.find(([pattern]) => pattern.test(url))?.[1] ?? {});
}

test('a cookie changes nothing without its token, and not from elsewhere', async () => {
  const cookie = await enterDesk(house, { deskUrl: base } as never);
  const csrf = await csrfOf({ deskUrl: base } as never, cookie);
  const another = await enterDesk(house, { deskUrl: base } as never, { address: 'x@review.example' });
  const foreign = await csrfOf({ deskUrl: base } as never, another);
  const changing = ofRoles().filter(({ method }) => method !== 'GET');
  const wrong: string[] = [];
  for (const route of changing)
    for (const headers of [
      { cookie },
      { cookie, 'x-csrf-token': foreign },
      { cookie, 'x-csrf-token': csrf, origin: 'https://evil.example' },
      { cookie, 'x-csrf-token': csrf, origin: 'null' },
      { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[])
      if (await isIn(await call(route, headers))) wrong.push(`${name(route)} ${JSON.stringify(Object.keys(headers))}`);
  expect(wrong).toEqual([]);
}, 60_000);
