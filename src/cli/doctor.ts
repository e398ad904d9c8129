import { randomBytes } from 'node:crypto';
import { resolveMx, resolveTxt } from 'node:dns/promises';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { workersPresent } from '../dispatch/index.ts';
import { listNewsletters } from '../editions/index.ts';
import { countIncoming } from '../bounces/index.ts';
import { domainOf } from '../lib/addresses.ts';
import { shortDateTime } from '../lib/time.ts';
import { probeMailbox } from '../platform/incoming/index.ts';
import { sql } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { type CommonOptions, withApp, withJson } from './context.ts';
import { mark, print, printJson } from './output.ts';

interface Check {
  name: string;
  level: 'ok' | 'warn' | 'bad';
  sentence: string;
}

type Verdict = Omit<Check, 'name'>;

const DNS_TIMEOUT_MS = 5_000;
const CLOCK_TOLERANCE_MS = 2_000;

export function doctorCommand(): Command {
  return withJson(
    new Command('doctor').description(
      'check configuration, database, queue, mail server, clock and the DNS of the senders',
    ),
  ).action((options: CommonOptions) =>
    withApp(async (app) => {
      const checks = [
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
      if (checks.some(({ level }) => level === 'bad')) process.exitCode = 4;
      if (options.json) return printJson({ checks });
      const width = Math.max(...checks.map(({ name }) => name.length));
      for (const { name, level, sentence } of checks) print(`${mark[level]} ${name.padEnd(width)}  ${sentence}`);
    }),
  );
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

/** SPF (RFC 7208) and DMARC (RFC 7489) of each sender's domain, and whether answers to it arrive anywhere. */
async function senders({ database: { db } }: App): Promise<Check[]> {
  const newsletters = await listNewsletters(db);
  const domains = [...new Set(newsletters.map(({ sender }) => domainOf(sender.address)))];
  return Promise.all(domains.map((domain) => check(`DNS of ${domain}`, () => senderDns(domain))));
}

async function senderDns(domain: string): Promise<Verdict> {
  const [mx, spf, dmarc] = await Promise.all([
    within(resolveMx(domain).then((records) => records.length > 0)),
    within(resolveTxt(domain).then((records) => records.some((parts) => parts.join('').startsWith('v=spf1')))),
    within(
      resolveTxt(`_dmarc.${domain}`).then((records) => records.some((parts) => parts.join('').startsWith('v=DMARC1'))),
    ),
  ]);
  const found = { MX: mx, SPF: spf, DMARC: dmarc };
  if (Object.values(found).some((value) => value === 'no answer')) return warn('the DNS does not answer from here');
  const missing = Object.entries(found)
    .filter(([, value]) => value !== true)
    .map(([name]) => name);
  return missing.length === 0
    ? ok('MX, SPF and DMARC are there')
    : warn(`without ${missing.join(', ')}: large mailbox providers will refuse or hide the mail`);
}

async function within(look: Promise<boolean>): Promise<boolean | 'no answer'> {
  const late = new Promise<'no answer'>((resolve) => setTimeout(() => resolve('no answer'), DNS_TIMEOUT_MS).unref());
  const answer = look.catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENODATA' || error.code === 'ENOTFOUND' ? false : ('no answer' as const),
  );
  return Promise.race([answer, late]);
}
