import { Command } from 'commander';
import pc from 'picocolors';
import { createLink } from '../accounts/index.ts';
import { type App, buildApp } from '../app.ts';
import {
  approveWeek,
  collectWeek,
  composeWeek,
  demoAdministrator,
  demoConfig,
  demoPorts,
  followSend,
  importReaders,
  openDemoFolder,
  piecesInPool,
  sendWeek,
  setUpHouse,
  startDemoSite,
  unfinishedEdition,
  writeReaders,
} from '../demo/index.ts';
import { DELIVERY_STATES, type Sums } from '../dispatch/index.ts';
import { listChoices } from '../editions/index.ts';
import type { Web } from '../http/index.ts';
import { type Collected, getEdition } from '../newsroom/index.ts';
import { counted } from '../lib/text.ts';
import { durationText } from '../lib/time.ts';
import { createLog } from '../platform/log.ts';
import { startScheduler } from '../../workers/schedule.ts';
import { startWorkers } from '../../workers/start.ts';
import { type CommonOptions, untilStopped, withJson } from './context.ts';
import { mark, print, printJson, remark } from './output.ts';
import { settledShare } from './followSend.ts';
import { step } from './progress.ts';

interface Options extends CommonOptions {
  once?: boolean;
}

type Closer = () => Promise<void> | void;

interface Result {
  editionId: number;
  pieces: number;
  sums: Sums;
  inbox: number;
  sendSeconds: number;
}

const OUT_SHOWN = 4;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'the whole of it on a fictional publication: collect, compose, preview, approve, send; touches nothing of yours',
    )
    .option('--once', 'end after the send instead of staying up');
  return withJson(command).action(runDemo);
}

async function runDemo(options: Options): Promise<void> {
  const began = performance.now();
  const stopped = untilStopped();
  const folder = await openDemoFolder(process.cwd());
  // What was opened last is closed first, wherever it ends.
  const closers: Closer[] = [folder.leave];
  try {
    await Promise.race([play(folder, closers, options, began), stopped]);
    if (options.once !== true) await stopped;
  } finally {
    if (options.once !== true) remark('Stopping.');
    for (const close of closers.toReversed()) await close();
  }
}

async function play(folder: DemoFolder, closers: Closer[], options: Options, began: number): Promise<void> {
  const { app, web, site } = await open(folder, closers, options);
  // The schedulers would collect by themselves at once: they come in when the week has been collected.
  const unfinished = folder.unfinished ? await unfinishedEdition(app) : undefined;
  const editionId = unfinished ?? (await prepareWeek(app, site));
  const scheduler = await startScheduler(app);
  closers.push(() => scheduler.close());
  const result = await sendOut(app, folder, editionId);
  if (app.isStopping()) return;
  folder.endSend();
  const seconds = (performance.now() - began) / 1_000;
  if (options.json)
    printJson({
      pieces: result.pieces,
      ...orderedSums(result.sums),
      inbox: result.inbox,
      seconds: Math.round(seconds * 10) / 10,
    });
  else await tell(app, { web, siteUrl: site.url, seconds, stays: options.once !== true }, result);
}

async function open(folder: DemoFolder, closers: Closer[], options: Options) {
  if (!options.json) print(pc.bold('\nRoundup') + pc.dim('  the week of a publication that does not exist\n'));
  const ports = await demoPorts(folder.dataDir);
  const log = createLog({ level: 'error', json: false });
  const app = await step(
    'Starting PostgreSQL and queue',
    () => buildApp(demoConfig(folder.dataDir, ports), log, { inbox: true }),
    () => `in ${folder.dataDir}`,
  );
  closers.push(() => app.close());
  const site = await startDemoSite(ports.site, new Date());
  closers.push(() => site.close());
  const { startWeb } = await import('../http/index.ts');
  const web = await startWeb(app);
  closers.push(() => web.close());
  const workers = await startWorkers(app);
  closers.push(() => workers.close());
  return { app, web, site };
}

type DemoFolder = Awaited<ReturnType<typeof openDemoFolder>>;
type DemoSite = Awaited<ReturnType<typeof startDemoSite>>;

/** From nothing to an approved edition; returns its id. */
async function prepareWeek(app: App, site: DemoSite): Promise<number> {
  const newsroom = await app.newsroom();
  const newsletter = await step(
    'Registering the publication',
    () => setUpHouse(app, site),
    () => `${site.context.publication.name}, 2 sources, 1 newsletter`,
  );
  await step(
    'Importing readers',
    ({ update }) => importReaders(app, newsletter, writeReaders(app.config.dataDir), (share) => update(share)),
    (report) => `${counted(report.subscribed, 'reader')}, ${counted(report.invalid, 'line')} reported as wrong`,
  );
  let read = 0;
  await step(
    'Collecting',
    ({ update }) => collectWeek(newsroom, ({ source }) => update(++read / 2, source.name)),
    summaryOfCollecting,
  );
  const { edition } = await step(
    'Composing the edition',
    () => composeWeek(newsroom, newsletter),
    ({ composition }) =>
      `${composition.size} in, ${composition.choices.length - composition.size} of the week left out`,
  );
  await step(
    'Rendering, checking, approving',
    () => approveWeek(newsroom, edition.id),
    ({ approval, findings }) =>
      `${approval.hash.slice(0, 12)}, ${counted(findings.length, 'finding')}, by ${approval.approvedBy}`,
  );
  return edition.id;
}

/** Sends the edition, or carries on a send that an earlier demo was cut short in. */
async function sendOut(app: App, folder: DemoFolder, editionId: number): Promise<Result> {
  folder.beginSend();
  const { state } = await getEdition(app.database.db, editionId);
  if (state === 'approved') await sendWeek(await app.newsroom(), editionId);
  const { sums, seconds } = await send(app, editionId);
  return { editionId, pieces: await piecesInPool(app), sums, inbox: app.inbox?.mail.size ?? 0, sendSeconds: seconds };
}

function summaryOfCollecting(results: Collected[]): string {
  const found = results.reduce((sum, result) => sum + result.found, 0);
  return `${counted(found, 'piece')} from ${counted(results.length, 'feed')}`;
}

async function send(app: App, editionId: number): Promise<{ sums: Sums; seconds: number }> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const sums = await step(
    'Sending over SMTP',
    ({ update }) =>
      followSend(app, editionId, (now) =>
        update(
          settledShare(now),
          `${now.accepted.toLocaleString('en-US')} of ${now.audience.toLocaleString('en-US')}, ${Math.round(now.accepted / seconds())}/s`,
        ),
      ),
    (done) => `${done.accepted.toLocaleString('en-US')} accepted, ${Math.round(done.accepted / seconds())} a second`,
  );
  return { sums, seconds: seconds() };
}

interface Showing {
  web: Web;
  siteUrl: string;
  seconds: number;
  /** Do the pages stay open? */
  stays: boolean;
}

async function tell(app: App, { web, siteUrl, seconds, stays }: Showing, result: Result): Promise<void> {
  const { editionId, pieces, sums, inbox, sendSeconds } = result;
  const choices = await listChoices(app.database.db, editionId);
  const left = choices.filter((choice) => !choice.included);
  print();
  print(pc.bold('What happened'));
  print(
    `  ${counted(pieces, 'piece')} found, ${choices.length} of them in this edition's window: ${choices.length - left.length} in, ${left.length} out`,
  );
  for (const { title, sentence } of left.slice(0, OUT_SHOWN))
    print(`    ${mark.note} ${title} ${pc.dim(`– ${sentence}`)}`);
  if (left.length > OUT_SHOWN)
    print(pc.dim(`    … and ${left.length - OUT_SHOWN} more, each with its reason, on the edition's page`));
  const shown = DELIVERY_STATES.filter((state) => sums[state] > 0 || state === 'accepted');
  print(
    `  audience ${sums.audience.toLocaleString('en-US')} = ${shown.map((state) => `${sums[state].toLocaleString('en-US')} ${state}`).join(' + ')}; ${inbox.toLocaleString('en-US')} mails in the inbox`,
  );
  print(
    `  ${Math.round(sums.accepted / sendSeconds).toLocaleString('en-US')} mails a second; ${durationText(seconds * 1_000)} in all`,
  );
  print();
  if (!stays)
    return print(
      pc.dim(`  The mails stay in ${app.config.dataDir}/inbox, a Maildir. Without --once the pages stay open.\n`),
    );
  print(pc.bold('Where to look') + pc.dim('  (each link opens the desk once; this machine only)'));
  const accountId = await demoAdministrator(app);
  const link = async (target: string) =>
    `${web.deskUrl}/enter/${await createLink(app.database.db, { kind: 'sign-in', accountId, target }, app.clock.now())}`;
  print(`  the edition  ${await link(`/editions/${editionId}`)}`);
  print(`  the inbox    ${await link('/inbox')}`);
  print(`  the queue    ${await link('/queue')}`);
  print(`  the site     ${siteUrl}/`);
  print(`  subscribing  ${app.config.baseUrl}/subscribe`);
  print(`  the archive  ${app.config.baseUrl}/archive`);
  print(pc.dim(`\n  Ctrl-C ends it. The mails stay in ${app.config.dataDir}/inbox, a Maildir.\n`));
}

function orderedSums(sums: Sums): Record<string, number> {
  return { audience: sums.audience, ...Object.fromEntries(DELIVERY_STATES.map((state) => [state, sums[state]])) };
}
