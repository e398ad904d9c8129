import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import type { App } from '../../app.ts';
import { type Sums, sumsOf, workersPresent } from '../../dispatch/index.ts';
import {
  audienceText,
  findNewsletter,
  listChoices,
  listEditions,
  listNewsletters,
  readContent,
} from '../../editions/index.ts';
import { counted } from '../../lib/text.ts';
import { shortDateTime } from '../../lib/time.ts';
import {
  type Newsroom,
  addressEdition,
  approveEdition,
  cancelEdition,
  fetchEditionImages,
  getEdition,
  pauseEdition,
  renderNow,
  resumeEdition,
  reviseEdition,
  scheduleEdition,
  sendEdition,
  stopEdition,
} from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import type { Finding } from '../../preflight/index.ts';
import { type EditionReport, reportEdition, stateText } from '../../reports/index.ts';
import { type CommonOptions, actorOf, parseId, parseTime, withActor, withApp, withJson } from '../context.ts';
import { definedOnly } from '../../lib/objects.ts';
import { followSend, sumsText } from '../followSend.ts';
import { mark, print, printJson, printTable, remark } from '../output.ts';
import { correctCommand, retryCommand } from './again.ts';
import { contentCommands, tellRevised } from './content.ts';

const MAX_LISTED = 50;

export function editionCommand(): Command {
  const command = new Command('edition').description('one issue of a newsletter, from draft to sent');
  command.addCommand(withJson(new Command('list').description('list the editions, the newest first')).action(list));
  command.addCommand(add('show', 'show its state, its pieces with the reasons, and the sums').action(show));
  command.addCommand(
    add('preview', 'write its HTML, its text and the whole mail to files')
      .option('--to <folder>', 'where to (a folder beside the data by default)')
      .action(preview),
  );
  command.addCommand(
    add('edit', 'write its subject, preheader or note; an approval is withdrawn with it')
      .option('--subject <text>', 'the subject line')
      .option('--preheader <text>', 'what inboxes show after the subject')
      .option('--note <markdown>', "the editor's note; @file reads it from a file")
      .action(edit),
  );
  command.addCommand(
    add('audience', 'say whom it is for; an approval is withdrawn with it')
      .argument('[segment]', 'a segment by its name, or a filter (see: roundup segment --help)')
      .option('--everybody', 'all readers of the newsletter')
      .action(address),
  );
  command.addCommand(add('approve', 'approve it as it is now: this, to the byte, is what goes out').action(approve));
  command.addCommand(
    add('schedule', 'schedule an approved edition')
      .option('--at <time>', 'when, such as 2026-12-03T09:00:00Z (its slot by default)')
      .action(schedule),
  );
  command.addCommand(
    add('send', 'send an approved edition now').option('--no-wait', 'do not follow the send').action(send),
  );
  for (const [name, description, done, doIt] of ACTS)
    command.addCommand(
      add(name, description).action((id: string, options: CommonOptions) => act(id, options, done, doIt)),
    );
  for (const one of contentCommands()) command.addCommand(one);
  command.addCommand(correctCommand());
  command.addCommand(retryCommand());
  return command;
}

type Act = (newsroom: Newsroom, editionId: number, by: string) => Promise<{ id: number; state: string }>;

/** What an editor does to an edition as a whole; where nothing is said of what it is then, it is its new state. */
const ACTS: [name: string, description: string, done: string, act: Act][] = [
  ['pause', 'hold a send', 'paused', pauseEdition],
  ['resume', 'carry on a paused send', 'going out again', resumeEdition],
  ['stop', 'stop a send: whoever has not been reached will not be', '', stopEdition],
  ['cancel', 'cancel an edition; stop one that is being sent', '', cancelEdition],
];

/** A subcommand on one edition. */
function add(name: string, description: string): Command {
  return withJson(withActor(new Command(name).description(description).argument('<edition>')));
}

async function list(options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const editions = await listEditions(db, { limit: MAX_LISTED });
    const names = new Map((await listNewsletters(db)).map((newsletter) => [newsletter.id, newsletter.slug]));
    const rows = await Promise.all(
      editions.map(async (edition) => ({ ...edition, sums: await sumsOf(db, edition.id) })),
    );
    if (options.json) return printJson({ editions: rows });
    if (rows.length === 0) return print('No edition yet. Make one with: roundup compose <newsletter>');
    printTable(
      ['id', 'newsletter', 'no.', 'state', 'due', 'audience', 'accepted'],
      rows.map((row) => [
        row.id,
        names.get(row.newsletterId) ?? '',
        row.number,
        stateText(row, row.sums),
        row.slotAt === null ? 'extra' : shortDateTime(row.slotAt, 'UTC'),
        row.sums.audience,
        row.sums.accepted,
      ]),
    );
  });
}

async function show(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const edition = await getEdition(db, parseId(id));
    const content = await readContent(db, edition);
    const choices = await listChoices(db, edition.id);
    const report = await reportEdition(db, edition, { now: app.clock.now(), relays: app.config.relays });
    if (options.json) return printJson({ ...report, content, choices });
    print(`${report.newsletter?.name ?? ''} no. ${edition.number}: ${stateText(edition, report.sums)}`);
    if (edition.correctsEditionId !== null) print(`  corrects edition ${edition.correctsEditionId}`);
    print(`  subject: ${content.subject}`);
    if (edition.correctsEditionId === null) print(`  for ${audienceText(content.audience)}`);
    if (report.approval !== undefined)
      print(
        `  approved by ${report.approval.approvedBy}, ${shortDateTime(report.approval.approvedAt, 'UTC')}, ${report.approval.hash.slice(0, 12)}`,
      );
    if (edition.state === 'scheduled' && edition.releaseAt !== null)
      print(`  goes out ${shortDateTime(edition.releaseAt, report.newsletter?.timeZone ?? 'UTC')}`);
    for (const { included, title, code, sentence, overridden, overriddenBy, pieceId } of choices) {
      print(`  ${included ? mark.ok : mark.note} ${title} (${pieceId})\n      ${code}: ${sentence}`);
      if (overridden !== null) print(`      ${overridden} by ${overriddenBy}, whatever the composer said`);
    }
    printLedger(report);
  });
}

function printLedger({ sums, reasons, forecast, newsletter }: EditionReport): void {
  if (sums.audience > 0) print(`  ${sumsText(sums)}`);
  for (const { count, state, cause, reason } of reasons)
    print(`    ${count} ${state}${cause === null ? '' : ` (${cause})`}${reason === '' ? '' : `: ${reason}`}`);
  if (forecast === undefined) return;
  print(
    `  planned finish ${shortDateTime(forecast.finishAt, newsletter?.timeZone ?? 'UTC')}, by ${forecast.limitedBy}`,
  );
}

async function address(
  id: string,
  segment: string | undefined,
  options: CommonOptions & { everybody?: boolean },
): Promise<void> {
  await withApp(async (app) => {
    if ((segment === undefined) === (options.everybody !== true))
      throw new RoundupError('input-invalid', 'An edition is for a segment, or for everybody.', {
        hint: `roundup edition audience ${id} <segment>, or --everybody`,
      });
    const parts = { db: app.database.db, clock: app.clock };
    const revised = await addressEdition(parts, parseId(id), { wanted: segment ?? null }, actorOf(options));
    tellRevised(revised, options);
    if (!options.json) print(`  it is for ${audienceText(revised.content.audience)}`);
  });
}

async function preview(id: string, options: CommonOptions & { to?: string }): Promise<void> {
  await withApp(async (app) => {
    await fetchEditionImages(partsOf(app), parseId(id));
    const edition = await getEdition(app.database.db, parseId(id));
    const { sample, findings, content } = await renderNow(partsOf(app), edition);
    const folder = path.resolve(options.to ?? path.join(app.config.dataDir, 'previews', `edition-${edition.id}`));
    mkdirSync(folder, { recursive: true });
    const files = {
      html: path.join(folder, 'edition.html'),
      text: path.join(folder, 'edition.txt'),
      eml: path.join(folder, 'edition.eml'),
    };
    writeFileSync(files.html, sample.html);
    writeFileSync(files.text, sample.text);
    writeFileSync(files.eml, Buffer.concat([sample.message, Buffer.from('\r\n')]));
    if (options.json) return printJson({ edition: edition.id, subject: content.subject, files, findings });
    print(`${mark.ok} ${content.subject}`);
    for (const [kind, file] of Object.entries(files)) print(`  ${kind.padEnd(5)} ${file}`);
    printFindings(findings);
  });
}

async function edit(
  id: string,
  options: CommonOptions & { subject?: string; preheader?: string; note?: string },
): Promise<void> {
  const { subject, preheader } = options;
  const note = options.note?.startsWith('@') === true ? readFileSync(options.note.slice(1), 'utf8') : options.note;
  const change = definedOnly({ subject, preheader, note });
  if (Object.keys(change).length === 0)
    throw new RoundupError('input-invalid', 'There is nothing to change.', {
      hint: 'Give --subject, --preheader or --note.',
    });
  await withApp(async (app) => {
    const revised = await reviseEdition(
      { db: app.database.db, clock: app.clock },
      parseId(id),
      change,
      actorOf(options),
    );
    tellRevised(revised, options);
  });
}

async function approve(id: string, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { approval, findings } = await approveEdition(partsOf(app), parseId(id), actorOf(options));
    if (options.json) return printJson({ ...approval, findings });
    print(`${mark.ok} edition ${approval.editionId} approved by ${approval.approvedBy}, ${approval.hash.slice(0, 12)}`);
    printFindings(findings);
    print(
      `Schedule it with: roundup edition schedule ${approval.editionId}, or send it now: roundup edition send ${approval.editionId}`,
    );
  });
}

async function schedule(id: string, options: CommonOptions & { at?: string }): Promise<void> {
  const at = options.at === undefined ? undefined : parseTime(options.at);
  await withApp(async (app) => {
    const edition = await scheduleEdition(await app.newsroom(), parseId(id), at, actorOf(options));
    const newsletter = await findNewsletter(app.database.db, edition.newsletterId);
    if (options.json) return printJson(edition);
    print(
      `${mark.ok} edition ${edition.id} goes out ${shortDateTime(edition.releaseAt ?? app.clock.now(), newsletter?.timeZone ?? 'UTC')}`,
    );
  });
}

async function send(id: string, options: CommonOptions & { wait: boolean }): Promise<void> {
  await withApp(async (app) => {
    const editionId = parseId(id);
    const audience = await sendEdition(await app.newsroom(), editionId, actorOf(options));
    remark(`${mark.ok} edition ${editionId} goes out to ${counted(audience, 'reader')}`);
    await remarkForecast(app, editionId);
    const workers = await workersPresent(app.database.db);
    if (workers === 0)
      remark(`${mark.warn} No worker is running: nothing leaves until one is. Start it with: roundup up`);
    const sums =
      workers > 0 && options.wait ? await followSend(app, editionId) : await sumsOf(app.database.db, editionId);
    printSums(editionId, sums, options);
    const { state } = await getEdition(app.database.db, editionId);
    if (state !== 'paused' && state !== 'stopped') return;
    process.exitCode = 3;
    remark(
      state === 'paused'
        ? `${mark.warn} It was paused; carry it on with: roundup edition resume ${editionId}`
        : `${mark.warn} It was stopped.`,
    );
  });
}

/** Before it begins: from the limits, and from how fast the last one went. */
async function remarkForecast(app: App, editionId: number): Promise<void> {
  const { db } = app.database;
  const edition = await getEdition(db, editionId);
  const { forecast, newsletter } = await reportEdition(db, edition, {
    now: app.clock.now(),
    relays: app.config.relays,
  });
  if (forecast === undefined) return;
  remark(
    `  planned finish ${shortDateTime(forecast.finishAt, newsletter?.timeZone ?? 'UTC')}, by ${forecast.limitedBy}`,
  );
}

async function act(id: string, options: CommonOptions, done: string, doIt: Act): Promise<void> {
  await withApp(async (app) => {
    const edition = await doIt(await app.newsroom(), parseId(id), actorOf(options));
    const sums = await sumsOf(app.database.db, edition.id);
    if (options.json) return printJson({ edition: edition.id, state: edition.state, sums });
    print(
      `${mark.ok} edition ${edition.id} is ${done || edition.state}${sums.audience > 0 ? `: ${sumsText(sums)}` : ''}`,
    );
  });
}

function printSums(editionId: number, sums: Sums, options: CommonOptions): void {
  if (options.json) printJson({ edition: editionId, ...sums });
  else print(sumsText(sums));
}

function printFindings(findings: Finding[]): void {
  const marks = { error: mark.bad, warning: mark.warn, note: mark.note };
  for (const { level, sentence, code } of findings) print(`  ${marks[level]} ${sentence} (${code})`);
}

function partsOf(app: App) {
  const { database, clock, log, config } = app;
  return {
    db: database.db,
    clock,
    log,
    keys: config.keys,
    baseUrl: config.baseUrl,
    unsubscribeAddress: config.unsubscribeAddress,
  };
}
