import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildApp } from '../../src/app.ts';
import { insertApproval, insertEdition, insertRevision, moveEdition } from '../../src/editions/index.ts';
import { insertRendition } from '../../src/dispatch/index.ts';
import { sendEdition } from '../../src/newsroom/index.ts';
import { type Database, connect, sql } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { makeStencil, openGaps } from '../../src/rendering/index.ts';
import { addNewsletter, addPublication, configFor } from '../support/house.ts';
import { type Leaver, type Verdict, askOracle } from '../support/oracle.ts';
import { type SinkBehaviour, type SmtpSink, readJournal, startSmtpSink } from '../support/smtpSink.ts';
import { urlOfDatabase } from '../support/testServer.ts';
import { type Plan, randomFrom } from './plan.ts';
import type { PostgresServer, RedisServer } from './servers.ts';
import { type Worker, keepSpare, killWorker, startWorker } from './workers.ts';

// One seed: an edition to some hundred readers, sent by several workers through faults, and what the oracle says of it.

export const TEMPLATE = 'chaos_template';
export const READERS = 400;
const SUPPRESSED = 10;
const LEASE_SECONDS = 2;
const FREEZE_MS = (LEASE_SECONDS + 1.5) * 1_000;
const CONNECTIONS_EACH = 4;
const LEAVERS = 12;
const PATIENCE_MS = 90_000;
/** Deferrals and slowed domains need not be waited for: now and then an hour passes. */
const HOUR_PASSES_MS = 1_500;

export interface SeedResult extends Verdict {
  plan: Plan;
  kills: number;
  freezes: number;
  restarts: number;
  /** Mails that were being handed over when a fault struck. */
  inFlightHits: number;
  /** Of the processes that were killed or frozen, twice their connections; and what the server kept and did not answer. */
  explainable: number;
  seconds: number;
}

interface Play {
  plan: Plan;
  db: Database;
  sink: SmtpSink;
  postgres: PostgresServer;
  redis: RedisServer | undefined;
  environment: Record<string, string>;
  workers: Worker[];
  leavers: Leaver[];
  result: Pick<SeedResult, 'kills' | 'freezes' | 'restarts' | 'inFlightHits' | 'explainable'>;
}

/** A database with readers and an approved edition; each seed gets a copy. */
export async function prepareTemplate(serverUrl: string): Promise<void> {
  const admin = connect(serverUrl, silentLog, 1);
  await sql`create database ${sql.id(TEMPLATE)}`.execute(admin);
  await admin.destroy();
  const app = await buildApp(configFor(urlOfDatabase(serverUrl, TEMPLATE), tmpdir()), silentLog);
  const { db } = app.database;
  await addPublication(db);
  const newsletter = await addNewsletter(db);
  await sql`
    with people as (
      insert into subscribers (address, address_key, domain)
      select a, a, split_part(a, '@', -1) from (
        select 'reader.' || n || '@d' || n % 12 || '.example' as a from generate_series(1, ${READERS + SUPPRESSED}) n
      ) x returning id, address
    ), subscribed as (
      insert into subscriptions (newsletter_id, subscriber_id, state) select ${newsletter.id}, id, 'active' from people
    )
    insert into suppressions (address_key, reason) select address, 'manual' from people order by id desc limit ${SUPPRESSED}`.execute(
    db,
  );
  const now = new Date();
  const made = { newsletterId: newsletter.id, slotAt: null, windowFrom: now, windowTo: now, createdAt: now };
  const edition = await insertEdition(db, made);
  await insertRevision(
    db,
    edition,
    { subject: '', preheader: '', note: '', sections: [] },
    { by: 'chaos', at: now, change: '' },
  );
  const hash = 'c'.repeat(64);
  await insertRendition(db, {
    editionId: edition.id,
    hash,
    subject: '',
    html: [''],
    text: [''],
    stencil: stencil(hash),
    madeAt: now,
  });
  await insertApproval(db, { editionId: edition.id, revision: 1, hash, approvedBy: 'chaos', approvedAt: now });
  await moveEdition(db, edition.id, ['draft'], 'approved');
  await app.queues();
  await app.close();
}

function stencil(hash: string) {
  const gaps = openGaps();
  return makeStencil({
    from: { name: 'The Review', address: 'weekly@example.org' },
    replyTo: null,
    subject: 'The weekly round-up',
    html: gaps.cut(
      `<p>${'Words that fill a page. '.repeat(400)}<a href="https://x.example/e/${gaps.marker('viewToken')}">read</a></p>`,
    ),
    text: ['Words that fill a page.'],
    language: 'en',
    hash,
    list: { name: 'The Weekly', id: 'weekly.example.org' },
    feedbackId: '1:weekly:roundup',
    keyId: 'k1',
    unsubscribeUrl: (token) => `https://news.example.org/u/${token}`,
  });
}

export async function playSeed(
  plan: Plan,
  servers: { postgres: PostgresServer; redis: RedisServer | undefined },
): Promise<SeedResult> {
  const began = performance.now();
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-seed-'));
  const journal = path.join(folder, 'journal');
  const name = `seed_${plan.seed}_${Date.now()}`;
  const admin = connect(servers.postgres.url, silentLog, 1);
  await sql`create database ${sql.id(name)} template ${sql.id(TEMPLATE)}`.execute(admin);
  await admin.destroy();
  const url = urlOfDatabase(servers.postgres.url, name);
  const sink = await startSmtpSink(behaviourOf(plan), {
    journal,
    forgetful: true,
    ...(plan.tls === 'none' ? {} : { tls: plan.tls, auth: { user: 'news', password: 'secret' } }),
  });
  const redis = plan.backend === 'redis' ? servers.redis : undefined;
  redis?.wipe();
  const db = connect(url, silentLog, 3);
  const play: Play = {
    plan,
    db,
    sink,
    postgres: servers.postgres,
    redis,
    environment: environmentOf(plan, { url, folder, port: sink.relay.port, redisUrl: redis?.url }),
    workers: [],
    leavers: [],
    result: { kills: 0, freezes: 0, restarts: 0, inFlightHits: 0, explainable: 0 },
  };
  try {
    play.workers = Array.from({ length: plan.workers }, () => startWorker(play.environment));
    keepSpare(3);
    await releaseEdition(url, redis?.url);
    await playEvents(play);
    await untilSent(play);
    const verdict = await insist(() => askOracle(db, 1, { journal: readJournal(journal), leavers: play.leavers }));
    const untold = readJournal(journal).filter(({ told }) => !told).length;
    const { explainable, ...counts } = play.result;
    const seconds = (performance.now() - began) / 1_000;
    return { plan, ...verdict, ...counts, explainable: explainable + untold, seconds };
  } finally {
    await Promise.all(play.workers.map((worker) => killWorker(worker)));
    await db.destroy();
    await sink.close();
    await drop(servers.postgres.url, name);
    rmSync(folder, { recursive: true, force: true });
  }
}

function environmentOf(
  { workers, tls }: Plan,
  { url, folder, port, redisUrl }: { url: string; folder: string; port: number; redisUrl: string | undefined },
): Record<string, string> {
  const scheme = tls === 'implicit' ? 'smtps' : 'smtp';
  const user = tls === 'none' ? '' : 'news:secret@';
  const policy = tls === 'implicit' ? '' : `&tls=${tls === 'starttls' ? 'required' : 'none'}`;
  return {
    DATABASE_URL: url,
    DATA_DIR: folder,
    SMTP_URL: `${scheme}://${user}127.0.0.1:${port}?connections=${workers * CONNECTIONS_EACH}&messages=40${policy}`,
    SECRETS: 'k1:a-secret-of-thirty-two-characters',
    LEASE_SECONDS: String(LEASE_SECONDS),
    LOG_LEVEL: process.env.ROUNDUP_CHAOS_LOG ?? 'silent',
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
}

/** What the server does, by the seed: for each step of each mail a number is drawn. */
function behaviourOf({ seed, smtp, delayMs }: Plan): SinkBehaviour {
  const random = randomFrom(seed + 1_000_003);
  const meets = (chance: number) => chance > 0 && random() < chance;
  return {
    mail: () => (meets(smtp.cutEnvelope) ? 'cut' : undefined),
    rcpt: () => {
      if (meets(smtp.throttled)) return '450 4.7.0 not so fast';
      if (meets(smtp.temporary)) return '451 4.3.0 in trouble';
      return meets(smtp.cutEnvelope) ? 'cut' : undefined;
    },
    body: () => (meets(smtp.cutBody) ? 'cut' : undefined),
    accepted: async () => {
      await sleep(delayMs * (0.5 + random()));
      if (meets(smtp.cutUnkept)) return 'cut-unkept';
      return meets(smtp.cutKept) ? 'cut' : undefined;
    },
  };
}

async function releaseEdition(url: string, redisUrl: string | undefined): Promise<void> {
  const app = await buildApp({ ...configFor(url, tmpdir()), redisUrl }, silentLog);
  await sendEdition(await app.newsroom(), 1, 'chaos');
  await app.close();
}

async function playEvents(play: Play): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const { at, fault } of play.plan.events) {
    while (play.sink.kept() < at * READERS && performance.now() < deadline) {
      if ((await stateOf(play.db)) === 'sent') return;
      await sleep(10);
    }
    await strike(play, fault);
  }
}

async function strike(play: Play, fault: Plan['events'][number]['fault']): Promise<void> {
  const { workers, sink, result, redis } = play;
  switch (fault) {
    case 'kill':
    case 'freeze': {
      const victim = workers
        .filter(({ frozen }) => !frozen)
        .toSorted((a, b) => sink.inFlight(b.name) - sink.inFlight(a.name))[0];
      if (victim === undefined) return;
      result.inFlightHits += sink.inFlight(victim.name);
      result.explainable += 2 * sink.connections(victim.name);
      if (fault === 'freeze') return freeze(play, victim);
      result.kills++;
      await killWorker(victim);
      workers.splice(workers.indexOf(victim), 1, startWorker(play.environment));
      return keepSpare(3);
    }
    case 'postgres':
      result.restarts++;
      result.inFlightHits += inFlight(play);
      return play.postgres.killAndRestart();
    case 'redis-restart':
      result.restarts++;
      return redis?.restart();
    case 'redis-wipe':
      result.restarts++;
      return redis?.wipe();
    case 'leave':
      return leave(play);
  }
}

function inFlight({ workers, sink }: Play): number {
  return workers.reduce((sum, { name }) => sum + sink.inFlight(name), 0);
}

/** Past its lease; the others go on meanwhile. */
async function freeze({ result }: Play, victim: Worker): Promise<void> {
  result.freezes++;
  victim.frozen = true;
  victim.child.kill('SIGSTOP');
  setTimeout(() => {
    victim.child.kill('SIGCONT');
    victim.frozen = false;
  }, FREEZE_MS);
}

/** Some unsubscribe and some are suppressed, of those who have not got it. */
async function leave({ db, leavers }: Play): Promise<void> {
  const gone = await insist(async () => {
    const { rows } = await sql<{ address: string }>`
      with gone as (
        select s.id, s.address, row_number() over (order by s.id) % 2 as how from deliveries d
        join subscribers s on s.id = d.subscriber_id where d.edition_id = 1 and d.state = 'planned'
        order by md5(s.address) limit ${LEAVERS}
      ), unsubscribed as (
        update subscriptions u set state = 'unsubscribed' from gone where u.subscriber_id = gone.id and gone.how = 0
      ), suppressed as (
        insert into suppressions (address_key, reason) select address, 'manual' from gone where how = 1 on conflict do nothing
      )
      select address from gone`.execute(db);
    return rows;
  });
  const at = Date.now();
  leavers.push(...gone.map(({ address }) => ({ address, at })));
}

async function untilSent({ db }: Play): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let passed = performance.now();
  while ((await stateOf(db)) !== 'sent') {
    // What is stuck the oracle finds.
    if (performance.now() > deadline) return;
    await sleep(50);
    if (performance.now() - passed < HOUR_PASSES_MS) continue;
    passed = performance.now();
    await letAnHourPass(db).catch(() => {});
  }
}

async function letAnHourPass(db: Database): Promise<void> {
  await sql`update pacing set held_until = null, slowed_to = null, failures = 0`.execute(db);
  await sql`update deliveries set due_at = due_at - interval '1 hour' where edition_id = 1 and state in ('planned', 'deferred', 'uncertain') and due_at is not null`.execute(
    db,
  );
  await sql`update batches set due_at = due_at - interval '1 hour' where edition_id = 1 and due_at is not null`.execute(
    db,
  );
}

async function stateOf(db: Database): Promise<string> {
  return insist(async () => {
    const { rows } = await sql<{ state: string }>`select state from editions where id = 1`.execute(db);
    return rows[0]?.state ?? '';
  });
}

/** PostgreSQL may be away for a moment. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + PATIENCE_MS; ; await sleep(100)) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

async function drop(serverUrl: string, name: string): Promise<void> {
  const admin = connect(serverUrl, silentLog, 1);
  await insist(() => sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin));
  await admin.destroy();
}
