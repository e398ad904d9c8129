import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Newsletter } from '../../src/editions/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { countSubscriptions, endSubscription, listSubscribers, suppressionOf } from '../../src/subscribers/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { importFile } from '../support/importing.ts';
import { addNewsletter } from '../support/house.ts';

let database: TestDatabase;
let newsletter: Newsletter;
const folder = mkdtempSync(path.join(tmpdir(), 'roundup-import-'));

beforeEach(async () => {
  database = await freshDatabase();
  newsletter = await addNewsletter(database.db);
});
afterEach(() => database.drop());
afterAll(() => rmSync(folder, { recursive: true }));

function run(content: string | Buffer) {
  const file = path.join(folder, 'list.csv');
  writeFileSync(file, content);
  return importFile(database.db, file, { newsletterId: newsletter.id });
}

const addresses = async () =>
  (await listSubscribers(database.db, newsletter.id, 100)).map(({ address, name }) => [address, name]);

test.each([
  ['commas', 'Email,Name\na@example.org,Ana\n"b@example.org","Bo, ""the"" second"\n'],
  [
    'Excel: semicolons, a byte order mark, CRLF',
    '\ufeffName;Email Address\r\nAna;a@example.org\r\n"Bo, ""the"" second";b@example.org\r\n',
  ],
  ['tabs', 'e-mail\tfull name\na@example.org\tAna\nb@example.org\tBo, "the" second\n'],
])('%s are read', async (_dialect, content) => {
  expect(await run(content)).toMatchObject({ lines: 2, subscribed: 2, invalid: 0 });
  expect(await addresses()).toEqual([
    ['a@example.org', 'Ana'],
    ['b@example.org', 'Bo, "the" second'],
  ]);
});

test('wrong lines are told by number and stop nothing', async () => {
  const report = await run('email\na@example.org\nnot-one\n\nb@example.org\na@example.org\nx@y\n');
  expect(report).toMatchObject({ lines: 5, subscribed: 2, invalid: 2, repeated: 1 });
  expect(report.problems).toEqual([
    { line: 3, reason: 'this is no mail address', found: 'not-one' },
    { line: 7, reason: 'this is no mail address', found: 'x@y' },
  ]);
});

test('nobody who left or is suppressed is brought back', async () => {
  await run('email\nleft@example.org\nbounced@example.org\nstays@example.org\n');
  const [left, bounced] = await listSubscribers(database.db, newsletter.id, 2);
  await endSubscription(database.db, newsletter.id, left!.id, 'a test');
  await suppressionOf(sql`select ${bounced!.address}::text as key, '' as reason`, 'unknown-mailbox').execute(
    database.db,
  );
  expect(await run('email\nLEFT@example.org\nbounced@example.org\nstays@example.org\nnew@example.org\n')).toMatchObject(
    {
      subscribed: 1,
      alreadySubscribed: 1,
      left: 1,
      suppressed: 1,
    },
  );
  expect(await countSubscriptions(database.db, newsletter.id)).toEqual({ active: 3, pending: 0, unsubscribed: 1 });
});

test('each new reader has a consent with its ground', async () => {
  await run('email\na@example.org\nb@example.org\n');
  const { rows } = await sql<{ ground: string }>`select ground from consents`.execute(database.db);
  expect(rows).toEqual([{ ground: 'a test' }, { ground: 'a test' }]);
});

test('a file without a column of addresses is refused with its header', async () => {
  await expect(run('first,second\n1,2\n')).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('first, second'),
  });
});

test('a list in the encoding of old Excel keeps its names', async () => {
  await run(Buffer.from('email,name\na@example.org,Zoë Müller\n', 'latin1'));
  expect(await addresses()).toEqual([['a@example.org', 'Zoë Müller']]);
});

test.each([folder, path.join(folder, 'nothing-here.csv')])('%s cannot be imported, and says why', async (file) => {
  await expect(importFile(database.db, file, { newsletterId: newsletter.id })).rejects.toMatchObject({
    code: 'input-invalid',
  });
});

test('first and last name are one name', async () => {
  await run('Email,First Name,Last Name\na@example.org,Ana,Silva\n');
  expect(await addresses()).toEqual([['a@example.org', 'Ana Silva']]);
});

test('a list longer than a batch is read to its end', async () => {
  const lines = Array.from({ length: 4_500 }, (_, n) => `reader.${n}@example.org`);
  expect(await run(`email\n${lines.join('\n')}`)).toMatchObject({ lines: 4_500, subscribed: 4_500 });
});
