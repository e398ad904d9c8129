import type { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Relay } from '../config/index.ts';
import { oneLine } from '../../lib/text.ts';
import type { Handover, Phase } from './outcome.ts';

// One conversation with a mail server, on nodemailer's SMTPConnection. The message goes past nodemailer's stream that looks at
// each byte: our bytes are CRLF-terminated and have no line that begins with a dot, which the stencil's encoding guarantees.
// nodemailer adds the last CRLF and the dot itself, so the bytes must not end with one.

/** A whole message without its last CRLF, no line of which begins with a dot. */
export type StuffedMessage = Uint8Array;

export interface Envelope {
  from: string;
  to: string;
}

const CONNECT_TIMEOUT_MS = 30_000;
/** RFC 5321 4.5.3.2.6: ten minutes after the dot, or a slow server gets everything twice. */
const REPLY_TIMEOUT_MS = 600_000;
const MAX_REPLY_LENGTH = 500;

/** RFC 6531 3.1: such an address must not be sent to a server that does not offer SMTPUTF8. */
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
  readonly #connection: SMTPConnection;
  #broken = false;
  #messages = 0;

  private constructor(connection: SMTPConnection) {
    this.#connection = connection;
  }

  /** Connects, greets, encrypts and signs in; where that fails, says so as a handover of phase `connect` or `auth`. */
  static async open(relay: Relay, clientName: string): Promise<SmtpSession | Handover> {
    const connection = new SMTPConnection({
      host: relay.host,
      port: relay.port,
      name: clientName,
      secure: relay.tls === 'implicit',
      requireTLS: relay.tls === 'required',
      ignoreTLS: relay.tls === 'none',
      opportunisticTLS: relay.tls === 'opportunistic',
      // What is opportunistic is open to a man in the middle anyway; a certificate that nobody knows is better than none.
      tls: { rejectUnauthorized: relay.tls !== 'opportunistic' },
      connectionTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: CONNECT_TIMEOUT_MS,
      dnsTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: REPLY_TIMEOUT_MS,
    });
    const session = new SmtpSession(connection);
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

  get messages(): number {
    return this.#messages;
  }

  /** Hands one message over and says what became of it; never rejects. */
  async deliver(envelope: Envelope, message: StuffedMessage): Promise<Handover> {
    this.#messages++;
    if (!isAscii(envelope.to) && !this.#offers('SMTPUTF8')) return BEYOND_ASCII;
    let bodyHandedOver = false;
    const body = {
      pipe(destination: { push(chunk: Uint8Array): boolean; end(): void }) {
        bodyHandedOver = true;
        destination.push(message);
        destination.end();
      },
    };
    const handover = await new Promise<Handover>((resolve) => {
      const settle = (error: SmtpError | null, info?: { response: string }) =>
        resolve(
          error === null ? { outcome: 'accepted', reply: replyText(info?.response) } : failure(error, bodyHandedOver),
        );
      // A reply that came with the end of the connection is told after it: it has the better reason.
      this.#onBreak = (error) => setImmediate(() => settle(error));
      this.#connection.send({ ...envelope, size: message.length }, body as unknown as Readable, settle);
    });
    this.#onBreak = undefined;
    if (handover.outcome === 'uncertain' || handover.outcome === 'not-sent') this.#break();
    else if (handover.outcome !== 'accepted') await this.#reset();
    return handover;
  }

  /** What the server's EHLO reply offers; nodemailer keeps it to itself. */
  #offers(extension: string): boolean {
    const { _supportedExtensions: offered } = this.#connection as unknown as { _supportedExtensions?: string[] };
    return offered?.includes(extension) === true;
  }

  close(): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#connection.quit();
  }

  #onBreak: ((error: SmtpError) => void) | undefined;

  async #connect(): Promise<SmtpError | undefined> {
    const connection = this.#connection;
    const problem = await new Promise<SmtpError | undefined>((resolve) => {
      connection.once('error', resolve);
      connection.once('end', () => resolve(new Error('the server closed the connection')));
      connection.connect((error) => resolve(error as SmtpError | undefined));
    });
    connection.removeAllListeners('error');
    connection.removeAllListeners('end');
    connection.on('error', (error: SmtpError) => this.#lost(error));
    connection.on('end', () => this.#lost(new Error('the server closed the connection')));
    return problem;
  }

  #signIn(user: string, password: string): Promise<SmtpError | undefined> {
    return new Promise((resolve) => {
      this.#onBreak = resolve;
      this.#connection.login({ user, pass: password }, (error) => resolve((error as SmtpError | null) ?? undefined));
    });
  }

  /** After a refused envelope or message, so that nothing of it is left for the next one (RFC 5321 4.1.1.5). */
  async #reset(): Promise<void> {
    const clean = await new Promise<boolean>((resolve) => {
      this.#onBreak = () => resolve(false);
      this.#connection.reset((error) => resolve(!error));
    });
    this.#onBreak = undefined;
    if (!clean) this.#break();
  }

  #lost(error: SmtpError): void {
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

function failure(error: SmtpError, bodyHandedOver: boolean): Handover {
  const reply = replyText(error.response ?? error.message);
  // Larger than the server says it takes (RFC 1870): it will not fit the next time either.
  const code = error.responseCode ?? (error.code === 'EMESSAGE' ? 552 : 0);
  const phase = bodyHandedOver ? 'body' : phaseOf(error.command);
  if (code >= 500) return { outcome: 'refused', reply, code, phase };
  if (code >= 400) return { outcome: 'deferred', reply, code, phase };
  return bodyHandedOver ? { outcome: 'uncertain', reason: reply } : { outcome: 'not-sent', reason: reply, phase };
}

function phaseOf(command: string | undefined): Phase {
  if (command === 'RCPT TO') return 'rcpt';
  if (command === 'DATA') return 'data';
  return 'mail';
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

function replyText(reply: string | undefined): string {
  return oneLine(reply ?? '', MAX_REPLY_LENGTH);
}
