import type { Readable } from 'node:stream';
import type { Relay } from '../config/index.ts';
import { oneLine } from '../../lib/text.ts';
import { BulkConnection, type MessageSink } from './connection.ts';
import type { Handover, Phase } from './outcome.ts';

// One conversation with a mail server. Messages go to the socket as they are: their lines end in CRLF and none begins with a
// dot, which the stencil's encoding guarantees; the last CRLF and the dot are added here.

/** A whole message without its last CRLF, no line of which begins with a dot; in parts, so that none has to be copied. */
export type StuffedMessage = Uint8Array[];

export interface Envelope {
  from: string;
  to: string;
}

/** How long each phase may take, in milliseconds. */
export interface Timeouts {
  /** To connect, be greeted, say EHLO and encrypt. */
  connect: number;
  auth: number;
  /** From MAIL to the answer to DATA. */
  envelope: number;
  /** From the first byte of the message to the answer to the dot. */
  body: number;
  reset: number;
}

/** RFC 5321 4.5.3.2: five minutes for each command; ten after the dot, or a slow server gets everything twice. */
export const TIMEOUTS: Timeouts = {
  connect: 60_000,
  auth: 120_000,
  envelope: 300_000,
  body: 600_000,
  reset: 30_000,
};

const MAX_REPLY_LENGTH = 500;

/** RFC 6531 3.1, RFC 6152: such an address must not be sent to a server that does not offer SMTPUTF8 and 8BITMIME. */
const BEYOND_ASCII: Handover = {
  outcome: 'refused',
  reply: '553 5.6.7 the mail server does not take addresses beyond ASCII (SMTPUTF8)',
  code: 553,
  phase: 'rcpt',
};

interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

export class SmtpSession {
  readonly #connection: BulkConnection;
  readonly #timeouts: Timeouts;
  #broken = false;
  #messages = 0;

  private constructor(connection: BulkConnection, timeouts: Timeouts) {
    this.#connection = connection;
    this.#timeouts = timeouts;
  }

  /** Connects, greets, encrypts and signs in; where that fails, says so as a handover of phase `connect` or `auth`. */
  static async open(relay: Relay, clientName: string, timeouts = TIMEOUTS): Promise<SmtpSession | Handover> {
    const connection = new BulkConnection({
      host: relay.host,
      port: relay.port,
      name: clientName,
      secure: relay.tls === 'implicit',
      requireTLS: relay.tls === 'required',
      ignoreTLS: relay.tls === 'none',
      opportunisticTLS: relay.tls === 'opportunistic',
      // What is opportunistic is open to a man in the middle anyway; a certificate that nobody knows is better than none.
      tls: { rejectUnauthorized: relay.tls !== 'opportunistic' },
      connectionTimeout: timeouts.connect,
      greetingTimeout: timeouts.connect,
      dnsTimeout: timeouts.connect,
      // Silence at any point; the phases have timers of their own.
      socketTimeout: timeouts.body,
    });
    const session = new SmtpSession(connection, timeouts);
    const refused = await session.#connect();
    if (refused !== undefined) return failureAt('connect', refused);
    if (relay.user === undefined) return session;
    const denied = await session.#signIn(relay.user, relay.password ?? '');
    if (denied === undefined) return session;
    session.#break();
    return failureAt('auth', denied);
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** How many messages it has been given. */
  get messages(): number {
    return this.#messages;
  }

  /**
   * Hands one message over and says what became of it; never rejects. `mayStart` is asked when the server waits for the
   * message: where it says no, the connection ends there and nothing of the message has gone out.
   */
  async deliver(
    envelope: Envelope,
    message: StuffedMessage,
    mayStart: () => boolean | Promise<boolean> = () => true,
  ): Promise<Handover> {
    this.#messages++;
    const isPlain = isAscii(envelope.to);
    if (!isPlain && !(this.#connection.offers('SMTPUTF8') && this.#connection.offers('8BITMIME'))) return BEYOND_ASCII;
    const handover = await new Promise<Handover>((resolve) => {
      let bodyHandedOver = false;
      let timer = setTimeout(() => giveUp(this.#timeouts.envelope), this.#timeouts.envelope);
      const settle = (handover: Handover) => {
        clearTimeout(timer);
        resolve(handover);
      };
      const fail = (error: SmtpError, phase = phaseOf(error.command) ?? this.#lostAt ?? 'data') =>
        settle(failure(error, bodyHandedOver ? 'body' : phase));
      const giveUp = (ms: number) => {
        const phase = this.#connection.awaits();
        this.#break();
        fail(new Error(`no answer for ${Math.round(ms / 1_000)} s`), phase);
      };
      const body = {
        pipe: (destination: MessageSink) => {
          const may = mayStart();
          if (typeof may === 'boolean') begin(may, destination);
          else may.then((yes) => begin(yes, destination)).catch(fail);
        },
      };
      const begin = (may: boolean, destination: MessageSink) => {
        if (!may) {
          this.#break();
          return settle({ outcome: 'given-back', reason: 'no longer ours to send' });
        }
        if (this.#broken) return;
        bodyHandedOver = true;
        clearTimeout(timer);
        timer = setTimeout(() => giveUp(this.#timeouts.body), this.#timeouts.body);
        destination.write(message);
      };
      // A reply that came with the end of the connection is told after it: it has the better reason.
      this.#onBreak = (error) => setImmediate(() => fail(error));
      const size = message.reduce((sum, part) => sum + part.length, 0);
      this.#connection.send(
        { ...envelope, size, use8BitMime: !isPlain },
        body as unknown as Readable,
        (error: SmtpError | null, info?: { response: string }) =>
          error === null ? settle({ outcome: 'accepted', reply: replyText(info?.response) }) : fail(error),
      );
    });
    this.#onBreak = undefined;
    const { outcome } = handover;
    if (outcome === 'refused' || outcome === 'deferred') await this.#reset();
    else if (outcome !== 'accepted') this.#break();
    return handover;
  }

  /** Says QUIT. */
  close(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#connection.quit();
  }

  #onBreak: ((error: SmtpError) => void) | undefined;
  #lostAt: Phase | undefined;

  async #connect(): Promise<SmtpError | undefined> {
    const connection = this.#connection;
    // nodemailer's own time ends with the greeting; EHLO and STARTTLS are within ours.
    let timer: NodeJS.Timeout | undefined;
    const problem = await new Promise<SmtpError | undefined>((resolve) => {
      timer = setTimeout(() => {
        resolve(new Error(`not connected after ${Math.round(this.#timeouts.connect / 1_000)} s`));
        connection.close();
      }, this.#timeouts.connect);
      connection.once('error', resolve);
      connection.once('end', () => resolve(new Error('the server closed the connection')));
      connection.connect((error) => resolve(error as SmtpError | undefined));
    });
    clearTimeout(timer);
    connection.removeAllListeners('error');
    connection.removeAllListeners('end');
    connection.on('error', (error: SmtpError) => this.#lost(error));
    connection.on('end', () => this.#lost(new Error('the server closed the connection')));
    return problem;
  }

  #signIn(user: string, password: string): Promise<SmtpError | undefined> {
    return this.#within(this.#timeouts.auth, (done) => {
      this.#connection.login({ user, pass: password }, (error) => done((error as SmtpError | null) ?? undefined));
    });
  }

  /** After a refused envelope or message, so that nothing of it is left for the next one (RFC 5321 4.1.1.5). */
  async #reset(): Promise<void> {
    if (this.#broken) return;
    const problem = await this.#within(this.#timeouts.reset, (done) => {
      this.#connection.reset((error) => done((error as SmtpError | null) ?? undefined));
    });
    if (problem !== undefined) this.#break();
  }

  /** One exchange with an end: an answer, the end of the connection, or the end of our patience. */
  async #within(
    ms: number,
    exchange: (done: (problem: SmtpError | undefined) => void) => void,
  ): Promise<SmtpError | undefined> {
    const problem = await new Promise<SmtpError | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(new Error(`no answer for ${Math.round(ms / 1_000)} s`)), ms);
      const done = (problem: SmtpError | undefined) => {
        clearTimeout(timer);
        resolve(problem);
      };
      this.#onBreak = (error) => setImmediate(() => done(error));
      exchange(done);
    });
    this.#onBreak = undefined;
    return problem;
  }

  #lost(error: SmtpError): void {
    this.#lostAt ??= this.#connection.awaits();
    this.#broken = true;
    this.#onBreak?.(error);
  }

  #break(): void {
    this.#broken = true;
    this.#connection.close();
  }
}

/** Why a session could not be opened. */
function failureAt(phase: Phase, error: SmtpError): Handover {
  const reply = replyText(error.response ?? error.message);
  const code = error.responseCode ?? 0;
  if (code >= 500) return { outcome: 'refused', reply, code, phase };
  if (code >= 400) return { outcome: 'deferred', reply, code, phase };
  return { outcome: 'not-sent', reason: reply, phase };
}

function failure(error: SmtpError, phase: Phase): Handover {
  const reply = replyText(error.response ?? error.message);
  // Larger than the server says it takes (RFC 1870): it will not fit the next time either.
  const code = error.responseCode ?? (error.code === 'EMESSAGE' ? 552 : 0);
  if (code >= 500) return { outcome: 'refused', reply, code, phase };
  if (code >= 400) return { outcome: 'deferred', reply, code, phase };
  return phase === 'body' ? { outcome: 'uncertain', reason: reply } : { outcome: 'not-sent', reason: reply, phase };
}

/** Where a command was answered. */
function phaseOf(command: string | undefined): Phase | undefined {
  // `API`: the connection was gone before anything was said.
  if (command === 'MAIL FROM' || command === 'API') return 'mail';
  if (command === 'RCPT TO') return 'rcpt';
  return command === 'DATA' ? 'data' : undefined;
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function replyText(reply: string | undefined): string {
  return oneLine(reply ?? '', MAX_REPLY_LENGTH);
}
