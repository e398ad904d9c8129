import DataStream from 'nodemailer/lib/smtp-connection/data-stream';
import { encodeQuotedPrintable } from '../../src/platform/mime/index.ts';
import { type Handover, RelayPool, saysUnknownMailbox } from '../../src/platform/smtp/index.ts';
import { type SinkBehaviour, type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

const envelope = { from: 'news@example.org', to: 'reader@example.net' };
const bytes = Buffer.from('Subject: hello\r\n\r\nbody');
const message = [bytes];
let sink: SmtpSink;
let pool: RelayPool;

async function setup(behaviour: SinkBehaviour = {}): Promise<void> {
  sink = await startSmtpSink(behaviour);
  pool = new RelayPool(() => [sink.relay], 'test.example.org');
}

afterEach(async () => {
  await pool.close();
  await sink.close();
});

const deliver = (to = envelope.to) => pool.deliver({ ...envelope, to }, message);

test('an accepted mail arrives byte for byte, for the very address', async () => {
  await setup();
  expect(await deliver()).toEqual({ outcome: 'accepted', reply: '250 2.0.0 kept' });
  expect(sink.mails).toEqual([{ ...envelope, message: bytes }]);
});

test('a connection is used again', async () => {
  await setup();
  for (let i = 0; i < 5; i++) await deliver();
  expect(sink.commands.filter((line) => line.startsWith('EHLO'))).toHaveLength(1);
});

test.each<[string, SinkBehaviour, Partial<Handover>]>([
  ['the greeting', { greeting: () => '554 5.7.1 go away' }, { outcome: 'refused', phase: 'connect' }],
  ['MAIL', { mail: () => '451 4.3.0 later' }, { outcome: 'deferred', code: 451, phase: 'mail' }],
  ['RCPT, permanently', { rcpt: () => '550 5.1.1 no such user' }, { outcome: 'refused', code: 550, phase: 'rcpt' }],
  ['RCPT, for now', { rcpt: () => '450 4.2.0 greylisted' }, { outcome: 'deferred', code: 450, phase: 'rcpt' }],
  ['DATA', { data: () => '452 4.3.1 full' }, { outcome: 'deferred', code: 452 }],
  ['the dot', { accepted: () => '554 5.6.0 spam' }, { outcome: 'refused', code: 554, phase: 'body' }],
])('a refusal at %s is told as one', async (_where, behaviour, expected) => {
  await setup(behaviour);
  expect(await deliver()).toMatchObject(expected);
  expect(sink.mails).toHaveLength(0);
});

test.each<[string, SinkBehaviour, Handover['outcome']]>([
  ['connecting', { greeting: () => 'cut' }, 'not-sent'],
  ['MAIL', { mail: () => 'cut' }, 'not-sent'],
  ['RCPT', { rcpt: () => 'cut' }, 'not-sent'],
  ['DATA', { data: () => 'cut' }, 'not-sent'],
  ['the dot', { accepted: () => 'cut' }, 'uncertain'],
])('a connection cut at %s is classified', async (_where, behaviour, outcome) => {
  await setup(behaviour);
  expect((await deliver()).outcome).toBe(outcome);
});

test('after a refused envelope the next mail on the connection is its own', async () => {
  await setup({ rcpt: (to) => (to.startsWith('bad') ? '550 5.1.1 unknown' : undefined) });
  expect((await deliver('bad@example.net')).outcome).toBe('refused');
  expect((await deliver('good@example.net')).outcome).toBe('accepted');
  expect(sink.commands).toContain('RSET');
  expect(sink.mails.map(({ to }) => to)).toEqual(['good@example.net']);
});

test('an address beyond ASCII goes to a server that takes such, and to no other', async () => {
  await setup();
  expect(await deliver('δοκιμή@example.net')).toMatchObject({ outcome: 'accepted' });
  expect(sink.commands.find((line) => line.startsWith('MAIL'))).toContain('SMTPUTF8');
  await pool.close();
  await sink.close();
  sink = await startSmtpSink({}, { extensions: ['PIPELINING'] });
  pool = new RelayPool(() => [sink.relay], 'test.example.org');
  expect(await deliver('δοκιμή@example.net')).toMatchObject({
    outcome: 'refused',
    reply: expect.stringContaining('SMTPUTF8'),
  });
  expect(await deliver()).toMatchObject({ outcome: 'accepted' });
  expect(sink.mails).toHaveLength(1);
});

test('a server that is away is no error thrown', async () => {
  await setup();
  await sink.close();
  expect(await deliver()).toMatchObject({ outcome: 'not-sent', phase: 'connect' });
});

test('only the words about the mailbox strike a reader off', () => {
  const refused = (reply: string, phase: 'rcpt' | 'body' = 'rcpt'): Handover => ({
    outcome: 'refused',
    reply,
    code: 550,
    phase,
  });
  const unknown = ['550 5.1.1 <a@b> rejected', '550 5.1.10 null MX', '550 No such user here', '553 mailbox unknown'];
  const other = [
    '550 5.7.1 blocked',
    '550 5.2.1 disabled by 5.1.1 policy',
    '550 rejected by policy',
    '552 5.2.2 over quota',
  ];
  expect(unknown.map((reply) => saysUnknownMailbox(refused(reply)))).toEqual(unknown.map(() => true));
  expect(other.map((reply) => saysUnknownMailbox(refused(reply)))).toEqual(other.map(() => false));
  expect(saysUnknownMailbox(refused('550 5.1.1 unknown', 'body'))).toBe(false);
});

test("THREATS 28: our bytes and nodemailer's own stream put the same on the wire", async () => {
  await setup();
  const smuggling = ['\r\n.\r\n', '\n.\n', '\r.\r', '\r\n.\r', '\n.\r\n', '.', '..', 'end.'].map(
    (variant) => `before${variant}after\nMAIL FROM:<x@example.org>`,
  );
  for (const text of smuggling) {
    const bytes = Buffer.from(`Subject: x\r\n\r\n${encodeQuotedPrintable(text)}`);
    const stream = new DataStream();
    stream.end(bytes);
    const theirs = Buffer.concat((await stream.toArray()) as Buffer[]);
    expect(theirs.toString()).toBe(`${bytes.toString()}\r\n.\r\n`);
    await pool.deliver(envelope, [bytes]);
    expect(sink.mails.at(-1)?.message.toString()).toBe(bytes.toString());
  }
  expect(sink.mails).toHaveLength(smuggling.length);
});
