import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { importList, importSuppressionList } from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { sql } from '../../src/platform/database/index.ts';
import { exportAsCsv, exportAsJson, exportSuppressions, findSuppression } from '../../src/subscribers/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { importFile } from '../support/importing.ts';
import { addNewsletter } from '../support/house.ts';

let database: TestDatabase;
const folder = mkdtempSync(path.join(tmpdir(), 'roundup-export-'));

beforeEach(async () => {
  database = await freshDatabase();
  await addNewsletter(database.db);
});
afterEach(() => database.drop());
afterAll(() => rmSync(folder, { recursive: true }));

const file = (content: string) => {
  const name = path.join(folder, 'list.csv');
  writeFileSync(name, content);
  return name;
};
async function whole(rows: AsyncGenerator<string>): Promise<string> {
  let text = '';
  for await (const row of rows) text += row;
  return text;
}
const importIt = (content: string) =>
  importList({ db: database.db, clock: systemClock }, file(content), { newsletterId: 1, ground: 'a test' }, 'a test');

test('THREATS 21: formula cells are defused on the way out, and are what they were on the way in again', async () => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '＝cmd', '"quoted", with comma', "'twas", 'plain'];
  const quoted = names.map((name, n) => `r${n}@example.org,"${name.replaceAll('"', '""')}"`);
  await importIt(`email,name\n${quoted.join('\n')}\n`);
  const csv = await whole(exportAsCsv(database.db, 1));
  for (const line of csv.split('\r\n').slice(1)) expect(line.split(',')[1] ?? '').not.toMatch(/^"?[=+\-@＝]/);
  const fresh = await freshDatabase();
  await addNewsletter(fresh.db);
  await importFile(fresh.db, file(csv));
  const { rows } = await sql<{ name: string }>`select name from subscribers order by id`.execute(fresh.db);
  expect(rows.map(({ name }) => name)).toEqual(names);
  await fresh.drop();
});

test('who has left, and who is suppressed, is so in what is read from it again', async () => {
  await importIt('email,status\na@example.org,\nb@example.org,unsubscribed\nc@example.org,\n');
  await sql`insert into suppressions (address_key, reason) values ('c@example.org', 'complaint')`.execute(database.db);
  const csv = await whole(exportAsCsv(database.db, 1));
  const fresh = await freshDatabase();
  await addNewsletter(fresh.db);
  const report = await importFile(fresh.db, file(csv));
  expect(report).toMatchObject({ subscribed: 1, leftElsewhere: 1, struck: 1 });
  await fresh.drop();
  const json = (await whole(exportAsJson(database.db, 1)))
    .trim()
    .split('\n')
    .map((line: string) => JSON.parse(line) as object);
  expect(json[2]).toMatchObject({ address: 'c@example.org', newsletter: 'weekly', state: 'active', suppressed: true });
});

test('a list of any length takes a page at a time', async () => {
  await sql`with p as (insert into subscribers (address, address_key, domain) select a, a, 'x.example' from
      (select 'r' || n || '@x.example' as a from generate_series(1, 4500) n) x returning id)
    insert into subscriptions (newsletter_id, subscriber_id, state) select 1, id, 'active' from p`.execute(database.db);
  const pages: string[] = [];
  for await (const page of exportAsCsv(database.db, 1)) pages.push(page);
  expect(pages).toHaveLength(4);
  expect(new Set(pages.join('').split('\r\n')).size).toBe(4_502);
});

test('a suppression list by hashes: whom we know is suppressed at once, whom we do not is kept out at every door', async () => {
  const { db } = database;
  await importIt('email\nknown@example.org\n');
  const hash = (address: string, algorithm = 'sha256') => createHash(algorithm).update(address).digest('hex');
  const list = `sha256\n${hash('known@example.org')}\n${hash('later@example.org').toUpperCase()}\n${hash('old@example.org', 'md5')}\nplain@example.org\nnonsense\n`;
  expect(await importSuppressionList({ db }, file(list), 'from a partner', 'a test')).toMatchObject({
    lines: 5,
    addresses: 1,
    hashes: 3,
    matched: 1,
    invalid: 1,
    problems: [{ line: 6, reason: 'there is neither an address nor a hash of one' }],
  });
  const { report } = await importIt(
    'email\nLater@example.org\nold@example.org\nplain@example.org\nfresh@example.org\n',
  );
  expect(report).toMatchObject({ subscribed: 1, suppressed: 3 });
  expect((await findSuppression(db, 'LATER@example.org'))?.detail).toBe('from a partner');
  // What goes out names nobody, and can be taken in again.
  const out = await whole(exportSuppressions(db));
  expect(out).not.toContain('@');
  const fresh = await freshDatabase();
  expect(await importSuppressionList({ db: fresh.db }, file(out), '', 'a test')).toMatchObject({
    invalid: 0,
    hashes: 4,
  });
  await fresh.drop();
});
