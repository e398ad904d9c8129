import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { OpenApiDocument } from '../../../src/http/api/openapi.ts';
import { SCOPES } from '../../../src/accounts/index.ts';
import { type Web, startWeb } from '../../../src/http/index.ts';
import { approveEdition, proposeEdition, sendEdition } from '../../../src/newsroom/index.ts';
import { deliverBatch } from '../../../src/dispatch/index.ts';
import { sql } from '../../../src/platform/database/index.ts';
import { makeWebhook } from '../../../src/webhooks/index.ts';
import { tokenFor } from '../../support/api.ts';
import { enterDesk, csrfOf } from '../../support/desk.ts';
import { HOSTILE, anything, resolve, valueOf } from '../../support/schemaValues.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../../support/house.ts';

// The API against its own document: whatever is sent, it never answers with a fault, and never with something else than it says.

type Json = Record<string, unknown>;
interface Documented {
  method: string;
  path: string;
  operation: Json & {
    operationId: string;
    parameters?: Parameter[];
    requestBody?: Json;
    responses: Record<string, Json>;
  };
}
interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Json;
}

const RUNS = Number(process.env.ROUNDUP_FUZZ_RUNS ?? 20);

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let document: OpenApiDocument;
let operations: Documented[];
let token: string;
let cookie: string;
let csrf: string;
let ajv: Ajv2020.default;
const faults: string[] = [];

beforeAll(async () => {
  house = await openHouse({ inbox: true });
  Object.assign(house.log, {
    error: (what: string, facts: Json) => void (what === 'a request failed' && faults.push(JSON.stringify(facts))),
  });
  const { db } = house.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  const minutesAgo = (n: number) => new Date(Date.now() - n * 60_000).toISOString();
  await addPieces(
    db,
    Array.from({ length: 12 }, (_, n) => ({ slug: `p${n}`, publishedAt: minutesAgo(60 + n), authors: [`W ${n}`] })),
  );
  await addReaders(db, newsletter.id, 5);
  const propose = () =>
    db.transaction().execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  await propose();
  const newsroom = await house.newsroom();
  await approveEdition(newsroom, 1, 'a test');
  await sendEdition(newsroom, 1, 'a test');
  await deliverBatch(house.dispatchDeps(), 1, 0);
  await addPieces(
    db,
    Array.from({ length: 6 }, (_, n) => ({ slug: `q${n}`, publishedAt: minutesAgo(1), authors: [`V ${n}`] })),
  ).catch(() => {});
  // Nothing outside is asked: there nobody listens.
  await sql`update sources set url = 'http://127.0.0.1:1/feed', is_local = true, completes = false`.execute(db);
  await sql`update pieces set completed_at = now()`.execute(db);
  const parts = { db, clock: house.clock, keys: house.config.keys };
  const hook = {
    name: 'A hook',
    url: 'https://hooks.example/',
    events: ['test' as const],
    newsletterIds: null,
    isLocal: false,
  };
  await makeWebhook(parts, hook, 'a test');
  web = await startWeb(house);
  document = (await (await fetch(`${web.deskUrl}/api/v1/openapi.json`)).json()) as OpenApiDocument;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => ({ method: method.toUpperCase(), path, operation }) as Documented,
    ),
  );
  token = await tokenFor(house, { role: 'administrator', address: 'fuzz@review.example' });
  await tokenFor(house, { role: 'administrator', address: 'session@review.example' });
  cookie = await enterDesk(house, web, { address: 'session@review.example' });
  csrf = await csrfOf(web, cookie);
  ajv = new Ajv2020.default({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'doc', components: document.components }, 'doc');
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

const components = () => document.components.schemas as Record<string, Json>;

/** The schema of what an answer may hold, with its references into the document. */
function checkOf(schema: Json) {
  return ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"doc#/components/')) as Json);
}

test('the document is a valid OpenAPI 3.1 document, and says everything that there is', async () => {
  const result = await new Validator().validate(structuredClone(document));
  expect([result.valid, result.errors]).toEqual([true, undefined]);
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(75);
  const nouns = [
    'publication',
    'newsletters',
    'sources',
    'pieces',
    'editions',
    'subscribers',
    'imports',
    'suppressions',
    'media',
    'accounts',
    'tokens',
    'webhooks',
    'audit',
  ];
  for (const noun of nouns) expect(operations.some(({ path }) => path.includes(`/${noun}`))).toBe(true);
  const scopes = new Set(operations.map(({ operation }) => operation['x-scope']).filter((scope) => scope !== null));
  expect(SCOPES.filter((scope) => !scopes.has(scope))).toEqual([]);
});

interface Sent {
  url: string;
  init: RequestInit;
}

/** What the account of the test lives by is left alone: who shuts itself out tests nothing after that. */
const SPARED = new Set(['changeAccount', 'removeFactor', 'revokeToken', 'endMySession']);

function requestFor({ method, path, operation }: Documented): fc.Arbitrary<Sent> {
  const parameters = operation.parameters ?? [];
  const pathValues = parameters.filter((one) => one.in === 'path');
  const queryValues = parameters.filter((one) => one.in === 'query');
  const id = fc.oneof(
    {
      weight: 6,
      arbitrary: SPARED.has(operation.operationId)
        ? fc.constantFrom('999', '4711')
        : fc.constantFrom('1', '1', '2', '999'),
    },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE, '0', '-1', '1.5', '9007199254740993', 'NaN', '1e3') },
  );
  const content = (operation.requestBody as { content?: Record<string, { schema: Json }> } | undefined)?.content;
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  const body: fc.Arbitrary<unknown> =
    type === undefined
      ? fc.constantFrom(undefined, undefined, {})
      : type === 'application/json'
        ? fc.oneof({ weight: 14, arbitrary: valueOf(media!.schema, components()) }, { weight: 1, arbitrary: anything })
        : fc.oneof(
            fc.uint8Array({ maxLength: 200 }),
            fc.constantFrom('email\nx@y.example\n', 'PK\u0003\u0004', '<svg onload=alert(1)>'),
          );
  return fc
    .record({
      path: fc.tuple(
        ...pathValues.map((one) => (one.name === 'address' ? fc.constantFrom('x@y.example', ...HOSTILE) : id)),
      ),
      query: fc.record(Object.fromEntries(queryValues.map((one) => [one.name, valueOf(one.schema, components())])), {
        requiredKeys: queryValues.filter((one) => one.required).map((one) => one.name),
      }),
      extra: fc.oneof(
        { weight: 9, arbitrary: fc.constant('') },
        {
          weight: 1,
          arbitrary: fc.constantFrom('&unknown=1', '&limit=0', '&cursor=W10', '&cursor=WzFd', '&__proto__[x]=1'),
        },
      ),
      body,
      seen: fc.oneof(
        { weight: 8, arbitrary: fc.constant('*') },
        { weight: 1, arbitrary: fc.constantFrom('"1"', 'x', '', '"99999999999"') },
      ),
      isRaw: fc.oneof(
        { weight: 19, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constantFrom('{', 'null', '"x"', '[1]', '\u0000') },
      ),
    })
    .map(({ path: values, query, extra, body, seen, isRaw }) => {
      let filled = path;
      for (const [index, { name }] of pathValues.entries())
        filled = filled.replace(`{${name}}`, encodeURIComponent(asText(values[index])));
      const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(asText(value))}`);
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : undefined;
      const sent =
        isRaw !== undefined && type === 'application/json'
          ? isRaw
          : (bytes ?? (body === undefined ? undefined : JSON.stringify(body)));
      const isBodied = sent !== undefined && method !== 'GET';
      const isSession = operation['x-scope'] === null;
      return {
        url: `${web.deskUrl}/api/v1${filled}?${pairs.join('&')}${extra}`,
        init: {
          method,
          headers: {
            ...(isSession
              ? { cookie, 'x-csrf-token': csrf, origin: web.deskUrl }
              : { authorization: `Bearer ${token}` }),
            'if-match': seen,
            ...(isBodied ? { 'content-type': type ?? 'application/json' } : {}),
          },
          ...(isBodied ? { body: sent as string } : {}),
        },
      };
    });
}

function asText(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed();
}

async function holds({ operation }: Documented, { url, init }: Sent): Promise<void> {
  const gone = new AbortController();
  const answer = await fetch(url, {
    ...init,
    redirect: 'manual',
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(25_000)]),
  });
  const { status } = answer;
  const type = answer.headers.get('content-type')?.split(';')[0] ?? '';
  if (type === 'text/event-stream') return gone.abort();
  const text = await answer.text();
  const told = `${init.method} ${url} ${String(init.body).slice(0, 400)} → ${status} ${text.slice(0, 400)}`;
  // What another server does not give is that server's doing.
  const isOutside = status === 502 && /"code":"(fetch|smtp)-failed"/.test(text);
  if (status >= 500 && !isOutside) throw new Error(`a fault: ${told} ${faults.at(-1) ?? ''}`);
  if (status === 304) return;
  const documented = operation.responses[String(status)] ?? (status >= 400 ? operation.responses.default : undefined);
  if (documented === undefined) throw new Error(`a status that is not in the document: ${told}`);
  const content = documented.content as Record<string, { schema: Json }> | undefined;
  if (content === undefined) {
    if (text !== '') throw new Error(`a body where none is documented: ${told}`);
    return;
  }
  const media = content[type];
  if (media === undefined) throw new Error(`a type that is not in the document (${type}): ${told}`);
  if (!/[/+]json$/.test(type)) return;
  const check = checkOf(media.schema);
  if (!check(JSON.parse(text))) throw new Error(`not as its schema says (${ajv.errorsText(check.errors)}): ${told}`);
  if (
    /\/work\/|node_modules|at \w+ \(|postgres:\/\/|select .* from/i.test(
      text.replace(/"(detail|message)":"[^"]*"/g, ''),
    )
  )
    throw new Error(`it tells of its insides: ${told}`);
}

test('whatever is sent to any operation, the answer is no fault and is as the document says', async () => {
  const wrong: string[] = [];
  for (const documented of operations) {
    const property = fc.asyncProperty(requestFor(documented), (sent) => holds(documented, sent));
    const result = await fc.check(property, { numRuns: RUNS, seed: 20261125, endOnFailure: true });
    if (result.failed)
      wrong.push(`${documented.operation.operationId}: ${String((result.errorInstance as Error)?.message)}`);
  }
  expect(wrong).toEqual([]);
  expect(faults).toEqual([]);
  expect(resolve({ $ref: '#/components/schemas/Edition' }, components()).type).toBe('object');
}, 240_000);

test('THREATS 7: what looks like SQL is text everywhere, and nothing is gone', async () => {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from editions`.execute(house.database.db);
  expect(rows[0]!.count).toBeGreaterThanOrEqual(1);
  const began = performance.now();
  for (const payload of ["1' or pg_sleep(3)--", "x'||pg_sleep(3)||'", '1);select pg_sleep(3)--'])
    for (const path of [
      '/pieces?words=',
      '/audit?actor=',
      '/audit?act=',
      '/subscribers?address=',
      '/editions?cursor=',
      '/editions/1/deliveries?address=',
    ])
      expect(
        (
          await fetch(`${web.deskUrl}/api/v1${path}${encodeURIComponent(payload)}`, {
            headers: { authorization: `Bearer ${token}` },
          })
        ).status,
      ).toBeLessThan(500);
  expect(performance.now() - began).toBeLessThan(3_000);
});
