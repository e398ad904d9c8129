import os from 'node:os';
import path from 'node:path';
import { type DispatchDeps, Sender, watchBlocks } from './dispatch/index.ts';
import { randomId } from './lib/ids.ts';
import { type KeptLeave, type Newsroom, leave } from './newsroom/index.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Config, Relay } from './platform/config/index.ts';
import { type OpenDatabase, type Statements, openDatabase, openStatements } from './platform/database/index.ts';
import { type Inbox, inboxRelay, startInbox } from './platform/inbox/index.ts';
import type { Log } from './platform/log.ts';
import { type Queues, openQueues } from './platform/queue/index.ts';
import { RelayPool, SmtpSession } from './platform/smtp/index.ts';
import { Spool } from './platform/spool.ts';

// The one place that constructs. Parts come into being when somebody asks for them, so that a command opens what it uses and
// no more; close() takes them down in the opposite order, the database last.

export const QUEUE = { dispatch: 'dispatch', collect: 'collect', clock: 'clock' } as const;

export interface App {
  config: Config;
  clock: Clock;
  log: Log;
  database: OpenDatabase;
  /** Who left while the database was away. */
  leaving: Spool<KeptLeave>;
  /** Writes that down in the database; with nothing to write, it asks for nothing. */
  applyLeaving(): Promise<void>;
  /** Undefined where a mail server is configured, or another process has the inbox. */
  inbox: Inbox | undefined;
  relay: RelayPool;
  queues(): Promise<Queues>;
  newsroom(): Promise<Newsroom>;
  /** This process's name in the books. */
  processId: string;
  dispatchDeps(): DispatchDeps;
  /** Has this process mail to hand over? */
  isSending(): boolean;
  /** No further mail is begun by this process; for the time before it ends. */
  stopSending(): void;
  isStopping(): boolean;
  close(): Promise<void>;
}

export interface AppOptions {
  clock?: Clock;
  /** Does this process bring the local inbox, where no mail server is configured? */
  inbox?: boolean;
  /** Settings of the embedded PostgreSQL, for tests. */
  databaseSettings?: string[];
}

export async function buildApp(config: Config, log: Log, options: AppOptions = {}): Promise<App> {
  const clock = options.clock ?? systemClock;
  const database = await openDatabase(config, log, options.databaseSettings);
  const wantsInbox = options.inbox === true && config.relays.length === 0;
  const inbox = wantsInbox ? await startInbox(config.dataDir) : undefined;
  const relays = () => relaysOf(config);
  const relay = new RelayPool(relays, heloName(config));
  let queues: Promise<Queues> | undefined;
  const openedQueues = () => (queues ??= openQueues({ databaseUrl: database.url, redisUrl: config.redisUrl }, log));
  const processId = randomId(8);
  const leaving = new Spool<KeptLeave>(path.join(config.dataDir, 'leaving'));
  const applyAll = async () => {
    const done = await leaving.apply(({ at, ...link }) =>
      leave(database.db, link, at === undefined ? undefined : new Date(at)),
    );
    if (done > 0) log.info(`${done} left while the database was away; that is written down now`);
  };
  // One after the other: whoever asks while the notes are being read may have one that came after.
  let last: Promise<void> = Promise.resolve();
  const applyLeaving = () => {
    const next = last.then(applyAll);
    last = next.catch(() => {});
    return next;
  };
  let dispatch: { sender: Sender; statements: Statements } | undefined;
  let stopping = false;
  const openDispatch = () => {
    const statements = openStatements(database.url, log);
    const sender = new Sender({
      db: database.db,
      statements,
      relays,
      openSession: (relay) => SmtpSession.open(relay, heloName(config)),
      returnPath: config.returnPath,
      leaseMs: config.leaseSeconds * 1_000,
      holder: processId,
      log,
      onBlocked: watchBlocks(database.db),
      beforeTurn: applyLeaving,
    });
    if (stopping) sender.stop();
    return { sender, statements };
  };
  const stopSending = () => {
    stopping = true;
    dispatch?.sender.stop();
  };
  return {
    config,
    clock,
    log,
    database,
    leaving,
    applyLeaving,
    inbox,
    relay,
    queues: openedQueues,
    newsroom: async () => ({
      db: database.db,
      clock,
      log,
      keys: config.keys,
      baseUrl: config.baseUrl,
      unsubscribeAddress: config.unsubscribeAddress,
      deskUrl: config.deskUrl,
      retentionDays: config.retentionDays,
      relay,
      dispatchQueue: (await openedQueues()).queue(QUEUE.dispatch),
      collectQueue: (await openedQueues()).queue(QUEUE.collect),
    }),
    processId,
    dispatchDeps: () => ({
      db: database.db,
      sender: (dispatch ??= openDispatch()).sender,
      keys: config.keys,
      leaseMs: config.leaseSeconds * 1_000,
      clock,
      log,
    }),
    isSending: () => dispatch?.sender.isBusy ?? false,
    stopSending,
    isStopping: () => stopping,
    close: async () => {
      stopSending();
      try {
        await dispatch?.sender.settled();
        await (await queues)?.close();
      } finally {
        await dispatch?.statements.close();
        await relay.close();
        await inbox?.close();
        await database.close();
      }
    },
  };
}

const INBOX_CONNECTIONS = 8;

function relaysOf(config: Config): Relay[] {
  return config.relays.length > 0 ? config.relays : [inboxRelay(config.dataDir, INBOX_CONNECTIONS)];
}

/** How we greet a mail server (RFC 5321 4.1.1.1): by the host that readers know us by. */
function heloName(config: Config): string {
  const { hostname } = new URL(config.baseUrl);
  return /^[0-9.]+$|:|^localhost$/.test(hostname) ? os.hostname() : hostname;
}
