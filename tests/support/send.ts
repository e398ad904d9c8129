import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../../src/app.ts';
import { type Sums, deliverBatch, reconcile, sumsOf } from '../../src/dispatch/index.ts';
import type { Newsletter } from '../../src/editions/index.ts';
import { approveEdition, getEdition, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import type { Config, Relay } from '../../src/platform/config/index.ts';
import { DAY_MS } from '../../src/lib/time.ts';
import { sql } from '../../src/platform/database/index.ts';
import { clockAt } from './clock.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from './house.ts';
import { type SinkBehaviour, type SmtpSink, startSmtpSink } from './smtpSink.ts';

// An edition on its way: an installation with readers, an approved edition that has been released, and a mail server that
// misbehaves as a test wants it.

type House = Awaited<ReturnType<typeof openHouse>>;

export interface Send {
  app: House;
  sink: SmtpSink;
  newsletter: Newsletter;
  editionId: number;
  sums(): Promise<Sums>;
  state(): Promise<string>;
  /** One pass over every batch that is due, by this process or another one on the same database. */
  deliver(app?: App): Promise<void>;
  look(): Promise<void>;
  /** Workers at work: passes and looks until the edition has come to its end. */
  untilSent(): Promise<void>;
  /** Whoever was put off is due, and nothing is on hold: time has passed. */
  passTime(): Promise<void>;
  close(): Promise<void>;
}

export interface SendOptions {
  /** Addresses at such domains, in turn. */
  domains?: string[];
  behaviour?: SinkBehaviour;
  settings?: Record<string, unknown>;
  config?: Partial<Config>;
  relay?: Partial<Relay>;
  now?: string;
  /** Before it is released. */
  before?: (house: House, sink: SmtpSink) => Promise<void>;
}

export async function openSend(readers: number, options: SendOptions = {}): Promise<Send> {
  const { domains = ['readers.example'], behaviour = {}, settings = {}, config = {}, relay = {} } = options;
  const sink = await startSmtpSink(behaviour);
  const now = options.now ?? '2026-11-26T08:00:00Z';
  const clock = clockAt(now);
  const app = await openHouse({ relay: { ...sink.relay, ...relay }, clock, config });
  const { db } = app.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db, settings);
  await addPieces(db, [{ slug: 'p1', publishedAt: new Date(Date.parse(now) - DAY_MS).toISOString() }]);
  await sql`
    with people as (
      insert into subscribers (address, address_key, domain)
      select a, a, split_part(a, '@', -1) from (
        select 'reader.' || n || '@' || (${domains}::text[])[1 + n % ${domains.length}] as a from generate_series(1, ${readers}) n
      ) x returning id
    )
    insert into subscriptions (newsletter_id, subscriber_id, state) select ${newsletter.id}, id, 'active' from people`.execute(
    db,
  );
  await options.before?.(app, sink);
  const { edition } = await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'a test' }));
  const newsroom = await app.newsroom();
  await approveEdition(newsroom, edition.id, 'an editor');
  await sendEdition(newsroom, edition.id, 'an editor');
  const send: Send = {
    app,
    sink,
    newsletter,
    editionId: edition.id,
    sums: () => sumsOf(db, edition.id),
    state: async () => (await getEdition(db, edition.id)).state,
    deliver: async (by = app) => {
      const { rows } = await sql<{ batch: number }>`
        select batch from batches where edition_id = ${edition.id} and due_at <= now() order by 1`.execute(db);
      await Promise.all(rows.map(({ batch }) => deliverBatch(by.dispatchDeps(), edition.id, batch)));
    },
    look: async () => void (await reconcile(db, (await app.newsroom()).dispatchQueue, clock)),
    untilSent: async () => {
      while ((await send.state()) === 'sending') {
        await send.look();
        await send.deliver();
        await sleep(20);
      }
    },
    passTime: async () => {
      await sql`update pacing set held_until = null, slowed_to = null, failures = 0`.execute(db);
      await sql`update deliveries set due_at = now() where due_at is not null`.execute(db);
      await sql`update batches set due_at = now() where due_at is not null`.execute(db);
    },
    close: async () => {
      await app.remove();
      await sink.close();
    },
  };
  return send;
}

/** Another process on the same installation. */
export async function openBeside({ app }: Send, config: Partial<Config> = {}): Promise<App> {
  const { buildApp } = await import('../../src/app.ts');
  const { silentLog } = await import('../../src/platform/log.ts');
  return buildApp({ ...app.config, ...config }, silentLog, { clock: app.clock });
}
