import fc from 'fast-check';
import { sql } from '../../src/platform/database/index.ts';
import {
  type Filter,
  compileFilter,
  countMembers,
  estimateMembers,
  filterText,
  firstMembers,
  parseFilter,
} from '../../src/subscribers/index.ts';
import { keepSegment, audienceOf, readFilter } from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { addNewsletter } from '../support/house.ts';

let database: TestDatabase;
const context = { language: 'en', timeZone: 'America/New_York' };

beforeAll(async () => {
  database = await freshDatabase();
  const { db } = database;
  await addNewsletter(db, { topics: [{ key: 'asia', title: 'Asia' }] });
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'daily');
  // ana: Asia, French, gold; bo: all topics, 40 years; cy: Africa, left; dee: paused; eve: suppressed; flo: reads the daily, too.
  await sql`insert into subscribers (address, address_key, domain, name, language, attributes, created_at)
    select n || '@' || d, n || '@' || d, d, initcap(n), l, a::jsonb, '2025-06-01' from (values
      ('ana', 'example.org', 'fr', '{"plan": "Gold card", "country": "PT"}'), ('bo', 'b.example', '', '{"age": "40"}'),
      ('cy', 'example.org', 'es', '{"age": "9"}'), ('dee', 'd.example', 'fr', '{}'), ('eve', 'e.example', 'en', '{}'),
      ('flo', 'f.gov', 'ar', '{"age": "old"}')) v(n, d, l, a)`.execute(db);
  await sql`insert into subscriptions (newsletter_id, subscriber_id, state, since, topics, paused_until)
    select 1, id, (case name when 'Cy' then 'unsubscribed' else 'active' end)::subscription_state,
      case name when 'Ana' then '2026-01-31 23:30-05'::timestamptz when 'Bo' then now() - interval '5 days' else '2025-01-01' end,
      case name when 'Ana' then '{asia}'::text[] when 'Cy' then '{africa}' else '{}' end,
      case name when 'Dee' then now() + interval '1 day' end from subscribers`.execute(db);
  await sql`insert into subscriptions (newsletter_id, subscriber_id, state) select 2, id, 'active' from subscribers where name = 'Flo'`.execute(
    db,
  );
  await sql`insert into suppressions (address_key, reason) values ('eve@e.example', 'complaint')`.execute(db);
});
afterAll(() => database.drop());

const members = async (text: string) => {
  const found = await firstMembers(database.db, { newsletterId: 1, filter: parseFilter(text), context }, 100);
  return found.map(({ name }) => name).join(' ');
};

test.each([
  ['topic is asia', 'Ana Bo Flo'],
  ['not topic is asia', ''],
  ['language is fr', 'Ana'],
  ['language in (en, ar)', 'Bo Flo'],
  ['language is not ar', 'Ana Bo'],
  ['attributes.plan is "gold card"', 'Ana'],
  ['attributes.plan is not "gold card"', 'Bo Flo'],
  ['attributes.plan is set and attributes.country = pt', 'Ana'],
  ['attributes.plan is not set', 'Bo Flo'],
  ['attributes.age >= 9.5', 'Bo'],
  ['attributes.age > 9', 'Bo'],
  ['attributes.age > middle', 'Flo'],
  ['name begins with A or domain ends with ".GOV"', 'Ana Flo'],
  ['address contains "@example"', 'Ana'],
  ['address contains "%"', ''],
  ['newsletter is daily', 'Flo'],
  ['not newsletter is daily and not (language is fr)', 'Bo'],
  ['subscribed in the last 30 days', 'Bo'],
  ['subscribed not in the last 2 weeks', 'Ana Flo'],
  // Half past eleven at night in New York, the next day elsewhere.
  ['subscribed on 2026-01-31', 'Ana'],
  ['subscribed after 2026-01-31', 'Bo'],
  ['subscribed before 2026-01-31', 'Flo'],
  ['subscribed since 2026-01-31', 'Ana Bo'],
  ['known before 2020-01-01', ''],
  ['cadence is 0', 'Ana Bo Flo'],
  ['name is ΦΛΟ', ''],
  ['domain in (B.example, münchen.example)', 'Bo'],
  ['status is unsubscribed', 'Cy'],
  ['status is paused or status is suppressed', 'Dee Eve'],
  ['status is active', 'Ana Bo Flo'],
  ['status in (active, paused) and language is fr', 'Ana Dee'],
])('%s', async (text, expected) => {
  expect(await members(text)).toBe(expected);
});

test.each([
  ['', 'at its end: expected a field'],
  ['contry is PT', 'at character 1, “contry”: expected a field'],
  ['language is', 'at its end: expected a value'],
  ['language contains fr', 'at character 10, “contains”: expected "is", "is not", "in" or "not in"'],
  ['language is fr or', 'at its end: expected a field'],
  ['(language is fr', 'at its end: expected ")"'],
  ['language is fr)', 'at character 15, “)”: expected "and", "or" or the end'],
  ['subscribed after yesterday', 'at character 18, “yesterday”: expected a date'],
  ['subscribed after 2026-02-30', 'expected a date'],
  ['known since 0000-01-01', 'expected a date'],
  ['subscribed in the last 10000 years', 'expected a number of days'],
  ['subscribed in the last 3 fortnights', 'expected a number of days'],
  ['name is "Ana', 'at character 9: a quote is not closed'],
  ['attributes. is x', 'expected a field'],
  ['constructor is x', 'expected a field'],
  ['language is fr; drop table subscribers', 'expected "and", "or" or the end'],
  [`${'('.repeat(40)}`, 'too many brackets'],
  [`${'not '.repeat(40)}`, 'too often'],
  [Array.from({ length: 101 }, () => 'name is a').join(' and '), 'more than 100 conditions'],
])('“%s” is refused in words', (text, words) => {
  expect(() => parseFilter(text)).toThrow(
    expect.objectContaining({ code: 'input-invalid', message: expect.stringContaining(words) }),
  );
});

test('a choice that there is not is named, with those that there are', async () => {
  const { db } = database;
  await expect(readFilter(db, 1, 'topic is asai')).rejects.toMatchObject({
    message: 'There is no topic “asai”.',
    hint: 'There are: asia',
  });
  await expect(readFilter(db, 1, 'newsletter is wekly')).rejects.toMatchObject({ hint: 'There are: weekly, daily' });
  await expect(readFilter(db, 1, 'status is gone')).rejects.toMatchObject({ code: 'input-invalid' });
  await expect(readFilter(db, 2, 'topic is asia')).rejects.toMatchObject({ hint: 'This newsletter has no topics.' });
});

test('what is written comes out in its usual form, and means the same', async () => {
  const usual = (text: string) => filterText(parseFilter(text));
  expect(usual('NAME = "x"  and (language is fr OR language is es)')).toBe(
    'name is x and (language is fr or language is es)',
  );
  expect(usual('not (name is a and name is b) or name is "and"')).toBe(
    'not (name is a and name is b) or name is "and"',
  );
  expect(usual('subscribed in last 2 months')).toBe('subscribed in the last 60 days');
  expect(usual('name is "say \\"hi\\" \\\\ there"')).toBe('name is "say \\"hi\\" \\\\ there"');
  const word = fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.constantFrom('and', 'not', 'set', "'; --", '%', '\\', '"'),
  );
  const text = fc.record({
    field: fc.constantFrom('name', 'address', 'attributes.plan', 'attributes.größe'),
    op: fc.constantFrom('is', 'contains', 'begins', 'ends', '<', '>=') as fc.Arbitrary<'is'>,
    values: fc.tuple(word),
  });
  const choice = fc.record({
    field: fc.constantFrom('topic', 'language', 'newsletter', 'name'),
    op: fc.constant('is' as const),
    values: fc.array(word, { minLength: 1, maxLength: 3 }),
  });
  const { filter } = fc.letrec<{ filter: Filter; many: Filter[] }>((tie) => ({
    many: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      text as fc.Arbitrary<Filter>,
      choice,
      fc.record({ not: tie('filter') }),
      fc.record({ all: tie('many') }),
      fc.record({ any: tie('many') }),
    ),
  }));
  await fc.assert(
    fc.asyncProperty(filter, async (given) => {
      const text = filterText(given);
      const read = parseFilter(text);
      expect(filterText(read)).toBe(text);
      // THREATS: whatever somebody writes, it is a parameter, and the statement runs.
      const [a, b] = [given, read].map((one) => compileFilter(one, context));
      const { rows } = await sql<{ a: string; b: string }>`
        select (select string_agg(p.name, ' ' order by p.id) from subscriptions s join subscribers p on p.id = s.subscriber_id where ${a!}) as a,
          (select string_agg(p.name, ' ' order by p.id) from subscriptions s join subscribers p on p.id = s.subscriber_id where ${b!}) as b`.execute(
        database.db,
      );
      expect(rows[0]!.a).toBe(rows[0]!.b);
    }),
    { numRuns: 300 },
  );
});

test('a segment is found by its name, capitals aside, and kept in its usual form', async () => {
  const { db } = database;
  const kept = await keepSegment(
    { db, clock: systemClock },
    1,
    { name: 'Gold', filter: 'attributes.plan="gold card"' },
    'a test',
  );
  expect(kept.filter).toBe('attributes.plan is "gold card"');
  expect(await audienceOf(db, 1, ' gold')).toEqual({ name: 'Gold', filter: kept.filter });
  expect(await audienceOf(db, 1, 'name is x')).toEqual({ name: '', filter: 'name is x' });
  const again = await keepSegment({ db, clock: systemClock }, 1, { name: 'GOLD', filter: 'name is Ana' }, 'a test');
  expect([again.id, again.name]).toEqual([kept.id, 'GOLD']);
});

test('of a long list it is said at once about how many, and then exactly', async () => {
  const fresh = await freshDatabase();
  const { db } = fresh;
  await addNewsletter(db);
  await sql`with p as (insert into subscribers (address, address_key, domain, language)
      select a, a, 'x.example', case when n % 4 = 0 then 'fr' else 'en' end from
      (select n, 'r' || n || '@x.example' as a from generate_series(1, 120000) n) x returning id)
    insert into subscriptions (newsletter_id, subscriber_id, state) select 1, id, 'active' from p`.execute(db);
  await sql`analyze subscriptions`.execute(db);
  const of = { newsletterId: 1, filter: parseFilter('language is fr'), context };
  const { count, isExact } = await estimateMembers(db, of);
  expect(isExact).toBe(false);
  expect(Math.abs(count - 30_000)).toBeLessThan(3_000);
  expect(await countMembers(db, of)).toBe(30_000);
  await fresh.drop();
}, 60_000);

test('capitals are the database’s to make small, on both sides', async () => {
  const { db } = database;
  const of = (text: string) => countMembers(db, { newsletterId: 1, filter: parseFilter(text), context });
  for (const name of ['ΟΔΟΣ', 'İnci', 'straße', 'É'.normalize('NFD')]) {
    await sql`update subscribers set attributes = ${JSON.stringify({ x: name.normalize('NFC') })}::jsonb where name = 'Bo'`.execute(
      db,
    );
    expect([name, await of(`attributes.x is "${name}"`), await of(`attributes.x contains "${name}"`)]).toEqual([
      name,
      1,
      1,
    ]);
  }
});
