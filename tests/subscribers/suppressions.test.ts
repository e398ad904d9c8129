import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { sql } from '../../src/platform/database/index.ts';
import {
  exportSuppressions,
  findSubscriber,
  findSuppression,
  importSuppressions,
} from '../../src/subscribers/index.ts';
import { eraseReader, liftSuppression } from '../../src/newsroom/index.ts';
import { clockAt } from '../support/clock.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { importFile } from '../support/importing.ts';
import { addNewsletter, addReaders } from '../support/house.ts';

let database: TestDatabase;
const folder = mkdtempSync(path.join(tmpdir(), 'roundup-suppressions-'));

beforeEach(async () => {
  database = await freshDatabase();
  await addNewsletter(database.db);
});
afterEach(() => database.drop());
afterAll(() => rmSync(folder, { recursive: true }));

const hash = (address: string, algorithm = 'sha256') => createHash(algorithm).update(address).digest('hex');
const file = (content: string) => {
  const name = path.join(folder, 'list.csv');
  writeFileSync(name, content);
  return name;
};
const take = (content: string) => importSuppressions(database.db, file(content), 'a test');
const keys = async () =>
  (await sql<{ key: string }>`select address_key as key from suppressions order by 1`.execute(database.db)).rows.map(
    ({ key }) => key,
  );

test('addresses come before hashes, and a column that is named is the one that counts', async () => {
  const id = 'd41d8cd98f00b204e9800998ecf8427e';
  expect(await take(`${id},a@example.org\n${id},address\n`)).toMatchObject({ addresses: 1, hashes: 1 });
  expect(await take(`id,email\n${id},B@example.org\n${id},address\n`)).toMatchObject({
    lines: 2,
    addresses: 1,
    hashes: 0,
    invalid: 1,
    problems: [{ line: 3, reason: 'there is neither an address nor a hash of one' }],
  });
  expect(await take(`note,SHA256\nc@example.org,${hash('d@example.org')}\n`)).toMatchObject({
    addresses: 0,
    hashes: 1,
  });
  expect(await keys()).toEqual(['a@example.org', 'b@example.org']);
});

test('readers of whom only a hash came are found, by either hash', async () => {
  await addReaders(database.db, 1, 3);
  const list = `md5\n${hash('reader.1@readers.example', 'md5')}\n${hash('reader.2@readers.example').toUpperCase()}\n`;
  expect(await take(list)).toMatchObject({ hashes: 2, matched: 2 });
  expect(await keys()).toEqual(['reader.1@readers.example', 'reader.2@readers.example']);
  expect(await take(list)).toMatchObject({ hashes: 0, matched: 0 });
});

test('what is lifted is lifted, its hash with it', async () => {
  await take(`${hash('a@example.org')}\n`);
  expect(await findSuppression(database.db, 'A@example.org')).toBeDefined();
  await liftSuppression(database, 'A@example.org', 'a test');
  expect(await findSuppression(database.db, 'a@example.org')).toBeUndefined();
  await expect(liftSuppression(database, 'a@example.org', 'a test')).rejects.toMatchObject({ code: 'not-found' });
});

test('who was erased does not come back by an old list, and is on nobody’s list of suppressions', async () => {
  await addReaders(database.db, 1, 1);
  await eraseReader({ db: database.db, clock: clockAt('2026-11-25T09:00:00Z') }, 1, 'a test');
  const list = file('email\nreader.1@readers.example\n');
  const again = await importFile(database.db, list);
  expect(again).toMatchObject({ suppressed: 1, subscribed: 0 });
  expect(await findSubscriber(database.db, 1)).toBeUndefined();
  expect(await findSuppression(database.db, 'reader.1@readers.example')).toBeUndefined();
  let exported = '';
  for await (const part of exportSuppressions(database.db)) exported += part;
  expect(exported).toBe('sha256,reason,since\r\n');
});
