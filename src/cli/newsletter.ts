import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  DEFAULT_SECTIONS,
  type Newsletter,
  type NewsletterSettings,
  PLAIN_SECTIONS,
  getNewsletter,
  listNewsletters,
  newsletterSettingsSchema,
  nextSlot,
} from '../editions/index.ts';
import { TONGUES, tongueOf } from '../lib/tongues.ts';
import { shortDateTime } from '../lib/time.ts';
import { changeNewsletter, makeNewsletter } from '../newsroom/index.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { listSources } from '../sources/index.ts';
import { countSubscriptions } from '../subscribers/index.ts';
import { type CommonOptions, actorOf, withActor, withApp, withJson } from './context.ts';
import { definedOnly } from '../lib/objects.ts';
import { parseWith } from './input.ts';
import { mark, print, printJson, printTable } from './output.ts';

interface Options extends CommonOptions {
  name?: string;
  sender?: string;
  replyTo?: string;
  source?: string[];
  cron?: string | false;
  leadMinutes?: string;
  toleranceMinutes?: string;
  timeZone?: string;
  language?: string;
  sections?: string;
  minimum?: string;
  windowDays?: string;
  editor?: string[];
  why?: string;
  onUncertain?: string;
  reminderMinutes?: string;
  standingApproval?: string | false;
  perAuthor?: string;
  perRegion?: string;
  minRegions?: string;
  spareRepeats?: boolean;
  twoPeople?: boolean;
  every?: string;
  public?: boolean;
  description?: string;
  topic?: string[];
  archive?: string;
}

const HINT = 'See: roundup newsletter add --help';

export function newsletterCommand(): Command {
  const command = new Command('newsletter').description(
    'a recurring mailing: its sources, sections, schedule, sender and policies',
  );
  command.addCommand(
    withSettings(
      new Command('add')
        .description('make a newsletter')
        .argument('<slug>', 'a short name for commands and addresses, such as weekly'),
    ).action(add),
  );
  command.addCommand(
    withSettings(new Command('edit').description('change what is given').argument('<slug>'))
      .option('--no-cron', 'take its schedule away')
      .action(edit),
  );
  command.addCommand(
    withJson(new Command('list').description('list the newsletters')).action((options: CommonOptions) =>
      show(undefined, options),
    ),
  );
  command.addCommand(
    withJson(new Command('show').description('show one newsletter, or list all').argument('[slug]')).action(show),
  );
  command.addCommand(
    new Command('form')
      .description('write the HTML of a form to subscribe, to copy into another site, to standard output')
      .argument('<slug...>', 'the newsletters to choose from; open to all (newsletter edit --public)')
      .option('--lang <tag>', 'in which language: en, es, fr, ar (the first newsletter’s by default)')
      .action(form),
  );
  return command;
}

async function form(slugs: string[], options: { lang?: string }): Promise<void> {
  await withApp(async (app) => {
    const newsletters = [];
    for (const slug of slugs) newsletters.push(await getNewsletter(app.database.db, slug));
    const closed = newsletters.find(({ isPublic }) => !isPublic);
    if (closed !== undefined)
      throw new RoundupError('state-refused', `${closed.name} is not open to all.`, {
        hint: `Open it with: roundup newsletter edit ${closed.slug} --public`,
      });
    const tongue = tongueOf(options.lang ?? newsletters[0]?.language);
    if (options.lang !== undefined && tongue === undefined)
      throw new RoundupError('input-invalid', `There is no form in “${options.lang}”.`, {
        hint: `There are: ${TONGUES.join(', ')}`,
      });
    const { formSnippet } = await import('../http/index.ts');
    print(formSnippet(newsletters, { baseUrl: app.config.baseUrl, tongue: tongue ?? 'en' }).trimEnd());
  });
}

function withSettings(command: Command): Command {
  return withActor(
    withJson(
      command
        .option('--name <name>', 'its name, as readers see it')
        .option('--sender <mailbox>', '"Name <address>" in the From line')
        .option('--reply-to <address>', 'where answers go, if not to the sender')
        .option('--source <name...>', 'its sources, by name (all sources by default)')
        .option(
          '--cron <pattern>',
          'when an edition is due: "minute hour day month weekday", such as "0 9 * * 4" for Thursdays at nine',
        )
        .option(
          '--every <when>',
          'the same in words: "day 07:00", "thursday 09:00", "month 1 09:00", "month last 09:00"',
        )
        .option('--lead-minutes <n>', 'how long before that it is proposed to the editors (1440)')
        .option('--tolerance-minutes <n>', 'how late a proposal may still be made after the program was down (720)')
        .option(
          '--reminder-minutes <n>',
          'how long before it is due editors are reminded to approve it; 0 for never (180)',
        )
        .option(
          '--standing-approval <name>',
          'whose standing approval sends an edition that nobody approved, if no check finds anything (none: it is held)',
        )
        .option('--no-standing-approval', 'hold what nobody has approved')
        .option('--time-zone <name>', 'of the schedule and of dates in the mail, such as Europe/London (UTC)')
        .option('--language <tag>', 'of the mail: en, es, fr, ar or another (en)')
        .option('--sections <what>', 'magazine, plain (default), or a JSON file with the sections')
        .option('--per-author <n>', 'most pieces of an edition by one author; 0 for any number (2)')
        .option('--per-region <n>', 'most pieces of an edition from one region; 0 for any number (0)')
        .option('--min-regions <n>', 'fewest regions of an edition, where there are so many (2)')
        .option('--two-people', 'whoever changed an edition last cannot approve it')
        .option('--no-two-people', 'one person may do both (default)')
        .option('--spare-repeats', 'spare readers pieces that another newsletter of ours has brought them')
        .option('--no-spare-repeats', 'do not (default)')
        .option('--minimum <n>', 'fewer pieces than this make no edition (3)')
        .option('--window-days <n>', 'how far the first edition reaches back (7)')
        .option('--editor <address...>', 'who is told of proposals')
        .option('--public', 'anybody may subscribe to it on the public pages')
        .option('--no-public', 'nobody may (default)')
        .option('--description <text>', 'what it is, for those pages')
        .option('--topic <key=title...>', 'what subscribers may choose of it, such as asia=Asia')
        .option('--archive <what>', 'public or off (default): may anybody read what was sent?')
        .option('--why <sentence>', 'why readers get it, for the footer')
        .option('--on-uncertain <policy>', 'resend (default) or hold mails that may or may not have arrived'),
    ),
  );
}

async function add(slug: string, options: Options): Promise<void> {
  if (!/^[a-z0-9-]{1,40}$/.test(slug))
    throw new RoundupError('input-invalid', `"${slug}" is no slug: small letters, digits and hyphens, at most 40.`);
  await withApp(async (app) => {
    const { db } = app.database;
    if (options.sender === undefined)
      throw new RoundupError('input-invalid', 'A newsletter needs a sender.', {
        hint: 'Add --sender "Name <address>"',
      });
    const settings = parseWith(newsletterSettingsSchema, { sections: PLAIN_SECTIONS, ...settingsOf(options) }, HINT);
    const name = options.name ?? slug;
    const sourceIds = await sourceIdsOf(db, options.source ?? []);
    const wanted = { slug, name, settings, sourceIds };
    const made = await makeNewsletter({ db, clock: app.clock }, wanted, actorOf(options));
    await finish(made, `newsletter "${name}" made`, options, db);
  });
}

async function edit(slug: string, options: Options): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    const given = options.source === undefined ? undefined : await sourceIdsOf(db, options.source);
    const { id } = await getNewsletter(db, slug);
    const change = (newsletter: Newsletter) => {
      const { id: _id, slug: _slug, name, sourceIds, scheduleSince: _since, ...before } = newsletter;
      const settings = parseWith(newsletterSettingsSchema, { ...before, ...settingsOf(options, before) }, HINT);
      return { name: options.name ?? name, settings, sourceIds: given ?? sourceIds };
    };
    const changed = await changeNewsletter({ db, clock: app.clock }, id, change, actorOf(options));
    await finish(changed, `newsletter "${slug}" changed`, options, db);
  });
}

async function show(slug: string | undefined, options: CommonOptions): Promise<void> {
  await withApp(async (app) => {
    const { db } = app.database;
    if (slug !== undefined) return finish(await getNewsletter(db, slug), '', options, db);
    const all = await listNewsletters(db);
    if (options.json) return printJson({ newsletters: all });
    if (all.length === 0)
      return print('No newsletter yet. Make one with: roundup newsletter add weekly --sender "Name <address>"');
    const now = app.clock.now();
    printTable(
      ['slug', 'name', 'next due'],
      all.map((one) => [one.slug, one.name, dueText(one, now)]),
    );
  });
}

function most(limit: number | null): string {
  return limit === null ? 'any number' : `${limit} at most`;
}

async function finish(newsletter: Newsletter, done: string, options: CommonOptions, db: Database): Promise<void> {
  const readers = await countSubscriptions(db, newsletter.id);
  if (options.json) return printJson({ ...newsletter, readers });
  if (done !== '') print(`${mark.ok} ${done}`);
  const { sections, sender, schedule, ...rest } = newsletter;
  print(`  ${newsletter.name}, from ${sender.name} <${sender.address}>`);
  print(
    `  readers: ${readers.active.toLocaleString('en-US')} active, ${readers.unsubscribed.toLocaleString('en-US')} left`,
  );
  print(
    `  schedule: ${schedule === null ? 'none' : `${schedule.cron} in ${newsletter.timeZone}, proposed ${schedule.leadMinutes} minutes before; next due ${dueText(newsletter, new Date())}`}`,
  );
  print(`  sections: ${sections.map((section) => `${section.title || section.key} (${section.max})`).join(', ')}`);
  print(
    `  minimum ${rest.minimumPieces} pieces, window ${rest.windowDays} days, theme ${rest.theme}, language ${rest.language}, uncertain mails: ${rest.onUncertain}`,
  );
  const { perAuthor, perRegion, minRegions } = rest.diversity;
  print(`  by one author ${most(perAuthor)}, from one region ${most(perRegion)}, ${minRegions} regions at least`);
  print(
    `  what nobody has approved when it is due ${rest.standingApproval === null ? 'is held' : `goes out by the standing approval of ${rest.standingApproval}, if no check finds anything`}`,
  );
  print(`  ${rest.isPublic ? 'anybody may subscribe' : 'not on the public pages'}, archive ${rest.archive}`);
  if (rest.requiresTwoPeople) print('  whoever changed an edition last cannot approve it');
  if (rest.sparesRepeats) print('  readers are spared what another newsletter has brought them');
  print(`  editors: ${rest.editors.join(', ') || 'none'}`);
}

function dueText({ schedule, timeZone }: Newsletter, now: Date): string {
  const next = schedule === null ? undefined : nextSlot(schedule, timeZone, now);
  return next === undefined ? 'no schedule' : shortDateTime(next, timeZone);
}

function settingsOf(options: Options, before?: NewsletterSettings): Record<string, unknown> {
  return definedOnly({
    sender: options.sender === undefined ? undefined : parseMailbox(options.sender),
    replyTo: options.replyTo,
    schedule: scheduleOf(options, before?.schedule ?? null),
    timeZone: options.timeZone,
    language: options.language,
    sections: options.sections === undefined ? undefined : sectionsOf(options.sections),
    minimumPieces: numberOf(options.minimum),
    windowDays: numberOf(options.windowDays),
    editors: options.editor,
    why: options.why,
    isPublic: options.public,
    description: options.description,
    topics: options.topic?.map(topicOf),
    archive: options.archive,
    onUncertain: options.onUncertain,
    standingApproval: options.standingApproval === false ? null : options.standingApproval,
    sparesRepeats: options.spareRepeats,
    requiresTwoPeople: options.twoPeople,
    diversity: diversityOf(options, before?.diversity),
  });
}

/** 0 stands for no limit. */
function diversityOf(
  options: Options,
  before: NewsletterSettings['diversity'] | undefined,
): Record<string, unknown> | undefined {
  const limit = (text: string | undefined) => (text === '0' ? null : numberOf(text));
  const given = definedOnly({
    perAuthor: limit(options.perAuthor),
    perRegion: limit(options.perRegion),
    minRegions: numberOf(options.minRegions),
  });
  return Object.keys(given).length === 0 ? undefined : { ...before, ...given };
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** "day 07:00", "thursday 09:00", "month 1 09:00" as a cron pattern. */
function cronOf(words: string): string {
  const [, what = '', day, hour = '', minute = ''] =
    /^\s*([a-z]+)(?:\s+(\d{1,2}|last))?\s+(\d{1,2}):(\d\d)\s*$/i.exec(words) ?? [];
  const time = `${Number(minute)} ${Number(hour)}`;
  const weekday = WEEKDAYS.indexOf(what.toLowerCase());
  if (what.toLowerCase() === 'day' && day === undefined) return `${time} * * *`;
  if (what.toLowerCase() === 'month' && day !== undefined) return `${time} ${day === 'last' ? 'L' : Number(day)} * *`;
  if (weekday >= 0 && day === undefined) return `${time} * * ${weekday}`;
  throw new RoundupError('input-invalid', `"${words}" is no such time.`, {
    hint: 'Write it like "day 07:00", "thursday 09:00", "month 1 09:00" or "month last 09:00".',
  });
}

function scheduleOf(
  options: Options,
  before: NewsletterSettings['schedule'],
): Record<string, unknown> | null | undefined {
  if (options.cron === false) return null;
  const given = definedOnly({
    cron: options.every === undefined ? options.cron : cronOf(options.every),
    leadMinutes: numberOf(options.leadMinutes),
    toleranceMinutes: numberOf(options.toleranceMinutes),
    reminderMinutes: numberOf(options.reminderMinutes),
  });
  return Object.keys(given).length === 0 ? undefined : { ...before, ...given };
}

function topicOf(text: string): { key: string; title: string } {
  const [key = '', ...title] = text.split('=');
  return { key: key.trim(), title: title.join('=').trim() || key.trim() };
}

function parseMailbox(text: string): { name: string; address: string } {
  const [, name, address] = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(text) ?? [];
  return { name: name || text, address: address ?? text };
}

function sectionsOf(what: string): unknown {
  if (what === 'magazine') return DEFAULT_SECTIONS;
  if (what === 'plain') return PLAIN_SECTIONS;
  try {
    return JSON.parse(readFileSync(what, 'utf8'));
  } catch (cause) {
    throw new RoundupError('input-invalid', `The sections cannot be read from ${what}: ${reasonOf(cause)}`, {
      hint: 'Give magazine, plain, or a JSON file.',
    });
  }
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,9}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new RoundupError('input-invalid', `"${text}" is not a whole number.`, { hint: HINT });
}

async function sourceIdsOf(db: Database, names: string[]): Promise<number[]> {
  const sources = await listSources(db);
  return names.map((name) => {
    const source = sources.find((candidate) => candidate.name === name);
    if (source !== undefined) return source.id;
    throw new RoundupError('not-found', `There is no source "${name}".`, {
      hint: `There are: ${sources.map((one) => one.name).join(', ') || 'none'}`,
    });
  });
}
