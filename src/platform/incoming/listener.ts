import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerAddress, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { MINUTE_MS } from '../../lib/time.ts';
import type { Listening } from '../config/index.ts';
import { RoundupError } from '../errors.ts';
import { type IncomingMail, type TakeMail, MAX_MESSAGE_BYTES, TooMuch } from './mail.ts';

const MAX_CLIENTS = 50;
const MAX_RECIPIENTS = 50;
const CLOSE_TIMEOUT_MS = 2_000;
const IDLE_MS = 60_000;
const MOST_MS = 10 * MINUTE_MS;

export interface Listener {
  port: number;
  close(): Promise<void>;
}

/**
 * Takes mail for a few addresses of ours, by SMTP (RFC 5321) or LMTP (RFC 2033). It relays nothing and answers nothing; a mail that
 * could not be kept is refused for now, so that whoever has it keeps it. Throws `config-invalid` where it cannot listen.
 */
export async function listenForMail(
  { protocol, host, port }: Listening,
  { name, isOurs, take }: { name: string; isOurs: (address: string) => boolean; take: TakeMail },
): Promise<Listener> {
  const server = new SMTPServer({
    name,
    lmtp: protocol === 'lmtp',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAX_MESSAGE_BYTES,
    maxClients: MAX_CLIENTS,
    socketTimeout: IDLE_MS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    logger: false,
    onRcptTo: (recipient, session, done) => done(refusalOf(recipient, session, isOurs)),
    onData: (stream, session, done) =>
      void receive(stream, session, { take, isTrusted: protocol === 'lmtp' }).then(
        ...answering(protocol, session, done),
      ),
  });
  // Nobody holds a place for ever by sending a little now and then.
  server.server.on('connection', (socket) => {
    const end = setTimeout(() => socket.destroy(), MOST_MS);
    socket.once('close', () => clearTimeout(end));
  });
  // A client that goes away in the middle is its own affair.
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new RoundupError('config-invalid', `No mail can be taken on ${host}:${port}: ${cause.message}`, {
          hint: 'Set INCOMING to another address or port.',
          cause,
        }),
      ),
    );
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function refusalOf({ address }: SMTPServerAddress, session: SMTPServerSession, isOurs: (address: string) => boolean) {
  if (!isOurs(address)) return replying(550, '5.1.1 no such address here');
  // One that is named twice would be answered once, and LMTP wants an answer for each (RFC 2033 4.2).
  if (session.envelope.rcptTo.some((named) => named.address === address)) return replying(450, '4.5.3 named already');
  return session.envelope.rcptTo.length >= MAX_RECIPIENTS ? replying(452, '4.5.3 too many recipients') : null;
}

/** LMTP wants an answer for each recipient (RFC 2033 4.2); all of them fare alike. */
function answering(
  protocol: Listening['protocol'],
  { envelope }: SMTPServerSession,
  done: (error?: Error | null, reply?: string | (string | Error)[]) => void,
): [() => void, (error: Error) => void] {
  const tell = done as (error?: Error | null, reply?: unknown) => void;
  const each = (answer: string | Error) => envelope.rcptTo.map(() => answer);
  return protocol === 'lmtp'
    ? [() => tell(null, each('2.0.0 kept')), (error) => tell(null, each(replyTo(error)))]
    : [() => tell(null, '2.0.0 kept'), (error) => tell(replyTo(error))];
}

function replyTo(error: Error): Error {
  if ('responseCode' in error) return error;
  return error instanceof TooMuch ? replying(450, '4.7.1 too much comes from you') : replying(451, '4.3.0 not now');
}

async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  { take, isTrusted }: { take: TakeMail; isTrusted: boolean },
): Promise<void> {
  const message = await collect(stream);
  if (stream.sizeExceeded) throw replying(552, '5.3.4 the message is too large');
  const { mailFrom, rcptTo } = session.envelope;
  const mail: IncomingMail = {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    message,
    client: session.remoteAddress,
    isTrusted,
  };
  await take(mail);
}

/** What is beyond the limit is read and forgotten: the server says at the end that it was too large. */
async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_MESSAGE_BYTES) chunks.length = 0;
    else chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function replying(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
