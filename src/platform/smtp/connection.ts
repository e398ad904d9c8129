import SMTPConnection from 'nodemailer/lib/smtp-connection';

// nodemailer's connection, with one thing taken out: the stream between a message and the socket that looks at each byte for
// dots and line ends, and that costs more than all the rest. Our messages need neither (see `StuffedMessage`), so they are
// written to the socket as they are, with the end of the data behind them, in one system call. This reaches into what
// nodemailer keeps to itself, which is why its version is pinned exactly; a test holds what goes over the wire to its own way.

const END_OF_DATA = Buffer.from('\r\n.\r\n');

interface Internals {
  _socket: { cork(): void; uncork(): void; write(chunk: Uint8Array): boolean };
  _responseActions: ((reply: string) => void)[];
  _supportedExtensions?: string[];
  _envelope?: { pipelined?: boolean; accepted?: string[] } | false;
  _recipientQueue: string[];
  _actionSMTPStream(reply: string, callback: Callback): void;
}

type Callback = (error: Error | null, reply?: string) => void;

/** What nodemailer gives to a message's `pipe` in place of its stream. */
export interface MessageSink {
  outByteCount: number;
  /** The whole message, once. */
  write(parts: Uint8Array[]): void;
}

export class BulkConnection extends SMTPConnection {
  get #internals(): Internals {
    return this as unknown as Internals;
  }

  /** Does the server's EHLO reply offer it? */
  offers(extension: string): boolean {
    return this.#internals._supportedExtensions?.includes(extension) === true;
  }

  /**
   * Which answer of the envelope is awaited. With PIPELINING all three commands are out, and how many are left to be answered
   * tells.
   */
  awaits(): 'mail' | 'rcpt' | 'data' {
    const { _envelope: envelope, _responseActions: awaited, _recipientQueue: asked } = this.#internals;
    if (!envelope || envelope.accepted === undefined) return 'mail';
    if (envelope.accepted.length > 0) return 'data';
    if (envelope.pipelined === true) return awaited.length >= 3 ? 'mail' : awaited.length === 2 ? 'rcpt' : 'data';
    return asked.length > 0 ? 'rcpt' : 'mail';
  }

  /** Called by nodemailer when the server has said 354. */
  protected _createSendStream(callback: Callback): MessageSink {
    const internals = this.#internals;
    internals._responseActions.push((reply) => internals._actionSMTPStream(reply, callback));
    const { _socket: socket } = internals;
    return {
      outByteCount: 0,
      write(parts) {
        socket.cork();
        for (const part of parts) socket.write(part);
        socket.write(END_OF_DATA);
        socket.uncork();
      },
    };
  }
}
