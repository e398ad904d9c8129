import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../config/index.ts';
import { reasonOf } from '../errors.ts';
import { type Handover, isAboutRelay, wordsOf } from './outcome.ts';
import { type Envelope, SmtpSession, type StuffedMessage } from './session.ts';

// Connections for one-off mail: a letter, a test. Opened when they are needed, used again for a while, and where one relay
// does not take mail at all, the next one is asked.

const IDLE_CLOSE_MS = 10_000;

export class RelayPool {
  readonly #relays: () => Relay[];
  readonly #clientName: string;
  #idle: { relay: string; session: SmtpSession }[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  /** `relays` is asked at each new connection: the local inbox moves its port when it starts anew. */
  constructor(relays: () => Relay[], clientName: string) {
    this.#relays = relays;
    this.#clientName = clientName;
  }

  /** Hands one message over. Never rejects: what went wrong is in the answer. */
  async deliver(envelope: Envelope, message: StuffedMessage): Promise<Handover> {
    let handover: Handover = { outcome: 'not-sent', reason: 'there is no mail server', phase: 'connect' };
    try {
      for (const relay of this.#relays()) {
        handover = await this.#deliverBy(relay, envelope, message);
        if (!isAboutRelay(handover)) break;
      }
    } catch (error) {
      handover = { outcome: 'not-sent', reason: reasonOf(error), phase: 'connect' };
    }
    return handover;
  }

  /** Connects to each relay and signs in, no more; what is wrong, in words, by the relay's name. */
  async probe(): Promise<{ relay: string; problem: string | undefined }[]> {
    let relays: Relay[];
    try {
      relays = this.#relays();
    } catch (error) {
      return [{ relay: 'inbox', problem: reasonOf(error) }];
    }
    return Promise.all(
      relays.map(async (relay) => {
        const session = await SmtpSession.open(relay, this.#clientName);
        if (!(session instanceof SmtpSession)) return { relay: relay.name, problem: wordsOf(session) };
        session.close();
        return { relay: relay.name, problem: undefined };
      }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    this.#closeIdle();
    // QUIT goes out in this turn of the loop; the sockets end by themselves.
    await sleep(0);
  }

  async #deliverBy(relay: Relay, envelope: Envelope, message: StuffedMessage): Promise<Handover> {
    const session = this.#takeIdle(relay) ?? (await SmtpSession.open(relay, this.#clientName));
    if (!(session instanceof SmtpSession)) return session;
    const handover = await session.deliver(envelope, message);
    this.#giveBack(relay, session);
    return handover;
  }

  #takeIdle({ name }: Relay): SmtpSession | undefined {
    const usable = this.#idle.filter(({ session }) => !session.broken);
    const found = usable.find(({ relay }) => relay === name);
    this.#idle = usable.filter((entry) => entry !== found);
    return found?.session;
  }

  #giveBack({ name, perConnection }: Relay, session: SmtpSession): void {
    if (session.broken) return;
    if (this.#closed || session.messages >= perConnection) return session.close();
    this.#idle.push({ relay: name, session });
    clearTimeout(this.#sweeper);
    this.#sweeper = setTimeout(() => this.#closeIdle(), IDLE_CLOSE_MS).unref();
  }

  #closeIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const { session } of idle) session.close();
  }
}
