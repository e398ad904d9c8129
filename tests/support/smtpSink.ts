import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Relay } from '../../src/platform/config/index.ts';

// A real SMTP server on loopback that keeps what it accepts and misbehaves where a test wants it to.

export interface ReceivedMail {
  from: string;
  to: string;
  /** As it came over the wire, dots unstuffed, without the last CRLF. */
  message: Buffer;
}

/** What the server does at a step: a reply, or the end of the connection. `undefined`: as a good server would. */
export type Reaction = string | 'cut' | undefined;

export interface SinkBehaviour {
  greeting?: () => Reaction;
  mail?: (from: string) => Reaction;
  rcpt?: (to: string) => Reaction;
  data?: (mail: { from: string; to: string }) => Reaction;
  /** After the dot; with 'cut' the mail is kept and no answer is given. */
  accepted?: (mail: ReceivedMail) => Reaction | Promise<Reaction>;
}

export interface SmtpSink {
  relay: Relay;
  mails: ReceivedMail[];
  commands: string[];
  behaviour: SinkBehaviour;
  close(): Promise<void>;
}

export async function startSmtpSink(
  behaviour: SinkBehaviour = {},
  extensions = ['PIPELINING', '8BITMIME', 'SMTPUTF8'],
): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const sink: Omit<SmtpSink, 'relay' | 'close'> = { mails, commands, behaviour };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    converse(socket, sink, extensions);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(sink, {
    relay: relayAt(port),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function converse(socket: Socket, sink: Omit<SmtpSink, 'relay' | 'close'>, extensions: string[]): void {
  let buffer = Buffer.alloc(0);
  let inData = false;
  let begun = false;
  let from = '';
  let to = '';
  const react = (reaction: Reaction, usual: string) => {
    if (reaction === 'cut') socket.destroy();
    else socket.write(`${reaction ?? usual}\r\n`);
    return reaction === undefined;
  };
  const command = (line: string) => {
    sink.commands.push(line);
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO')
      socket.write(
        ['250-sink', ...extensions.slice(0, -1).map((name) => `250-${name}`), `250 ${extensions.at(-1)}`, ''].join(
          '\r\n',
        ),
      );
    else if (verb === 'MAIL') {
      from = /<(.*?)>/.exec(line)?.[1] ?? '';
      to = '';
      begun = react(sink.behaviour.mail?.(from), '250 2.1.0 ok');
    } else if (verb === 'RCPT' && !begun) socket.write('503 5.5.1 no sender\r\n');
    else if (verb === 'RCPT') {
      const address = /<(.*?)>/.exec(line)?.[1] ?? '';
      if (react(sink.behaviour.rcpt?.(address), '250 2.1.5 ok')) to = address;
    } else if (verb === 'DATA') {
      if (to === '') socket.write('503 5.5.1 no recipient\r\n');
      else inData = react(sink.behaviour.data?.({ from, to }), '354 go on');
    } else if (verb === 'RSET') socket.write('250 2.0.0 ok\r\n');
    else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n');
    else socket.write('500 5.5.2 what\r\n');
  };
  const message = async (bytes: Buffer) => {
    const mail = { from, to, message: Buffer.from(bytes.toString('latin1').replace(/^\.\./gm, '.'), 'latin1') };
    const answer = sink.behaviour.accepted?.(mail);
    const reaction = answer instanceof Promise ? await answer : answer;
    if (reaction === undefined || reaction === 'cut') sink.mails.push(mail);
    react(reaction, '250 2.0.0 kept');
  };
  react(sink.behaviour.greeting?.(), '220 sink ESMTP');
  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = buffer.indexOf(inData ? '\r\n.\r\n' : '\r\n');
      if (end === -1) return;
      const part = buffer.subarray(0, end);
      buffer = buffer.subarray(end + (inData ? 5 : 2));
      if (inData) {
        inData = false;
        void message(part);
      } else command(part.toString('utf8'));
    }
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
