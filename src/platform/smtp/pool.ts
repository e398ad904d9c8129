import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../config/index.ts';
import { reasonOf } from '../errors.ts';
import type { Handover } from './outcome.ts';
import { type Envelope, SmtpSession, type StuffedMessage } from './session.ts';

// The connections of one process to its relay: opened when they are needed, reused, recycled after a number of messages, and
// replaced when they break.

const MAX_MESSAGES = 500;
const IDLE_CLOSE_MS = 10_000;

export class RelayPool {
  readonly #relay: () => Relay;
  readonly #clientName: string;
  #idle: SmtpSession[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  /** `relay` is asked at each new connection: the local inbox moves its port when it starts anew. */
  constructor(relay: () => Relay, clientName: string) {
    this.#relay = relay;
    this.#clientName = clientName;
  }

  /** How many callers may deliver at once; it is theirs to keep to it. */
  get connections(): number {
    return this.#relay().connections;
  }

  /** Hands one message over on a free connection. Never rejects: what went wrong is in the answer. */
  async deliver(envelope: Envelope, message: StuffedMessage): Promise<Handover> {
    const session = await this.#take();
    if (!(session instanceof SmtpSession)) return session;
    const handover = await session.deliver(envelope, message);
    this.#giveBack(session);
    return handover;
  }

  /** Connects and signs in, no more; what is wrong, in words, or undefined. */
  async probe(): Promise<string | undefined> {
    let relay: Relay;
    try {
      relay = this.#relay();
    } catch (error) {
      return reasonOf(error);
    }
    const session = await SmtpSession.open(relay, this.#clientName);
    if (!(session instanceof SmtpSession)) return 'reason' in session ? session.reason : session.reply;
    session.close();
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    const idle = this.#idle;
    this.#idle = [];
    for (const session of idle) session.close();
    // QUIT goes out in this turn of the loop; the sockets end by themselves.
    await sleep(0);
  }

  async #take(): Promise<SmtpSession | Handover> {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop()) {
      if (!session.broken) return session;
    }
    try {
      return await SmtpSession.open(this.#relay(), this.#clientName);
    } catch (error) {
      return { outcome: 'not-sent', reason: reasonOf(error), phase: 'connect' };
    }
  }

  #giveBack(session: SmtpSession): void {
    if (session.broken) return;
    if (this.#closed || session.messages >= MAX_MESSAGES) return session.close();
    this.#idle.push(session);
    clearTimeout(this.#sweeper);
    this.#sweeper = setTimeout(() => this.#closeIdle(), IDLE_CLOSE_MS).unref();
  }

  #closeIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const session of idle) session.close();
  }
}
