import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Newsletter } from '../../src/editions/index.ts';
import { importList } from '../../src/newsroom/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { sql } from '../../src/platform/database/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { addNewsletter } from '../support/house.ts';
import { standingsOf } from '../support/importing.ts';
import { zipOf } from '../support/zip.ts';

// Lists as other programs export them, written after their documentation.

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

const MAILCHIMP = '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP';
const TAIL = 'LAST_CHANGED,LEID,EUID,NOTES,TAGS';

test('Mailchimp: an archive of subscribed, unsubscribed and cleaned', async () => {
  const zip = zipOf({
    'subscribed_email_audience_export_1a2b.csv': `${MAILCHIMP},${TAIL}\na@example.org,Ana,Silva,4,"2021-03-01 08:00:00",1.2.3.4,"2021-03-01 08:05:00",1.2.3.4,"2021-03-01 08:05:00",1,e1,,"""news"""\n`,
    'unsubscribed_email_audience_export_1a2b.csv': `${MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,${TAIL}\nb@example.org,Bo,,2,"2020-01-01 00:00:00",,,,"2022-02-02 00:00:00",Weekly,c1,NORMAL,"2022-02-02 00:00:00",2,e2,,\n`,
    'cleaned_email_audience_export_1a2b.csv': `${MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,${TAIL}\nc@example.org,,,1,"2020-01-01 00:00:00",,,,"2021-01-01 00:00:00",Weekly,c1,"2021-01-01 00:00:00",3,e3,,\n`,
    'nonsubscribed_email_audience_export_1a2b.csv': `${MAILCHIMP},${TAIL}\nd@example.org,,,1,,,,,"2021-01-01 00:00:00",4,e4,,\n`,
    'readme.txt': 'What this is\n',
    '../../evil.sh': 'rm -rf /',
  });
  const report = await run(zip, 'audience.zip');
  expect(report).toMatchObject({ format: 'Mailchimp', subscribed: 1, leftElsewhere: 1, struck: 1, unconfirmed: 1 });
  expect(report.problems).toEqual([{ file: 'readme.txt', line: 1, reason: 'it has no column of mail addresses' }]);
  expect(await standings()).toEqual({ a: 'active', b: 'unsubscribed', c: 'suppressed: unknown-mailbox' });
  const { rows } = await sql<{ at: Date }>`select given_at as at from consents`.execute(database.db);
  expect(rows).toEqual([{ at: new Date('2021-03-01T08:05:00Z') }]);
});

test.each([
  ['unsubscribed_members_export_x.csv', 'unsubscribed'],
  ['cleaned_members_export_x.csv', 'suppressed: unknown-mailbox'],
  ['subscribed_members_export_x.csv', 'active'],
])('Mailchimp: one file of an archive, %s, by its name', async (name, standing) => {
  await run(`${MAILCHIMP},${TAIL}\na@example.org,,,1,,,,,,1,e1,,\n`, name);
  expect(await standings()).toEqual({ a: standing });
});

test.each<[string, string, Record<string, string>]>([
  [
    'Substack',
    'email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\na@example.org,false,,other,false,2023-01-01T00:00:00.000Z,\nb@example.org,true,2026-01-01T00:00:00.000Z,yearly,true,2023-01-01T00:00:00.000Z,\n',
    { a: 'active', b: 'unsubscribed' },
  ],
  [
    'beehiiv',
    'id,email,status,created_at,unsubscribed_at,utm_source\n1,a@example.org,active,2024-01-01T00:00:00Z,,x\n2,b@example.org,active,2024-01-01T00:00:00Z,2024-05-05T00:00:00Z,x\n3,c@example.org,inactive,2024-01-01T00:00:00Z,,x\n4,d@example.org,pending,2024-01-01T00:00:00Z,,x\n5,e@example.org,invalid,2024-01-01T00:00:00Z,,x\n6,f@example.org,needs_attention,2024-01-01T00:00:00Z,,x\n',
    { a: 'active', b: 'unsubscribed', c: 'unsubscribed', e: 'suppressed: unknown-mailbox' },
  ],
  [
    'Ghost',
    'id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n1,a@example.org,Ana,,true,false,,2022-01-01T00:00:00.000Z,,,\n2,b@example.org,Bo,,false,false,,2022-01-01T00:00:00.000Z,,,\n3,c@example.org,Cy,,true,false,,2022-01-01T00:00:00.000Z,2023-01-01T00:00:00.000Z,,\n',
    { a: 'active', b: 'unsubscribed', c: 'unsubscribed' },
  ],
  [
    'listmonk',
    'uuid,email,name,attributes,status,created_at,updated_at\nu1,a@example.org,Ana,"{""city"": ""Oslo""}",enabled,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\nu2,b@example.org,Bo,{},disabled,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\nu3,c@example.org,Cy,{},blocklisted,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\n',
    { a: 'active', b: 'unsubscribed', c: 'suppressed: manual' },
  ],
  [
    'Keila',
    'Email,First name,Last name,Data,Status,External ID\na@example.org,Ana,Silva,{},active,1\nb@example.org,,,,unsubscribed,2\nc@example.org,,,,unreachable,3\n',
    { a: 'active', b: 'unsubscribed', c: 'suppressed: unknown-mailbox' },
  ],
  [
    'Buttondown',
    'id,email_address,type,creation_date,unsubscription_date,notes,metadata,tags\n1,a@example.org,regular,2023-01-01,,,{},\n2,b@example.org,unsubscribed,2023-01-01,2023-03-03,,{},\n3,c@example.org,unactivated,2023-01-01,,,{},\n4,d@example.org,premium,2023-01-01,,,{},\n5,e@example.org,complained,2023-01-01,,,{},\n6,f@example.org,undeliverable,2023-01-01,,,{},\n7,g@example.org,spammy,2023-01-01,,,{},\n',
    {
      a: 'active',
      b: 'unsubscribed',
      d: 'active',
      e: 'suppressed: complaint',
      f: 'suppressed: unknown-mailbox',
      g: 'suppressed: manual',
    },
  ],
  [
    'CSV',
    'E-Mail;Status;Unsubscribed at\na@example.org;Subscribed;\nb@example.org;Subscribed;2023-01-01\nc@example.org;Opted out;\nd@example.org;a word of theirs;\n',
    { a: 'active', b: 'unsubscribed', c: 'unsubscribed' },
  ],
])('%s', async (format, content, expected) => {
  expect((await run(content)).format).toBe(format);
  expect(await standings()).toEqual(expected);
});

test('compressed, in UTF-16, with line breaks in quotes, with empty lines before the header', async () => {
  const content = '\r\n\r\nName\tEmail\r\n"Ana\r\nSilva"\ta@example.org\r\nBo\tb@example.org\r\n';
  for (const bytes of [
    gzipSync(content),
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(content, 'utf16le')]),
    zipOf({ 'members.tsv': content }),
  ]) {
    const fresh = await freshDatabase();
    const { id: newsletterId } = await addNewsletter(fresh.db);
    const wish = { newsletterId, ground: 'x' };
    const { report } = await importList({ db: fresh.db, clock: systemClock }, written(bytes), wish, 'a test');
    const { rows } = await sql<{ name: string }>`select name from subscribers order by address`.execute(fresh.db);
    expect([report.invalid, rows]).toEqual([0, [{ name: 'Ana Silva' }, { name: 'Bo' }]]);
    await fresh.drop();
  }
});

test('an archive that is a trap, broken, encrypted or without a list is refused in words', async () => {
  const refused = async (bytes: Buffer) =>
    run(bytes, 'x.zip').then(
      () => 'taken',
      (error: { code: string; message: string }) => `${error.code}: ${error.message.replace(folder, '')}`,
    );
  expect(await refused(zipOf({ 'photo.jpg': 'x' }))).toContain('there is no .csv, .tsv or .txt');
  expect(await refused(zipOf({ 'bomb.csv': 'email\n'.padEnd(50_000_000, 'a') }))).toContain('far larger than any list');
  expect(await refused(gzipSync('email\n'.padEnd(50_000_000, 'a')))).toContain('far larger than any list');
  expect(await refused(Buffer.from('PK\u0003\u0004 and nothing more', 'latin1'))).toContain('the archive is broken');
  const encrypted = zipOf({ 'list.csv': 'email\na@example.org\n' });
  encrypted[encrypted.lastIndexOf('PK\u0001\u0002', undefined, 'latin1') + 8]! |= 1;
  expect(await refused(encrypted)).toContain('encrypted');
  const damaged = gzipSync('email\n'.padEnd(50_000, 'a@example.org\n'));
  damaged.fill(7, damaged.length >> 1);
  expect(await refused(damaged)).toContain('it is damaged');
  expect(await refused(gzipSync('email\na@example.org\n').subarray(0, 30))).toContain('it is damaged');
  // None of them is left behind.
  expect((await sql`select from imports`.execute(database.db)).rows).toEqual([]);
  expect((await sql`select from pg_class where relname like 'import\_%\_lines'`.execute(database.db)).rows).toEqual([]);
});

const corpora = process.env.ROUNDUP_CORPORA;
const real = corpora === undefined ? [] : readdirSync(path.join(corpora, 'imports/keila'));
(corpora === undefined ? test.skip : test)('real files of others', async () => {
  for (const name of real) {
    const report = await run(readFileSync(path.join(corpora as string, 'imports/keila', name)), name);
    expect([name, report.lines > 0]).toEqual([name, true]);
  }
  const { rows } = await sql<{
    name: string;
  }>`select name from subscribers where address = 'foo-1@example.com'`.execute(database.db);
  expect(rows).toEqual([{ name: 'Joël Müller-Schultheiß' }]);
  expect(await standings()).toMatchObject({ unsubscribed: 'unsubscribed', active: 'active' });
});
