import { z } from 'zod';
import { type Newsletter, type NewsletterSettings, sectionName } from '../../../editions/index.ts';
import { RoundupError } from '../../../platform/errors.ts';

// From a newsletter's forms to its settings, and back. Each form is a part of them.

/** What the schema makes of it is checked where it is kept; here it is only read. */
type Change = { name?: string; settings?: Record<string, unknown>; sourceIds?: number[] };
type Body = Record<string, string>;

const number = (text: string | undefined) => (text === undefined || text.trim() === '' ? undefined : Number(text));
const minutes = (hours: string | undefined) => {
  const given = number(hours);
  return given === undefined ? undefined : Math.round(given * 60);
};
const isOn = (body: Body, name: string) => body[name] === 'yes';
const parts = (text: string | undefined, at: RegExp) =>
  (text ?? '')
    .split(at)
    .map((part) => part.trim())
    .filter((part) => part !== '');
/** With commas or on lines; what has a comma of its own stands in quotes. */
const words = (text: string | undefined) =>
  [...(text ?? '').matchAll(/"([^"]*)"|[^,\r\n]+/g)]
    .map(([all, quoted]) => (quoted ?? all).trim())
    .filter((word) => word !== '');
const inWords = (list: string[]) => list.map((word) => (word.includes(',') ? `"${word}"` : word)).join(', ');
const lines = (text: string | undefined) => parts(text, /\r?\n/);

/** Weekly patterns, as a day and a time; anything else is a pattern of its own. */
const DAYS = [
  { key: '1', name: 'every Monday' },
  { key: '2', name: 'every Tuesday' },
  { key: '3', name: 'every Wednesday' },
  { key: '4', name: 'every Thursday' },
  { key: '5', name: 'every Friday' },
  { key: '6', name: 'every Saturday' },
  { key: '0', name: 'every Sunday' },
  { key: '1-5', name: 'on working days' },
  { key: '*', name: 'every day' },
] as const;

const NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function scheduleFields(schedule: Newsletter['schedule']) {
  const [, minute, hour, named] = /^(\d{1,2}) (\d{1,2}) \* \* (\d|1-5|\*|[a-z]{3})$/i.exec(schedule?.cron ?? '') ?? [];
  const at = NAMES.indexOf(named?.toLowerCase() ?? '');
  const day = at === -1 ? named : String(at);
  const isPlain = DAYS.some(({ key }) => key === day);
  const when = schedule === null ? 'never' : isPlain ? (day ?? '') : 'pattern';
  const time = isPlain ? `${hour?.padStart(2, '0')}:${minute?.padStart(2, '0')}` : '09:00';
  return { when, time, cron: schedule?.cron ?? '0 9 * * 4', days: DAYS };
}

function cronOf(body: Body): string | null {
  if (body.when === 'never') return null;
  if (body.when === 'pattern') return body.cron ?? '';
  const [, hour, minute] = /^(\d\d):(\d\d)$/.exec(body.time ?? '') ?? [];
  if (hour === undefined) throw new RoundupError('input-invalid', 'Say at what time, as 09:00.');
  return `${Number(minute)} ${Number(hour)} * * ${body.when}`;
}

/** By what a form's address ends with. */
export const FORMS: Record<string, (body: Body, before: Newsletter) => Change> = {
  sending: (body) => ({
    name: z.string().trim().min(1, 'A newsletter has a name.').max(200).parse(body.name),
    settings: {
      sender: { name: body.senderName ?? '', address: body.senderAddress ?? '' },
      replyTo: body.replyTo?.trim() ? body.replyTo : null,
      language: body.language?.trim(),
      why: body.why ?? '',
      description: body.description ?? '',
      theme: body.theme,
    },
  }),
  schedule: (body) => {
    const cron = cronOf(body);
    const { leadHours, reminderHours, toleranceHours } = body;
    return {
      settings: {
        timeZone: body.timeZone?.trim(),
        schedule:
          cron === null
            ? null
            : {
                cron,
                leadMinutes: minutes(leadHours),
                reminderMinutes: minutes(reminderHours),
                toleranceMinutes: minutes(toleranceHours),
              },
      },
    };
  },
  drawing: (body) => ({
    sourceIds: Object.keys(body).flatMap((name) => {
      const [, id] = /^source-(\d{1,15})$/.exec(name) ?? [];
      return id === undefined ? [] : [Number(id)];
    }),
    settings: {
      windowDays: number(body.windowDays),
      minimumPieces: number(body.minimumPieces),
      diversity: {
        perAuthor: number(body.perAuthor) ?? null,
        perRegion: number(body.perRegion) ?? null,
        minRegions: number(body.minRegions) ?? 1,
      },
    },
  }),
  policies: (body) => ({
    settings: {
      editors: words(body.editors),
      requiresTwoPeople: isOn(body, 'requiresTwoPeople'),
      standingApproval: body.standingApproval?.trim() ? body.standingApproval : null,
      sparesRepeats: isOn(body, 'sparesRepeats'),
      onUncertain: body.onUncertain,
      maxAgeHours: number(body.maxAgeHours),
    },
  }),
  public: (body) => ({
    settings: {
      isPublic: isOn(body, 'isPublic'),
      archive: isOn(body, 'archive') ? 'public' : 'off',
      topics: lines(body.topics).map((line) => {
        const [key = '', ...title] = line.split(':');
        const name = title.join(':').trim() || key.trim();
        return {
          key: key
            .trim()
            .toLowerCase()
            .replaceAll(/[^a-z0-9]+/g, '-')
            .slice(0, 40),
          title: name,
        };
      }),
    },
  }),
};

type Section = NewsletterSettings['sections'][number];

/** One section's form. The key is its name for good. */
export function sectionOf(body: Body, before: Section | undefined): Record<string, unknown> {
  const fillUp = isOn(body, 'fills') ? ruleOf(body, 'fill-', before?.fillUp) : null;
  return {
    key: before?.key ?? body.key?.trim().toLowerCase(),
    title: body.title ?? '',
    layout: body.layout,
    min: number(body.min),
    max: number(body.max),
    order: body.order,
    whenShort: body.whenShort,
    criteria: before?.criteria,
    rule: ruleOf(body, '', before?.rule),
    fillUp,
  };
}

const LISTS = ['kinds', 'regions', 'tags', 'authors', 'sources'] as const;

/** Words of the headline have no field here, and stay as they are. */
function ruleOf(body: Body, prefix: string, before: Section['rule'] | null | undefined): Record<string, unknown> {
  const lists = LISTS.map((name) => [name, words(body[prefix + name])] as const).filter(([, list]) => list.length > 0);
  const maxAgeDays = number(body[`${prefix}maxAgeDays`]);
  const titleWords = before?.titleWords;
  return {
    ...Object.fromEntries(lists),
    ...(maxAgeDays === undefined ? {} : { maxAgeDays }),
    ...(titleWords === undefined ? {} : { titleWords }),
  };
}

export function sectionFields(section: Section) {
  const listed = (rule: Section['rule'] | null) =>
    Object.fromEntries(LISTS.map((name) => [name, inWords(rule?.[name] ?? [])]));
  return {
    ...section,
    lists: { ...listed(section.rule), maxAgeDays: section.rule.maxAgeDays },
    fill: { ...listed(section.fillUp), maxAgeDays: section.fillUp?.maxAgeDays },
    fills: section.fillUp !== null,
    name: sectionName(section),
    summary: summaryOf(section),
  };
}

/** "1 to 3, of kind Analysis". */
function summaryOf({ min, max, rule }: Section): string {
  const many = min === max ? `${max}` : `${min} to ${max}`;
  const what = LISTS.flatMap((name) => (rule[name] === undefined ? [] : [`${name} ${rule[name].join(', ')}`]));
  return what.length === 0 ? `${many} of any piece` : `${many}: ${what.join('; ')}`;
}
