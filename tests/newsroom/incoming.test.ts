import { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { deliverBatch } from '../../src/dispatch/index.ts';
import { getNewsletter } from '../../src/editions/index.ts';
import {
  approveEdition,
  eraseReader,
  getEdition,
  proposeEdition,
  renderNow,
  sendEdition,
  takeIncoming,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { countSubscriptions, readerToken } from '../../src/subscribers/index.ts';
import { startIncoming } from '../../workers/incoming.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { freePort } from '../support/ports.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// Mail that comes to us, over SMTP and LMTP.

let house: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let incoming: Awaited<ReturnType<typeof startIncoming>>;
const [smtp, lmtp] = [0, 1];

beforeEach(async () => {
  sink = await startSmtpSink();
  const listen = [
    { protocol: 'smtp' as const, host: '127.0.0.1', port: await freePort() },
    { protocol: 'lmtp' as const, host: '127.0.0.1', port: await freePort() },
  ];
  house = await openHouse({
    relay: sink.relay,
    config: {
      returnPath: 'back@news.example.org',
      unsubscribeAddress: 'leave@news.example.org',
      incoming: { listen, mailboxes: [] },
    },
  });
  incoming = await startIncoming(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  await addReaders(db, 1, 5);
});
afterEach(async () => {
  await incoming.close();
  await house.remove();
  await sink.close();
});

const token = (subscriberId: number) =>
  readerToken(house.config.keys, 'unsubscribe', { newsletterId: 1, subscriberId, editionId: 1 });
const left = async () => (await countSubscriptions(house.database.db, 1)).unsubscribed;
const kept = async () => {
  const { rows } = await sql<{ rcpt_to: string[]; done: string; has: boolean }>`
    select rcpt_to, done, message is not null as has from incoming_mails order by id`.execute(house.database.db);
  return rows;
};

interface Mail {
  from?: string;
  to: string | string[];
  subject?: string;
  headers?: Record<string, string>;
  text?: string;
}

/** Hands a mail over as another server does; returns who was refused, or the reply. */
async function send(which: number, { from = 'reader.1@readers.example', to, ...mail }: Mail): Promise<string> {
  const port = incoming.ports[which];
  const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true, lmtp: which === lmtp });
  try {
    return (await transport.sendMail({ ...mail, from: 'x@y.example', to, envelope: { from, to } })).response;
  } catch (error) {
    return (error as Error).message;
  } finally {
    transport.close();
  }
}

test('who writes to the address for it leaves, by the subject or by the address, over SMTP and LMTP', async () => {
  expect(await send(smtp, { to: 'leave@news.example.org', subject: `unsubscribe ${token(1)}` })).toMatch(/^250/);
  expect(await left()).toBe(1);
  await send(lmtp, { to: 'Leave@News.Example.Org', subject: `Re: unsubscribe ${token(2).toUpperCase()} ` });
  await send(lmtp, { to: `leave+${token(3)}@news.example.org` });
  expect(await left()).toBe(3);
  // The same again, and one by a forger.
  await send(smtp, { to: 'leave@news.example.org', subject: `unsubscribe ${token(1)}` });
  await send(smtp, { to: 'leave@news.example.org', subject: `unsubscribe ${token(4).replace(/.$/, 'x')}` });
  expect(await left()).toBe(3);
  // Of who has left no mail is kept.
  expect((await kept()).map(({ done, has, rcpt_to: to }) => [done, has, to.length])).toEqual([
    ...Array.from({ length: 4 }, () => ['unsubscribed', false, 0]),
    ['', true, 1],
  ]);
  expect(sink.mails).toHaveLength(0);
});

test('what a machine says is no wish, and what is quoted is nobody’s', async () => {
  const subject = `unsubscribe ${token(1)}`;
  const to = 'leave@news.example.org';
  await send(smtp, { to, subject, headers: { 'Auto-Submitted': 'auto-replied' } });
  await send(smtp, { to, subject, from: '' });
  await send(smtp, { to, subject: 'Out of office', text: `> List-Unsubscribe: <mailto:${to}?subject=${token(1)}>` });
  await send(smtp, { to: 'back+1.2@news.example.org', subject, from: '' });
  expect(await left()).toBe(0);
  expect((await kept()).map(({ done, has }) => [done, has])).toEqual(Array.from({ length: 4 }, () => ['', true]));
  expect(sink.mails).toHaveLength(0);
});

test('nothing is relayed: other addresses are refused, beside ours', async () => {
  expect(await send(smtp, { to: 'somebody@elsewhere.example' })).toContain('550');
  expect(await send(smtp, { to: 'other@news.example.org' })).toContain('550');
  expect(await send(smtp, { to: ['postmaster@news.example.org', 'x@elsewhere.example'] })).toMatch(/^250/);
  expect((await kept()).map(({ rcpt_to: to }) => to)).toEqual([['postmaster@news.example.org']]);
});

test('what cannot be kept is not taken, and what is too large is refused', async () => {
  await sql`alter table incoming_mails rename to away`.execute(house.database.db);
  expect(await send(smtp, { to: 'back@news.example.org' })).toContain('451');
  expect(await send(lmtp, { to: 'back@news.example.org' })).toContain('451');
  await sql`alter table away rename to incoming_mails`.execute(house.database.db);
  expect(await send(smtp, { to: 'back@news.example.org', text: 'x'.repeat(6 * 1024 * 1024) })).toContain('552');
  expect(await kept()).toEqual([]);
});

test('a client that speaks nonsense, or goes away in the middle, harms nobody', async () => {
  for (const words of [
    '\0\0\u0001\r\n',
    'DATA\r\n',
    `MAIL FROM:<${'x'.repeat(9_000)}>\r\n`,
    'MAIL FROM:<>\r\nRCPT TO:<leave@news.example.org>\r\nDATA\r\nSubj',
  ]) {
    const socket = new Socket();
    await new Promise<void>((resolve) => socket.connect(incoming.ports[0]!, '127.0.0.1', resolve));
    socket.write(`EHLO x\r\n${words}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
  }
  expect(await send(smtp, { to: 'back@news.example.org' })).toMatch(/^250/);
  expect(await kept()).toHaveLength(1);
});

test('the mail offers it beside the one-click address, and only where it is taken', async () => {
  const { db } = house.database;
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  const newsletter = await getNewsletter(db, 'weekly');
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  const newsroom = await house.newsroom();
  const bare = await renderNow({ ...newsroom, unsubscribeAddress: undefined }, await getEdition(db, 1));
  expect(bare.sample.message.toString()).not.toContain('mailto:');
  await approveEdition(newsroom, 1, 'a test');
  await sendEdition(newsroom, 1, 'a test');
  await deliverBatch(house.dispatchDeps(), 1, 0);
  const text = sink.mails.find(({ to }) => to.startsWith('reader.4@'))!.message.toString();
  const [, subject] =
    /^List-Unsubscribe: <https:\/\/news\.example\.org\/u\/[a-z0-9.]+>,\r\n <mailto:leave@news\.example\.org\?subject=([^>]+)>/m.exec(
      text,
    ) ?? [];
  await send(smtp, { to: 'leave@news.example.org', subject: decodeURIComponent(subject!) });
  expect(await left()).toBe(1);
});

test('what cannot be read is kept, and stops nobody; what is endless is not held', async () => {
  const nested = `${Array.from({ length: 300 }, (_, n) => `Content-Type: multipart/mixed; boundary="b${n}"\r\n\r\n--b${n}\r\n`).join('')}x`;
  const newsroom = await house.newsroom();
  const mail = (message: string, to = 'leave@news.example.org') => ({
    from: 'x@y.example',
    to: [to],
    message: Buffer.from(message),
    client: '',
  });
  await takeIncoming(newsroom, mail(nested));
  await takeIncoming(newsroom, mail('Subject: x\r\n\r\n', 'leave\0@news.example.org'));
  const began = performance.now();
  await takeIncoming(newsroom, mail('Subject: x\r\n\r\n', `a@${'+'.repeat(200_000)}`));
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(await kept()).toHaveLength(3);

  const before = process.memoryUsage().rss;
  const socket = new Socket();
  await new Promise<void>((resolve) => socket.connect(incoming.ports[0]!, '127.0.0.1', resolve));
  const answer = () => new Promise((resolve) => socket.once('data', resolve));
  await answer();
  for (const line of ['EHLO x', 'MAIL FROM:<>', 'RCPT TO:<back@news.example.org>', 'DATA']) {
    socket.write(`${line}\r\n`);
    await answer();
  }
  const block = `${'x'.repeat(998)}\r\n`.repeat(1_000);
  for (let n = 0; n < 150; n++) await new Promise((resolve) => socket.write(block, resolve));
  expect(process.memoryUsage().rss - before).toBeLessThan(80e6);
  socket.destroy();
}, 60_000);

test('a stranger’s flood is stopped, but for wishes to leave; our own mail server brings what it has', async () => {
  const newsroom = await house.newsroom();
  const from = (n: number, more: object) => ({
    from: 'x@y.example',
    to: ['back@news.example.org'],
    message: Buffer.from(`Subject: ${n}\r\n\r\n`),
    client: '192.0.2.7',
    ...more,
  });
  let refused = 0;
  for (let n = 0; n < 120; n++) await takeIncoming(newsroom, from(n, {})).catch(() => refused++);
  expect(refused).toBeGreaterThan(0);
  const wish = { to: ['leave@news.example.org'], message: Buffer.from(`Subject: unsubscribe ${token(1)}\r\n\r\n`) };
  await takeIncoming(newsroom, from(500, wish));
  expect(await left()).toBe(1);
  for (let n = 1_000; n < 1_120; n++) await takeIncoming(newsroom, from(n, { isTrusted: true }));
});

test('who is erased is in no mail that is kept', async () => {
  await send(smtp, { to: 'back@news.example.org', text: 'The mail to reader.3@readers.example failed.' });
  await send(smtp, { to: 'back@news.example.org', from: 'Reader.3@readers.example' });
  await send(smtp, { to: 'back@news.example.org', text: 'something else' });
  await eraseReader(await house.newsroom(), 3, 'a test');
  expect(await kept()).toHaveLength(1);
});
