import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import { TLSSocket, createSecureContext } from 'node:tls';
import { sha256 } from '../../src/lib/hash.ts';
import type { Relay } from '../../src/platform/config/index.ts';

// A real SMTP server on loopback that keeps what it accepts, in a journal on disk where one is wanted, and misbehaves where a
// test wants it to: at any step, with a reply or with the end of the connection.

export interface ReceivedMail {
  from: string;
  to: string;
  /** As it came over the wire, dots unstuffed, without the last CRLF. */
  message: Buffer;
}

/** What the server does at a step: a reply, or the end of the connection. `undefined`: as a good server would. */
export type Reaction = string | 'cut' | undefined;

/** After the dot it matters whether the mail is kept: `cut` keeps it, `cut-unkept` does not, `cut-in-reply` ends inside the 250. */
export type LastReaction = Reaction | 'cut-unkept' | 'cut-in-reply';

type Later<T> = T | Promise<T>;

export interface SinkBehaviour {
  greeting?: () => Reaction;
  ehlo?: () => Reaction;
  starttls?: () => Reaction;
  auth?: () => Reaction;
  mail?: (from: string) => Later<Reaction>;
  rcpt?: (to: string) => Later<Reaction>;
  data?: (mail: { from: string; to: string }) => Later<Reaction>;
  /** Asked when so many bytes of the message have come. */
  body?: (mail: { from: string; to: string }) => 'cut' | undefined;
  accepted?: (mail: ReceivedMail) => Later<LastReaction>;
  rset?: () => Reaction;
  quit?: () => Reaction;
}

export interface SinkOptions {
  extensions?: string[];
  tls?: 'starttls' | 'implicit';
  /** User and password that are asked for. */
  auth?: { user: string; password: string };
  /** Each accepted message is on disk, line by line, before its reply goes out. */
  journal?: string;
  /** Keep no messages in memory. */
  forgetful?: boolean;
}

/** A line of the journal. */
export interface JournalEntry {
  to: string;
  sha256: string;
  /** When DATA was answered and when the message was complete (performance.timeOrigin based, milliseconds). */
  begunAt: number;
  keptAt: number;
  /** Who sent it, as it said in EHLO. */
  client: string;
  /** The client was told so; false where the connection was cut instead. */
  told: boolean;
}

export interface SmtpSink {
  relay: Relay;
  mails: ReceivedMail[];
  commands: string[];
  behaviour: SinkBehaviour;
  /** Connections of a client, by its EHLO name, that are between MAIL and the answer to the dot. */
  inFlight(client: string): number;
  connections(client: string): number;
  kept(): number;
  close(): Promise<void>;
}

const TLS_FOLDER = path.join(import.meta.dirname, '../fixtures/tls');
export const TEST_CERTIFICATE = path.join(TLS_FOLDER, 'cert.pem');
const BODY_ASKED_AFTER = 200;

interface Server {
  behaviour: SinkBehaviour;
  options: SinkOptions;
  mails: ReceivedMail[];
  commands: string[];
  keep(entry: Omit<JournalEntry, 'keptAt'>): void;
}

interface State {
  client: string;
  inTransaction: boolean;
}

export async function startSmtpSink(behaviour: SinkBehaviour = {}, options: SinkOptions = {}): Promise<SmtpSink> {
  const sockets = new Map<Socket, State>();
  const journal = options.journal === undefined ? undefined : openSync(options.journal, 'a');
  let kept = 0;
  const sink: Server = {
    behaviour,
    options,
    mails: [],
    commands: [],
    keep(entry) {
      kept++;
      if (journal === undefined) return;
      writeSync(journal, `${JSON.stringify({ ...entry, keptAt: Date.now() })}\n`);
      fdatasyncSync(journal);
    },
  };
  const server = createServer((socket) => {
    const state = { client: '', inTransaction: false };
    sockets.set(socket, state);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (options.tls === 'implicit') greet(secured(socket), sink, state);
    else greet(socket, sink, state);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const of = (client: string) => [...sockets.values()].filter((state) => state.client === client);
  return Object.assign(sink, {
    relay: relayAt(port, {
      tls: options.tls === 'implicit' ? 'implicit' : options.tls === 'starttls' ? 'opportunistic' : 'none',
      user: options.auth?.user,
      password: options.auth?.password,
    }),
    inFlight: (client: string) => of(client).filter(({ inTransaction }) => inTransaction).length,
    connections: (client: string) => of(client).length,
    kept: () => kept,
    close: async () => {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (journal !== undefined) closeSync(journal);
    },
  });
}

/** A relay on loopback as a test wants it. */
export function relayAt(port: number, options: Partial<Relay> = {}): Relay {
  return {
    name: `sink:${port}`,
    host: '127.0.0.1',
    port,
    tls: 'none',
    user: undefined,
    password: undefined,
    connections: 4,
    weight: 1,
    perSecond: undefined,
    perConnection: 500,
    perDay: undefined,
    warmUp: undefined,
    ...options,
  };
}

export function readJournal(file: string): JournalEntry[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

function secured(socket: Socket): Socket {
  const [key, cert] = ['key.pem', 'cert.pem'].map((file) => readFileSync(path.join(TLS_FOLDER, file)));
  const upgraded = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ key, cert }) });
  upgraded.on('error', () => {});
  return upgraded;
}

function greet(socket: Socket, sink: Server, state: State): void {
  const reaction = sink.behaviour.greeting?.();
  if (reaction === 'cut') socket.destroy();
  else socket.write(`${reaction ?? '220 sink ESMTP'}\r\n`);
  converse(socket, sink, { state, isSecure: sink.options.tls === 'implicit' });
}

function converse(socket: Socket, sink: Server, { state, isSecure }: { state: State; isSecure: boolean }): void {
  const { behaviour, options } = sink;
  let buffer = Buffer.alloc(0);
  let inData = false;
  let bodyAsked = false;
  let begun = false;
  let from = '';
  let to = '';
  let begunAt = 0;
  let busy = false;
  const end = () => {
    state.inTransaction = false;
    socket.destroy();
  };
  /** True where the usual reply was given. */
  const react = (reaction: Reaction, usual: string) => {
    if (reaction === 'cut') end();
    else socket.write(`${reaction ?? usual}\r\n`);
    return reaction === undefined;
  };
  const extensions = () => [
    ...(options.extensions ?? ['PIPELINING', '8BITMIME', 'SMTPUTF8']),
    ...(options.tls === 'starttls' && !isSecure ? ['STARTTLS'] : []),
    ...(options.auth === undefined ? [] : ['AUTH PLAIN']),
  ];
  const steps: Record<string, (line: string) => Later<unknown>> = {
    EHLO(line) {
      state.client = line.slice(5).trim();
      const lines = ['sink', ...extensions()];
      return react(
        behaviour.ehlo?.(),
        lines.map((text, index) => `250${index === lines.length - 1 ? ' ' : '-'}${text}`).join('\r\n'),
      );
    },
    STAR() {
      if (!react(behaviour.starttls?.(), '220 2.0.0 go on')) return;
      socket.removeAllListeners('data');
      converse(secured(socket), sink, { state, isSecure: true });
    },
    AUTH(line) {
      const [, user = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString()
        .split('\0');
      const isRight = user === options.auth?.user && password === options.auth.password;
      return react(behaviour.auth?.() ?? (isRight ? undefined : '535 5.7.8 no'), '235 2.7.0 welcome');
    },
    async MAIL(line) {
      state.inTransaction = true;
      from = /<(.*?)>/.exec(line)?.[1] ?? '';
      to = '';
      begun = react(await behaviour.mail?.(from), '250 2.1.0 ok');
    },
    async RCPT(line) {
      if (!begun) return react(undefined, '503 5.5.1 no sender');
      const address = /<(.*?)>/.exec(line)?.[1] ?? '';
      if (react(await behaviour.rcpt?.(address), '250 2.1.5 ok')) to = address;
    },
    async DATA() {
      if (to === '') return react(undefined, '503 5.5.1 no recipient');
      begunAt = Date.now();
      inData = react(await behaviour.data?.({ from, to }), '354 go on');
      bodyAsked = false;
    },
    RSET() {
      state.inTransaction = false;
      return react(behaviour.rset?.(), '250 2.0.0 ok');
    },
    QUIT() {
      const reaction = behaviour.quit?.();
      if (reaction === 'cut') end();
      else socket.end('221 2.0.0 bye\r\n');
    },
  };
  const command = (line: string) => {
    sink.commands.push(line);
    const step = steps[line.slice(0, 4).toUpperCase()];
    return step === undefined ? react(undefined, '500 5.5.2 what') : step(line);
  };
  const message = async (bytes: Buffer) => {
    const mail = { from, to, message: Buffer.from(bytes.toString('latin1').replace(/^\.\./gm, '.'), 'latin1') };
    const reaction = await behaviour.accepted?.(mail);
    const isKept = reaction === undefined || reaction === 'cut' || reaction === 'cut-in-reply';
    if (isKept) {
      if (options.forgetful !== true) sink.mails.push(mail);
      sink.keep({
        to,
        sha256: sha256(bytes.toString('latin1')),
        begunAt,
        client: state.client,
        told: reaction === undefined,
      });
    }
    state.inTransaction = false;
    if (reaction === 'cut-in-reply') socket.write('25', () => socket.destroy());
    else react(reaction === 'cut-unkept' ? 'cut' : reaction, '250 2.0.0 kept');
  };
  /** One step after the other, however long a behaviour takes. */
  const work = async () => {
    if (busy) return;
    busy = true;
    for (;;) {
      if (inData && !bodyAsked && buffer.length > BODY_ASKED_AFTER) {
        bodyAsked = true;
        if (behaviour.body?.({ from, to }) === 'cut') end();
      }
      const stop = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (stop === -1 || socket.destroyed) break;
      const part = buffer.subarray(0, stop);
      buffer = buffer.subarray(stop + (inData ? 5 : 2));
      if (inData) {
        inData = false;
        await message(part);
      } else await command(part.toString('utf8'));
    }
    busy = false;
  };
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    void work();
  });
}
