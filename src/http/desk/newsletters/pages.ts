import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isAtLeast } from '../../../accounts/index.ts';
import type { App } from '../../../app.ts';
import {
  DEFAULT_SECTIONS,
  type Newsletter,
  PLAIN_SECTIONS,
  findPublication,
  newsletterSettingsSchema,
  nextSlot,
  slotsOpening,
} from '../../../editions/index.ts';
import { DAY_MS, shortDateTime } from '../../../lib/time.ts';
import { changeNewsletter, makeNewsletter, themeNames } from '../../../newsroom/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { listSources } from '../../../sources/index.ts';
import { recentSubscriptions } from '../../../subscribers/index.ts';
import { identityOf } from '../../access.ts';
import { type Act, type DeskParts, type FormPage, formRoute, rowNumber } from '../forms.ts';
import { FORMS, scheduleFields, sectionFields, sectionOf } from './fields.ts';
import { visibleNewsletter, visibleNewsletters } from '../../visible.ts';
import { etagOf } from '../../etag.ts';
import { definedOnly } from '../../../lib/objects.ts';

// Newsletters: who writes, when, from what, into which sections, by which rules. Everybody sees how; administrators change it, a part at
// a time, and nobody over somebody else's change.

const VIEWER = { access: { who: 'viewer' } } as const;
const SLOTS_AHEAD_DAYS = 35;
const SLOTS = 3;
const LAYOUTS = ['lead', 'cards', 'list', 'shorts'] as const;
const ORDERS = ['newest', 'oldest', 'longest', 'shortest'] as const;
const newForm = z.object({
  name: z.string().trim().min(1, 'A newsletter has a name.').max(200),
  slug: z
    .string()
    .trim()
    .regex(/^[a-z0-9-]{1,40}$/, 'A short name has small letters, digits and hyphens only.'),
  senderName: z.string(),
  senderAddress: z.string(),
  timeZone: z.string().trim(),
  sections: z.enum(['magazine', 'plain']),
});

type WithId = { id: string };

export function newsletterRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  const list: FormPage = async (request, reply, extra) => {
    const identity = identityOf(request);
    const newsletters = await visibleNewsletters(db, identity);
    const publication = await findPublication(db);
    return show(request, reply, 'newsletters', {
      title: 'Newsletters',
      newsletters: await Promise.all(newsletters.map((one) => briefly(app, one))),
      mayMake: isAtLeast(identity.account.role, 'administrator') && identity.newsletterIds === null,
      publicationName: publication?.name ?? '',
      zones: Intl.supportedValuesOf('timeZone'),
      ...extra,
    });
  };

  const detail: FormPage = async (request, reply, extra) => {
    const newsletter = await visible(request);
    const { account } = identityOf(request);
    const sources = await listSources(db);
    return show(request, reply, 'newsletter', {
      ...(await briefly(app, newsletter)),
      title: newsletter.name,
      newsletter,
      seen: etagOf(newsletter),
      mayChange: isAtLeast(account.role, 'administrator'),
      schedule: scheduleFields(newsletter.schedule),
      hours: hoursOf(newsletter.schedule),
      slots: comingSlots(newsletter, app.clock.now()),
      sources: sources.map(({ id, name }) => ({ id, name, isOn: newsletter.sourceIds.includes(id) })),
      sections: newsletter.sections.map((section, at) => ({
        ...sectionFields(section),
        isFirst: at === 0,
        isLast: at === newsletter.sections.length - 1,
      })),
      layouts: LAYOUTS,
      orders: ORDERS,
      themes: await themeNames(db),
      zones: Intl.supportedValuesOf('timeZone'),
      editorText: newsletter.editors.join(', '),
      topicText: newsletter.topics.map(({ key, title }) => `${key}: ${title}`).join('\n'),
      ...extra,
    });
  };

  const visible = (request: FastifyRequest) =>
    visibleNewsletter(db, identityOf(request), rowNumber((request.params as WithId).id));

  server.get('/newsletters', { config: VIEWER }, (request, reply) => list(request, reply, {}));
  server.get('/newsletters/:id', { config: VIEWER }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/newsletters',
      access: { who: 'administrator', wholeHouse: true },
      page: list,
      act: async ({ body, by }) => {
        const { name, slug, senderName, senderAddress, timeZone, sections } = newForm.parse(body);
        const settings = newsletterSettingsSchema.parse({
          sender: { name: senderName, address: senderAddress },
          timeZone,
          sections: sections === 'magazine' ? DEFAULT_SECTIONS : PLAIN_SECTIONS,
          language: (await findPublication(db))?.language ?? 'en',
        });
        const { id } = await makeNewsletter(parts, { slug, name, settings, sourceIds: [] }, by);
        return { told: `${name} is there. It has no schedule yet.`, to: `/newsletters/${id}` };
      },
    },
  );

  const changing =
    (
      change: (before: Newsletter, body: Record<string, string>, id: string) => Partial<Newsletter>,
    ): Act<WithId & { key: string }> =>
    async ({ request, params, body, by }) => {
      const { id } = await visible(request);
      await changeNewsletter(
        parts,
        id,
        (before) => {
          if (body.seen !== etagOf(before))
            throw new RoundupError('revision-changed', 'Somebody has changed this newsletter meanwhile.');
          const { name, sourceIds, ...rest } = { ...before, ...change(before, body, params.key) };
          const { id: _id, slug: _slug, scheduleSince: _since, ...settings } = rest;
          return { name, sourceIds, settings: newsletterSettingsSchema.parse(settings) };
        },
        by,
      );
      return {
        told: 'It is changed. Editions that are there already stay as they are.',
        to: `/newsletters/${id}${body.at ?? ''}`,
      };
    };
  const form = (path: string, act: Act<WithId & { key: string }>) =>
    formRoute(
      server,
      { app, door },
      { path: `/newsletters/:id/${path}`, access: { who: 'administrator' }, page: detail, act },
    );

  for (const [name, read] of Object.entries(FORMS))
    form(
      name,
      changing((before, body) => {
        const { name: title = before.name, sourceIds = before.sourceIds, settings } = read(body, before);
        return { name: title, sourceIds, ...definedOnly(settings ?? {}) } as Partial<Newsletter>;
      }),
    );
  form(
    'sections',
    changing((before, body) => ({ sections: [...before.sections, sectionOf(body, undefined)] }) as Partial<Newsletter>),
  );
  form(
    'sections/:key',
    changing((before, body, key) => {
      const known = before.sections.find((section) => section.key === key);
      if (known === undefined) throw new RoundupError('not-found', `There is no section "${key}".`);
      const sections = before.sections.map((section) => (section === known ? sectionOf(body, known) : section));
      return { sections } as Partial<Newsletter>;
    }),
  );
  form(
    'sections/:key/place',
    changing((before, body, key) => {
      const at = before.sections.findIndex((section) => section.key === key);
      const moved = before.sections[at];
      if (moved === undefined) throw new RoundupError('not-found', `There is no section "${key}".`);
      const others = before.sections.toSpliced(at, 1);
      if (body.to === 'away') {
        if (others.length === 0) throw new RoundupError('input-invalid', 'A newsletter has a section at least.');
        return { sections: others };
      }
      return { sections: others.toSpliced(Math.max(0, at + (body.to === 'up' ? -1 : 1)), 0, moved) };
    }),
  );
}

async function briefly(app: App, newsletter: Newsletter) {
  const { db } = app.database;
  const { id, schedule, timeZone } = newsletter;
  const next = schedule === null ? undefined : nextSlot(schedule, timeZone, app.clock.now());
  return {
    ...newsletter,
    readers: (await recentSubscriptions(db, id)).active,
    nextText: next === undefined ? undefined : shortDateTime(next, timeZone),
  };
}

function comingSlots({ schedule, timeZone }: Newsletter, now: Date): { due: string; opens: string }[] {
  if (schedule === null) return [];
  return slotsOpening(schedule, timeZone, now, new Date(now.getTime() + SLOTS_AHEAD_DAYS * DAY_MS))
    .slice(0, SLOTS)
    .map(({ dueAt, opensAt }) => ({ due: shortDateTime(dueAt, timeZone), opens: shortDateTime(opensAt, timeZone) }));
}

function hours(minutes: number): number {
  return Math.round((minutes / 60) * 100) / 100;
}

function hoursOf(schedule: Newsletter['schedule']) {
  const { leadMinutes, reminderMinutes, toleranceMinutes } = schedule ?? {
    leadMinutes: 1440,
    reminderMinutes: 180,
    toleranceMinutes: 720,
  };
  return { lead: hours(leadMinutes), reminder: hours(reminderMinutes), tolerance: hours(toleranceMinutes) };
}
