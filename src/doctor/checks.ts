import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../app.ts';
import { countIncoming } from '../bounces/index.ts';
import { listDkimKeys, workersPresent } from '../dispatch/index.ts';
import { listNewsletters } from '../editions/index.ts';
import { domainOf } from '../lib/addresses.ts';
import { shortDateTime } from '../lib/time.ts';
import { sql } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { probeMailbox } from '../platform/incoming/index.ts';
import { openResolver, senderRecords } from './dns.ts';

// How the installation is: what it is configured with, and whether what it needs is there and answers.

export interface Check {
  name: string;
  level: 'ok' | 'warn' | 'bad';
  sentence: string;
}

type Verdict = Omit<Check, 'name'>;

const CLOCK_TOLERANCE_MS = 2_000;

/** All of it, one after the other; a check that fails says so and keeps no other. */
export async function examine(app: App): Promise<Check[]> {
  return [
    await check('configuration', () => configuration(app)),
    await check('data folder', async () => dataFolder(app)),
    await check('database', () => database(app)),
    await check('clock', () => clock(app)),
    await check('queue', () => queue(app)),
    await check('mail server', () => mailServer(app)),
    await check('mail that comes in', () => incoming(app)),
    await check('workers', () => workers(app)),
    ...(await senders(app)),
  ];
}

async function check(name: string, look: () => Promise<Verdict>): Promise<Check> {
  try {
    return { name, ...(await look()) };
  } catch (error) {
    return { name, level: 'bad', sentence: reasonOf(error) };
  }
}

const ok = (sentence: string): Verdict => ({ level: 'ok', sentence });
const warn = (sentence: string): Verdict => ({ level: 'warn', sentence });

async function configuration({ config }: App): Promise<Verdict> {
  if (!config.production && config.relays.length > 0 && !config.baseUrl.startsWith('https:')) {
    return warn(
      `links in mail begin with ${config.baseUrl}; one-click unsubscribing (RFC 8058) wants https: set BASE_URL`,
    );
  }
  return ok(`${config.production ? 'production' : 'not production'}, links begin with ${config.baseUrl}`);
}

async function incoming({ config, database: { db } }: App): Promise<Verdict> {
  const { listen, mailboxes } = config.incoming;
  if (listen.length + mailboxes.length === 0) return ok('none: readers leave by the link, and no mailto is offered');
  for (const mailbox of mailboxes) await probeMailbox(mailbox);
  const kept = await countIncoming(db);
  const last = kept.map(({ last: at }) => at.getTime());
  const ways = [
    ...listen.map(({ protocol, host, port }) => `${protocol.toUpperCase()} on ${host}:${port}`),
    ...mailboxes.map(({ user, host, folder }) => `${folder} of ${user} at ${host}`),
  ];
  const when =
    last.length === 0 ? 'nothing has come yet' : `the last ${shortDateTime(new Date(Math.max(...last)), 'UTC')}`;
  return ok(`${ways.join(', ')}; ${when}`);
}

function dataFolder({ config }: App): Verdict {
  const file = path.join(config.dataDir, `doctor-${randomBytes(4).toString('hex')}`);
  writeFileSync(file, 'x');
  rmSync(file);
  return ok(config.dataDir);
}

async function database({ database: { db, embedded } }: App): Promise<Verdict> {
  const began = performance.now();
  const { rows } = await sql<{ version: string; size: string }>`
    select current_setting('server_version') as version, pg_size_pretty(pg_database_size(current_database())) as size`.execute(
    db,
  );
  const ms = (performance.now() - began).toFixed(1);
  return ok(
    `PostgreSQL ${rows[0]?.version ?? '?'}${embedded === undefined ? '' : `, embedded (${embedded})`}, ${rows[0]?.size ?? '?'}, answers in ${ms} ms`,
  );
}

async function clock({ database: { db } }: App): Promise<Verdict> {
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const apart = Math.abs((rows[0]?.now.getTime() ?? 0) - Date.now());
  return apart < CLOCK_TOLERANCE_MS
    ? ok(`${apart} ms from the database's`)
    : warn(`${Math.round(apart / 1_000)} s from the database's: synchronise both by NTP`);
}

async function queue(app: App): Promise<Verdict> {
  const queues = await app.queues();
  const { waiting } = await queues.queue('dispatch').counts();
  return ok(`in ${queues.backend === 'postgres' ? 'PostgreSQL' : 'Redis'}, ${waiting} waiting`);
}

async function mailServer(app: App): Promise<Verdict> {
  const probes = await app.relay.probe();
  if (app.config.relays.length === 0) {
    return warn(
      probes.every(({ problem }) => problem === undefined)
        ? 'none is configured: mail goes to the local inbox, which is running'
        : 'none is configured, and the local inbox is not running: set SMTP_URL, or start "roundup up"',
    );
  }
  const sentence = probes.map(
    ({ relay, problem }) => `${relay} ${problem === undefined ? 'answers' : `fails: ${problem}`}`,
  );
  const failing = probes.filter(({ problem }) => problem !== undefined).length;
  if (failing === 0) return ok(sentence.join(', '));
  return { level: failing === probes.length ? 'bad' : 'warn', sentence: sentence.join('; ') };
}

async function workers({ database: { db } }: App): Promise<Verdict> {
  const count = await workersPresent(db);
  return count > 0 ? ok(`${count} running`) : warn('none is running: start "roundup up"');
}

/** SPF, DKIM and DMARC of each sender's domain, and whether answers to it arrive anywhere. */
async function senders(app: App): Promise<Check[]> {
  const newsletters = await listNewsletters(app.database.db);
  const domains = [...new Set(newsletters.map(({ sender }) => domainOf(sender.address)))];
  return Promise.all(domains.map((domain) => check(`DNS of ${domain}`, () => senderDns(app, domain))));
}

async function senderDns({ config, database: { db } }: App, domain: string): Promise<Verdict> {
  const keys = await listDkimKeys(db);
  const records = await senderRecords(openResolver(config.dnsServers), domain, { keys, relays: config.relays });
  if (records.some(({ state }) => state === 'no answer')) return warn('the DNS does not answer from here');
  const wrong = records.filter(({ state }) => state !== 'right').map(({ kind }) => kind);
  const signs = records.some(({ kind }) => kind === 'DKIM') ? 'MX, SPF, DKIM and DMARC' : 'MX, SPF and DMARC';
  return wrong.length === 0
    ? ok(`${signs} are there`)
    : warn(`without a right ${[...new Set(wrong)].join(', ')}: large mailbox providers will refuse or hide the mail`);
}
