import { SmtpSession, isAboutRelay } from '../../src/platform/smtp/index.ts';
import { type SinkBehaviour, type SinkOptions, type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// The connection is cut at every phase. What the session says is held against what the server has kept: never "not sent" for a
// mail that it has, never "accepted" for one that it has not, and in doubt only once the body was handed over.

const message = [Buffer.from(`Subject: hello\r\n\r\n${'A line of the body.\r\n'.repeat(400)}end`)];
const timeouts = { connect: 2_000, auth: 1_000, envelope: 1_000, body: 1_000, reset: 1_000 };
const starttls: SinkOptions = { tls: 'starttls', auth: { user: 'news', password: 'secret' } };

let sink: SmtpSink;
let sessions: SmtpSession[] = [];

afterEach(async () => {
  for (const session of sessions) session.close();
  sessions = [];
  await sink.close();
});

async function deliver(behaviour: SinkBehaviour, options: SinkOptions = {}) {
  sink = await startSmtpSink(behaviour, options);
  const session = await SmtpSession.open(sink.relay, 'test.example.org', timeouts);
  if (!(session instanceof SmtpSession)) return { handover: session, session: undefined };
  sessions.push(session);
  const handover = await session.deliver({ from: 'news@example.org', to: 'reader@example.net' }, message);
  return { handover, session };
}

const extensions = [
  ['pipelined', ['PIPELINING', '8BITMIME', 'SMTPUTF8']],
  ['one by one', ['8BITMIME', 'SMTPUTF8']],
] as const;

describe.each(extensions)('with the envelope %s', (_how, offered) => {
  const options = { extensions: [...offered] };

  test.each<[string, SinkBehaviour, SinkOptions]>([
    ['the greeting', { greeting: () => 'cut' }, {}],
    ['EHLO', { ehlo: () => 'cut' }, {}],
    ['AUTH', { auth: () => 'cut' }, starttls],
    ['MAIL', { mail: () => 'cut' }, {}],
  ])('cut at %s: not sent, and it counts against the relay', async (_phase, behaviour, more) => {
    const { handover } = await deliver(behaviour, { ...options, ...more });
    expect(handover.outcome).toBe('not-sent');
    expect(isAboutRelay(handover)).toBe(true);
    expect(sink.mails).toHaveLength(0);
  });

  test('cut at STARTTLS: not sent; with opportunistic TLS the server is tried without it first', async () => {
    const { handover } = await deliver({ starttls: () => 'cut' }, { ...options, tls: 'starttls' });
    expect(handover).toMatchObject({ outcome: 'not-sent', phase: 'connect' });
  });

  test.each<[string, SinkBehaviour]>([
    ['RCPT', { rcpt: () => 'cut' }],
    ['the 354', { data: () => 'cut' }],
  ])('cut at %s: not sent, and it is no matter of the relay', async (_phase, behaviour) => {
    const { handover } = await deliver(behaviour, options);
    expect(handover.outcome).toBe('not-sent');
    expect(isAboutRelay(handover)).toBe(false);
    expect(sink.mails).toHaveLength(0);
  });

  test.each<[string, SinkBehaviour, number]>([
    ['inside the body', { body: () => 'cut' }, 0],
    ['after the dot, before it was kept', { accepted: () => 'cut-unkept' }, 0],
    ['after the dot, when it was kept', { accepted: () => 'cut' }, 1],
    ['inside the 250', { accepted: () => 'cut-in-reply' }, 1],
  ])('cut %s: in doubt', async (_phase, behaviour, kept) => {
    const { handover } = await deliver(behaviour, options);
    expect(handover.outcome).toBe('uncertain');
    expect(sink.mails).toHaveLength(kept);
  });

  test('cut at RSET, after a refusal: the refusal stands, and the connection is not used again', async () => {
    const { handover, session } = await deliver({ rcpt: () => '550 5.1.1 unknown', rset: () => 'cut' }, options);
    expect(handover).toMatchObject({ outcome: 'refused', phase: 'rcpt' });
    expect(session?.broken).toBe(true);
  });

  test('cut at QUIT: what was accepted stays accepted', async () => {
    const { handover, session } = await deliver({ quit: () => 'cut' }, options);
    session?.close();
    expect(handover.outcome).toBe('accepted');
    expect(sink.mails).toHaveLength(1);
  });

  test('421 at any step is for later, and the connection is over', async () => {
    for (const step of ['mail', 'rcpt', 'data', 'accepted'] as const) {
      const { handover, session } = await deliver({ [step]: () => '421 4.3.2 closing' }, options);
      expect(handover).toMatchObject({ outcome: 'deferred', code: 421 });
      expect(session?.broken).toBe(true);
      expect(sink.mails).toHaveLength(0);
      await sink.close();
    }
    sink = await startSmtpSink();
  });

  test('silence has an end: before the body it was not sent, after it it is in doubt', async () => {
    const silent = () => new Promise<never>(() => {});
    expect((await deliver({ rcpt: silent }, options)).handover).toMatchObject({ outcome: 'not-sent', phase: 'rcpt' });
    await sink.close();
    expect((await deliver({ accepted: silent }, options)).handover.outcome).toBe('uncertain');
  });
});

test('TLS and AUTH: encrypted where offered, on from the first byte where asked, and refused with a certificate that nobody knows', async () => {
  expect((await deliver({}, starttls)).handover.outcome).toBe('accepted');
  expect(sink.commands.filter((line) => /^(STARTTLS|AUTH|EHLO)/.test(line)).map((line) => line.slice(0, 4))).toEqual([
    'EHLO',
    'STAR',
    'EHLO',
    'AUTH',
  ]);
  const open = (relay: Partial<typeof sink.relay>) =>
    SmtpSession.open({ ...sink.relay, ...relay }, 'test.example.org', timeouts);
  expect(await open({ tls: 'required' })).toMatchObject({ outcome: 'not-sent', phase: 'connect' });
  expect(await open({ password: 'wrong' })).toMatchObject({ outcome: 'refused', phase: 'auth', code: 535 });
  await sink.close();
  sink = await startSmtpSink();
  expect(await open({ tls: 'required', port: sink.relay.port, user: undefined })).toMatchObject({
    outcome: 'not-sent',
    phase: 'connect',
  });
});

test('a message that is no longer ours to send is not begun', async () => {
  sink = await startSmtpSink();
  const session = (await SmtpSession.open(sink.relay, 'test.example.org', timeouts)) as SmtpSession;
  const handover = await session.deliver({ from: 'a@example.org', to: 'b@example.net' }, message, () => false);
  expect(handover.outcome).toBe('given-back');
  expect(session.broken).toBe(true);
  expect(sink.mails).toHaveLength(0);
});
