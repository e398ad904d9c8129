import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Relay } from '../config/index.ts';
import { RoundupError } from '../errors.ts';
import { tryLock, unlock } from '../lock.ts';
import { Maildir } from './maildir.ts';

// The inbox stands in where no mail server is configured: a real SMTP server on a free loopback port, whose port is noted in
// the data folder, so that workers in other processes find it.

export interface Inbox {
  port: number;
  mail: Maildir;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 25 * 1024 * 1024;
const CLOSE_TIMEOUT_MS = 2_000;

/** Undefined where another process has the inbox of this data folder. */
export async function startInbox(dataDir: string): Promise<Inbox | undefined> {
  const lock = path.join(dataDir, 'inbox.lock');
  if (!tryLock(lock)) return undefined;
  const mail = await Maildir.open(path.join(dataDir, 'inbox'));
  const server = new SMTPServer({
    name: 'inbox.localhost',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    logger: false,
    onData: (stream, session, done) => void answer(receive(mail, stream, session), done),
  });
  // Replies to pipelined commands are small writes in a row: each would wait for the last one's acknowledgement.
  server.server.on('connection', (socket) => socket.setNoDelay(true));
  // A client that goes away in the middle is its own affair.
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = server.server.address() as AddressInfo;
  const note = portFile(dataDir);
  writeFileSync(note, String(port));
  return {
    port,
    mail,
    close: () => {
      rmSync(note, { force: true });
      unlock(lock);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** The relay that leads to the inbox of a data folder. Throws `inbox-unavailable` where none is running. */
const MESSAGES_PER_CONNECTION = 500;

export function inboxRelay(dataDir: string, connections: number): Relay {
  let port: number;
  try {
    port = Number(readFileSync(portFile(dataDir), 'utf8'));
  } catch (cause) {
    throw new RoundupError('inbox-unavailable', 'No mail server is configured, and the local inbox is not running.', {
      hint: 'Set SMTP_URL, or start "roundup up" (or "roundup serve"), which brings the inbox.',
      cause,
    });
  }
  return {
    name: 'inbox',
    host: '127.0.0.1',
    port,
    tls: 'none',
    user: undefined,
    password: undefined,
    connections,
    weight: 1,
    perSecond: undefined,
    perConnection: MESSAGES_PER_CONNECTION,
    perDay: undefined,
    warmUp: undefined,
  };
}

function portFile(dataDir: string): string {
  return path.join(dataDir, 'inbox.port');
}

async function answer(kept: Promise<string>, done: (error: Error | null, reply?: string) => void): Promise<void> {
  try {
    done(null, `2.0.0 kept as ${await kept}`);
  } catch (error) {
    done(error as Error);
  }
}

async function receive(mail: Maildir, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
  const message = await collect(stream);
  if (stream.sizeExceeded) throw replying(552, '5.3.4 the message is too large');
  if (mail.isFull) throw replying(452, '4.3.1 the inbox is full: empty it on its page');
  const ids = await Promise.all(session.envelope.rcptTo.map(({ address }) => mail.add(address, message)));
  return ids[0] ?? '';
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function replying(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
