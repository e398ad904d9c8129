import fc from 'fast-check';
import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { readerToken } from '../../src/subscribers/index.ts';
import { addNewsletter, addPublication, addReaders, openHouse } from '../support/house.ts';
import { postFields } from '../support/readers.ts';

// The pages that anybody reaches, given whatever anybody sends.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let base: string;

beforeAll(async () => {
  house = await openHouse({ config: { trustProxy: 1 } });
  web = await startWeb(house);
  base = `http://127.0.0.1:${web.port}`;
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, { isPublic: true, archive: 'public', topics: [{ key: 'asia', title: 'Asia' }] });
  await addReaders(db, 1, 2);
});
afterAll(async () => {
  await web.close();
  await house.remove();
});

const HOSTILE = [
  '',
  "' or 1=1 --",
  "'; drop table subscribers; --",
  '%',
  '\\',
  '\0',
  '\uD800',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '{{constructor}}',
  '${7*7}',
  '-1',
  '1e309',
  '99999999999999999999',
  'NaN',
  '__proto__',
  'constructor',
  'a@b.example\r\nBcc: c@d.example',
  'x'.repeat(20_000),
  '٣',
  '[]',
  '{"$ne":null}',
];
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom('weekly', 'ana@readers.example', '1', 'yes', 'fr') },
);
const FIELDS = [
  'address',
  'name',
  'newsletter',
  'topic',
  'language',
  'form',
  'website',
  'altcha',
  'sure',
  'shown',
  'topic-1',
  'every-1',
  'pause',
  'why',
  'extra',
];
const fields = fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(value, fc.array(value, { maxLength: 3 })));

test('THREATS 24: whatever is sent to readers’ pages, it is no fault, it is written nowhere as HTML, and nothing is gone', async () => {
  const token = (purpose: 'unsubscribe' | 'preferences' | 'view') =>
    readerToken(house.config.keys, purpose, { newsletterId: 1, subscriberId: 1, editionId: 0 });
  const paths = [
    '/subscribe',
    `/p/${token('preferences')}`,
    `/p/${token('preferences')}/link`,
    `/u/${token('unsubscribe')}/why`,
    `/u/${token('unsubscribe')}/undo`,
    '/confirm/k1.1.1.x',
    '/me/k1.1.1.1.x/erasure',
    '/address/k1.1.x',
  ];
  let from = 0;
  const network = () => ({ 'x-forwarded-for': `10.${(++from >> 16) & 255}.${(from >> 8) & 255}.${from & 255}` });
  const check = async (answer: Response, what: unknown) => {
    const html = await answer.text();
    expect([what, answer.status < 500]).toEqual([what, true]);
    expect(html).not.toMatch(/<script>alert|<img src=x|\b49\b.*\$\{/);
    if (answer.headers.get('content-type')?.includes('html'))
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), fields, async (path, given) => {
      await check(await postFields(base + path, given, network()), { path, given });
    }),
    { numRuns: 400 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        '/archive',
        '/archive/weekly',
        '/subscribe',
        '/',
        '/u',
        '/p',
        '/e',
        '/me',
        '/confirm',
        '/archive/weekly/feed.rss',
      ),
      fc.dictionary(
        fc.constantFrom('q', 'year', 'lang', 'newsletter', 'page'),
        fc.array(value, { minLength: 1, maxLength: 2 }),
      ),
      value,
      async (path, query, tail) => {
        const search = new URLSearchParams(
          Object.entries(query).flatMap(([name, values]) => values.map((one): [string, string] => [name, one])),
        );
        for (const url of [
          `${path}?${search}`,
          `${path}/${encodeURIComponent(tail.toWellFormed().slice(0, 2_000))}?${search}`,
        ])
          await check(await fetch(base + url, { redirect: 'manual', headers: network() }), url);
      },
    ),
    { numRuns: 200 },
  );
  const bodies = [
    '{',
    '[]',
    'null',
    '{"address":{}}',
    `${'['.repeat(5_000)}`,
    '{"__proto__":{"admin":true}}',
    '{"address":"a@b.example","newsletters":["weekly"],"name":"\\u0000"}',
  ];
  for (const body of bodies)
    await check(
      await fetch(`${base}/subscribe`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...network() },
      }),
      body,
    );
  const { rows } = await sql<{ people: number; newsletters: number }>`
    select (select count(*)::int from subscribers) as people, (select count(*)::int from newsletters) as newsletters`.execute(
    house.database.db,
  );
  expect(rows[0]).toEqual({ people: 2, newsletters: 1 });
}, 120_000);
