import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Newsletter } from '../../src/editions/index.ts';
import {
  continueImport,
  eraseReader,
  importList,
  previewImport,
  runImport,
  suppressAddress,
  undoImport,
} from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { sql } from '../../src/platform/database/index.ts';
import {
  exportAsCsv,
  findImport,
  findSubscriberByAddress,
  findSuppression,
  pageOfImports,
  sweepImports,
} from '../../src/subscribers/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { addNewsletter } from '../support/house.ts';
import { importFile, standingsOf } from '../support/importing.ts';
import { zipOf } from '../support/zip.ts';

// Imports from their beginning to their end, or to their undoing.

let database: TestDatabase;
let newsletter: Newsletter;
const folder = mkdtempSync(path.join(tmpdir(), 'roundup-formats-'));

beforeEach(async () => {
  database = await freshDatabase();
  newsletter = await addNewsletter(database.db);
});
afterEach(() => database.drop());
afterAll(() => rmSync(folder, { recursive: true }));

const parts = () => ({ db: database.db, clock: systemClock });
const written = (content: string | Buffer, name = 'list.csv') => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};
const run = async (content: string | Buffer, name?: string) =>
  (await importList(parts(), written(content, name), { newsletterId: newsletter.id, ground: 'a test' }, 'a test'))
    .report;
const standings = () => standingsOf(database.db);

test('an import never brings back, never lessens: who is here stays, who left stays away, by whatever list', async () => {
  await run('email\nhere@example.org\n');
  await run('email,status\nhere@example.org,unsubscribed\n');
  expect(await standings()).toEqual({ here: 'active' });
  await run('email,status\nhere@example.org,bounced\n');
  expect(await standings()).toEqual({ here: 'active' });
  await run('email,status\ngone@example.org,unsubscribed\nbad@example.org,bounced\n');
  const report = await run('email\ngone@example.org\nbad@example.org\n');
  expect(report).toMatchObject({ subscribed: 0, left: 1, suppressed: 1 });
  // A complaint is one, wherever it was made.
  await run('email,status\nhere@example.org,complained\n');
  expect((await findSuppression(database.db, 'HERE@example.org'))?.reason).toBe('complaint');
});

test('a dry run says all of it, with lines, and changes nothing', async () => {
  await run('email\nhere@example.org\n');
  const file = written(
    'email,status\nnew@example.org,active\nhere@example.org,\nleft@example.org,unsubscribed\nbad@example.org,bounced\nx\nnew@example.org,\n',
  );
  const { id, report } = await previewImport(parts(), file, { newsletterId: newsletter.id, ground: 'x' }, 'a test');
  expect(report).toMatchObject({
    lines: 6,
    subscribed: 1,
    alreadySubscribed: 1,
    leftElsewhere: 1,
    struck: 1,
    invalid: 1,
    repeated: 1,
  });
  expect(report.samples).toContainEqual({ outcome: 'subscribed', file: null, line: 2, address: 'new@example.org' });
  expect(report.problems).toEqual([{ line: 6, reason: 'this is no mail address', found: 'x' }]);
  expect(await standings()).toEqual({ here: 'active' });
  // It can be run, once, and what is kept of it names nobody.
  const [looked] = await pageOfImports(database.db, { limit: 1 });
  expect(looked).toMatchObject({ id, state: 'ready', people: 4 });
  await runImport(parts(), id, { ground: 'they said so', by: 'a test' });
  while (await continueImport(parts(), () => true));
  const done = await findImport(database.db, id);
  const { samples: _samples, problems: _problems, ...counts } = report;
  expect(done).toMatchObject({ state: 'done', ground: 'they said so', report: counts });
  expect(JSON.stringify(done)).not.toContain('@example.org');
  expect(await standings()).toMatchObject({ here: 'active', new: 'active', left: 'unsubscribed' });
  await expect(runImport(parts(), id, { ground: 'x', by: 'a test' })).rejects.toMatchObject({ code: 'state-refused' });
});

test('undone, it takes with it what nobody has touched since, and nothing else', async () => {
  await run('email\nold@example.org\n');
  const wish = { newsletterId: newsletter.id, ground: 'x' };
  const file = written(
    'email,status\nold@example.org,\nkept@example.org,\ngone@example.org,\nbad@example.org,bounced\n',
  );
  const { id } = await importList(parts(), file, wish, 'a test');
  // One of them has meanwhile said what they want.
  await sql`update subscriptions set import_id = null where subscriber_id = (select id from subscribers where address = 'kept@example.org')`.execute(
    database.db,
  );
  expect(await undoImport(parts(), id, 'a test')).toEqual({ subscriptions: 1, subscribers: 1, suppressions: 1 });
  expect(await standings()).toEqual({ old: 'active', kept: 'active' });
  await expect(undoImport(parts(), id, 'a test')).rejects.toMatchObject({ code: 'state-refused' });
});

test('cut short, it goes on where it was, under the same number, whoever goes on with it', async () => {
  const lines = Array.from({ length: 45_000 }, (_, n) => `reader.${n}@example.org`);
  const file = written(`email\n${lines.join('\n')}\n`);
  const wish = { newsletterId: newsletter.id, ground: 'x' };
  const died = new Error('killed');
  let steps = 0;
  const onProgress = (share: number) => {
    if (share > 0.4 && ++steps === 2) throw died;
  };
  await expect(importList(parts(), file, { ...wish, onProgress }, 'a test')).rejects.toBe(died);
  const [cut] = await pageOfImports(database.db, { limit: 1 });
  expect(cut).toMatchObject({ state: 'running', people: 45_000, place: 40_000 });
  // A holder that is gone without a word is waited for.
  await sql`update imports set holder = 'gone', held_until = now() + interval '1 second'`.execute(database.db);
  expect(await continueImport(parts(), () => true)).toBe(false);
  const { id, report } = await importList(parts(), file, wish, 'a test');
  expect([id, report.subscribed, report.lines]).toEqual([cut!.id, 45_000, 45_000]);
  expect((await pageOfImports(database.db, { limit: 5 })).map(({ state }) => state)).toEqual(['done']);
  expect((await sql`select from pg_class where relname like 'import\\_1\\_%'`.execute(database.db)).rows).toEqual([]);
}, 60_000);

test('undone while it runs, it stops, and takes back what it brought', async () => {
  const file = written(`email\n${Array.from({ length: 45_000 }, (_, n) => `r.${n}@example.org`).join('\n')}\n`);
  const { id } = await previewImport(parts(), file, { newsletterId: newsletter.id, ground: 'x' }, 'a test');
  await runImport(parts(), id, { ground: 'x', by: 'a test' });
  let steps = 0;
  expect(await continueImport(parts(), () => ++steps <= 1)).toBe(false);
  expect(await undoImport(parts(), id, 'a test')).toMatchObject({ subscriptions: 20_000, subscribers: 20_000 });
  expect(await continueImport(parts(), () => true)).toBe(false);
  expect(await standings()).toEqual({});
}, 60_000);

test('of one person in several lines and files, the gravest word counts, wherever it stands', async () => {
  const zip = zipOf({
    'a_subscribed.csv':
      'email,status\na@example.org,active\nb@example.org,complained\nb@example.org,active\nd@example.org,pending\n',
    'b_others.csv':
      'email,status\nA@example.org,unsubscribed\nc@example.org,bounced\nc@example.org,unsubscribed\nd@example.org,active\n',
  });
  expect(await run(zip, 'lists.zip')).toMatchObject({
    lines: 8,
    repeated: 4,
    subscribed: 1,
    leftElsewhere: 1,
    struck: 2,
  });
  expect(await standings()).toEqual({
    a: 'unsubscribed',
    b: 'suppressed: complaint',
    c: 'suppressed: unknown-mailbox',
    d: 'active',
  });
});

test('columns that ask a question are answered: yes and no, and dates', async () => {
  const content =
    'email,Unsubscribed,Subscribed,Bounced,Complained,Confirmed\n' +
    'a@example.org,true,,,,\nb@example.org,no,no,,,\nc@example.org,0,1,2024-01-01,,\nd@example.org,,,,yes,\n' +
    'e@example.org,false,true,false,false,no\nf@example.org,false,true,false,false,yes\ng@example.org,2024-05-05 10:00,,,,\n';
  await run(content);
  expect(await standings()).toEqual({
    a: 'unsubscribed',
    b: 'unsubscribed',
    c: 'suppressed: unknown-mailbox',
    d: 'suppressed: complaint',
    f: 'active',
    g: 'unsubscribed',
  });
});

test('columns that are asked for are kept as attributes, and those that are not are named', async () => {
  const file = written(
    'email,Country,Plan (old),IP\na@example.org,PT,gold,192.0.2.1\nb@example.org,,silver,192.0.2.2\n',
  );
  const wish = { newsletterId: newsletter.id, ground: 'x', keep: ['country', 'Plan (old)'] };
  expect((await importList(parts(), file, wish, 'a test')).report.columns).toEqual(['IP']);
  await importList(
    parts(),
    written(
      'uuid,email,name,attributes,status\n1,a@example.org,A,"{""country"": ""BR"", ""age"": 4, ""x"": {}}",enabled\n',
    ),
    { ...wish, keep: ['attributes'] },
    'a test',
  );
  const { rows } = await sql`select attributes from subscribers order by address`.execute(database.db);
  expect(rows).toEqual([
    { attributes: { country: 'BR', plan_old: 'gold', age: '4' } },
    { attributes: { plan_old: 'silver' } },
  ]);
});

test('what somebody has said themselves since stays when an import is undone, and its report names nobody', async () => {
  const { db } = database;
  const file = written(
    'email,status,name\nbad@example.org,bounced,\nworse@example.org,bounced,\nx,,\nmailed@example.org,,M\nnew@example.org,,\n',
  );
  const { id } = await importList(parts(), file, { newsletterId: newsletter.id, ground: 'x' }, 'a test');
  await suppressAddress(parts(), 'bad@example.org', 'asked by phone', 'an editor');
  await sql`create table deliveries_7 partition of deliveries for values in (7)`.execute(db);
  await sql`insert into deliveries (edition_id, batch, subscriber_id, address, name)
    select 7, 0, id, address, '' from subscribers where address = 'mailed@example.org'`.execute(db);
  expect(await undoImport(parts(), id, 'a test')).toEqual({ subscriptions: 2, subscribers: 1, suppressions: 1 });
  expect((await findSuppression(db, 'bad@example.org'))?.detail).toBe('asked by phone');
  expect(await findSuppression(db, 'worse@example.org')).toBeUndefined();
  // Whom the ledger knows stays known, so that they can be forgotten.
  expect(await findSubscriberByAddress(db, 'mailed@example.org')).toBeDefined();
  const { rows } = await sql<{ t: string }>`select report::text as t from imports`.execute(db);
  expect(rows[0]!.t).not.toMatch(/example\.org|"x"/);
});

test('who is erased is in no list that waits, nor in what was said of it', async () => {
  const { db } = database;
  await run('email\nana@example.org\n');
  const file = written('email\nana@example.org\nbo@example.org\n');
  const { id } = await previewImport(parts(), file, { newsletterId: newsletter.id, ground: 'x' }, 'a test');
  await eraseReader(parts(), (await findSubscriberByAddress(db, 'ana@example.org'))!.id, 'a test');
  const { rows } = await sql<{
    t: string;
  }>`select (select string_agg(p::text, ' ') from import_2_people p) || report::text as t
    from imports where id = ${id}`.execute(db);
  expect(rows[0]!.t).not.toContain('ana@');
  await runImport(parts(), id, { ground: 'x', by: 'a test' });
  while (await continueImport(parts(), () => true));
  expect(await standings()).toEqual({ bo: 'active' });
});

test('an import that cannot go on is put off, then given up, and holds up no other', async () => {
  const { db } = database;
  const looked = async (name: string) =>
    (
      await previewImport(
        parts(),
        written(`email\n${name}@example.org\n`),
        { newsletterId: newsletter.id, ground: 'x' },
        'a test',
      )
    ).id;
  const [broken, good] = [await looked('a'), await looked('b')];
  for (const id of [broken, good]) await runImport(parts(), id, { ground: 'x', by: 'a test' });
  await sql`drop table import_1_people`.execute(db);
  await expect(continueImport(parts(), () => true)).rejects.toThrow('import_1_people');
  expect(await continueImport(parts(), () => true)).toBe(true);
  expect((await findImport(db, good))?.state).toBe('done');
  for (let tries = 0; tries < 7; tries++) {
    await sql`update imports set held_until = '-infinity'`.execute(db);
    await expect(continueImport(parts(), () => true)).rejects.toThrow('import_1_people');
  }
  expect(await findImport(db, broken)).toMatchObject({
    state: 'failed',
    problem: expect.stringContaining('import_1_people'),
  });
  expect(await continueImport(parts(), () => true)).toBe(false);
  // What runs is not swept away under whoever runs it.
  await sweepImports(db, new Date(Date.now() + 1e10));
  expect((await findImport(db, broken))?.state).toBe('failed');
});

test('who sees some newsletters only changes nothing of the others’ readers', async () => {
  const { db } = database;
  const other = await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  await run('email,name\nana@example.org,\nbo@example.org,Bo\n');
  const file = written(
    'email,name,status,plan\nana@example.org,Mallory,,gold\nbo@example.org,,complained,\nnew@example.org,New,,gold\n',
  );
  const wish = { newsletterId: other.id, ground: 'x', keep: ['plan'], wholeHouse: false };
  expect((await importList(parts(), file, wish, 'a test')).report).toMatchObject({ subscribed: 2, struck: 1 });
  const { rows } = await sql`select address, name, attributes from subscribers order by address`.execute(db);
  expect(rows).toEqual([
    { address: 'ana@example.org', name: '', attributes: {} },
    { address: 'bo@example.org', name: 'Bo', attributes: {} },
    { address: 'new@example.org', name: 'New', attributes: { plan: 'gold' } },
  ]);
  expect(await findSuppression(db, 'bo@example.org')).toBeUndefined();
});

test('odd cells are no fault: what cannot be kept is left out, and our own export comes back whole', async () => {
  const { db } = database;
  const odd = `email,note,Created At\na@example.org,"a\0b \uD83D${'x'.repeat(495)}😀😀😀",2024-01-02 03:04:05\n`;
  const wish = { newsletterId: newsletter.id, ground: 'x', keep: ['note'] };
  await importList(parts(), written(Buffer.from(odd)), wish, 'a test');
  const { rows } = await sql<{ since: Date }>`select since from subscriptions`.execute(db);
  expect(rows[0]!.since).toEqual(new Date('2024-01-02T03:04:05Z'));
  await sql`update subscribers set attributes = '{"plan": "=gold", "größe": "4"}', language = 'fr'`.execute(db);
  await sql`update subscriptions set topics = '{asia,africa}', every_days = 14, paused_until = '2030-01-01'`.execute(
    db,
  );
  let csv = '';
  for await (const part of exportAsCsv(db, newsletter.id)) csv += part;
  const fresh = await freshDatabase();
  await addNewsletter(fresh.db);
  await importFile(fresh.db, written(csv));
  const { rows: back } = await sql`select p.attributes, p.language, s.topics, s.every_days, s.paused_until, s.since
    from subscriptions s join subscribers p on p.id = s.subscriber_id`.execute(fresh.db);
  expect(back).toEqual([
    {
      attributes: { plan: '=gold', größe: '4' },
      language: 'fr',
      topics: ['asia', 'africa'],
      every_days: 14,
      paused_until: new Date('2030-01-01T00:00:00Z'),
      since: new Date('2024-01-02T03:04:05Z'),
    },
  ]);
  await importFile(fresh.db, written(csv.replace(',14,', ',-99999999999,').replace('a@', 'b@')));
  await fresh.drop();
});
