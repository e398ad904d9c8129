import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Inbox, inboxRelay, startInbox } from '../../src/platform/inbox/index.ts';
import { RelayPool } from '../../src/platform/smtp/index.ts';

const dataDir = mkdtempSync(path.join(tmpdir(), 'roundup-inbox-'));
let inbox: Inbox;
let pool: RelayPool;

beforeAll(async () => {
  inbox = (await startInbox(dataDir))!;
  pool = new RelayPool(() => [inboxRelay(dataDir, 4)], 'test.example.org');
});
afterAll(async () => {
  await pool.close();
  await inbox.close();
  rmSync(dataDir, { recursive: true });
});

const send = (to: string, subject: string) =>
  pool.deliver({ from: 'a@example.org', to }, [Buffer.from(`From: a@example.org\r\nSubject: ${subject}\r\n\r\nbody`)]);

test('mail over SMTP is kept as a Maildir and listed, the newest first', async () => {
  expect(await send('one@example.net', 'first')).toMatchObject({ outcome: 'accepted' });
  expect(await send('two@example.net', 'second')).toMatchObject({ outcome: 'accepted' });
  expect(readdirSync(path.join(dataDir, 'inbox', 'new'))).toHaveLength(2);
  expect(readdirSync(path.join(dataDir, 'inbox', 'tmp'))).toEqual([]);
  const list = await inbox.mail.list(0, 10);
  expect(list.map(({ to, subject }) => [to, subject])).toEqual([
    ['two@example.net', 'second'],
    ['one@example.net', 'first'],
  ]);
  expect((await inbox.mail.read(list[1]!.id))!.toString()).toBe(
    'Delivered-To: one@example.net\r\nFrom: a@example.org\r\nSubject: first\r\n\r\nbody\r\n',
  );
});

test('it is there again after a restart, on another port that workers find', async () => {
  const before = inbox.mail.size;
  await inbox.close();
  expect(() => inboxRelay(dataDir, 4)).toThrow(/local inbox is not running/);
  expect(['not-sent', 'deferred']).toContain((await send('x@example.net', 'nowhere')).outcome);
  inbox = (await startInbox(dataDir))!;
  expect(inbox.mail.size).toBe(before);
  expect(await send('three@example.net', 'third')).toMatchObject({ outcome: 'accepted' });
});

test('it can be emptied', async () => {
  await inbox.mail.empty();
  expect(inbox.mail.size).toBe(0);
  expect(await inbox.mail.list(0, 10)).toEqual([]);
});
