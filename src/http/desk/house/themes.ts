import { readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { listNewsletters } from '../../../editions/index.ts';
import { keepUpload, mediaPath } from '../../../media/index.ts';
import {
  copyTheme,
  discardWork,
  editionsOf,
  getEdition,
  themeProblems,
  themeSample,
  tryTheme,
  useTheme,
  workOnRevision,
  workOnTheme,
} from '../../../newsroom/index.ts';
import { RoundupError, reasonOf } from '../../../platform/errors.ts';
import {
  COLOUR_NAMES,
  type ColourName,
  LEAST_CONTRAST,
  type ThemeDesign,
  builtInTemplates,
  faintPairs,
  getTheme,
  listThemeRevisions,
  listThemes,
} from '../../../themes/index.ts';
import { protectMail } from '../../security.ts';
import { asSeen } from '../../mailView.ts';
import { type Act, type DeskParts, type FormPage, formRoute, queryText, rowNumber, withoutCr } from '../forms.ts';
import { etagOf } from '../../etag.ts';

// How mails look: colours, logo, footer, and the templates themselves. What is changed is worked on beside what is in use, seen at once, tried
// on the last editions, and then put in use.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;
const SCHEMES = ['light', 'dark'] as const;
const LOGO_SIZE = { width: 800, height: 800 };
const logoForm = z.object({
  from: z.enum(['publication', 'none', 'upload']),
  width: z.coerce
    .number()
    .int()
    .min(24, 'A logo is 24 pixels wide at least.')
    .max(400, 'A logo is 400 pixels wide at most.'),
});

type WithName = { name: string; file: string };

export function themeRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;

  const list: FormPage = async (request, reply, extra) => {
    const newsletters = await listNewsletters(db);
    const themes = (await listThemes(db)).map((theme) => ({
      ...theme,
      colours: theme.design.colours.light,
      hasWork: theme.working !== null,
      newsletters: newsletters.filter((one) => one.theme === theme.name).map(({ name }) => name),
    }));
    return show(request, reply, 'themes', { title: 'Themes', themes, ...extra });
  };

  const detail: FormPage = async (request, reply, extra) => {
    const newsroom = await app.newsroom();
    const theme = await getTheme(db, nameOf(request));
    const design = theme.working ?? theme.design;
    const templates = { ...builtInTemplates(), ...design.files };
    const file = Object.keys(templates).find((one) => one === queryText(request, 'file')) ?? 'edition.mjml.hbs';
    const [edition] = await editionsOf(newsroom, theme.name, 1);
    const problems = await themeProblems(newsroom, theme.name);
    return show(request, reply, 'theme', {
      title: `Theme ${theme.name}`,
      scripts: ['theme.js'],
      theme,
      design,
      hasWork: theme.working !== null,
      colours: Object.entries(COLOUR_NAMES).map(([key, name]) => ({
        key,
        name,
        light: design.colours.light[key as ColourName],
        dark: design.colours.dark[key as ColourName],
      })),
      faint: faintPairs(design).map((one) => ({
        ...one,
        frontName: COLOUR_NAMES[one.front],
        backName: COLOUR_NAMES[one.back],
        ratioText: one.ratio.toFixed(1),
        isDay: one.scheme === 'light',
      })),
      least: LEAST_CONTRAST,
      files: Object.keys(templates).map((one) => ({
        name: one,
        isThis: one === file,
        isChanged: design.files[one] !== undefined,
        problems: problems.filter((problem) => problem.file === one).length,
      })),
      file,
      text: templates[file],
      seen: { colours: etagOf(design.colours), footer: etagOf(design.footer), text: etagOf(templates[file]) },
      isChanged: design.files[file] !== undefined,
      problems: problems.map((problem) => ({
        ...problem,
        source: templates[problem.file]?.split('\n')[problem.line - 1]?.trim(),
      })),
      revisions: await listThemeRevisions(db, theme.name),
      edition,
      stamp: Date.now(),
      view: queryText(request, 'view') === 'dark' ? 'dark' : 'desktop',
      ...extra,
    });
  };

  server.get('/themes', { config: OPERATOR }, (request, reply) => list(request, reply, {}));
  server.get('/themes/:name', { config: OPERATOR }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  server.get('/themes/:name/frame', { config: OPERATOR }, async (request: FastifyRequest, reply) => {
    const newsroom = await app.newsroom();
    const name = nameOf(request);
    const id = rowNumber(queryText(request, 'edition'));
    const [newest] = await editionsOf(newsroom, name, 1);
    const edition = id > 0 ? await getEdition(db, id) : newest;
    protectMail(reply, "'self'");
    reply.type('text/html; charset=utf-8');
    if (edition === undefined) return reply.send('<p>There is no edition yet that could be shown.</p>');
    const working = queryText(request, 'state') !== 'used';
    const view = queryText(request, 'view') === 'dark' ? 'dark' : 'desktop';
    try {
      return await reply.send(asSeen((await themeSample(newsroom, name, edition, { working })).html, view));
    } catch (error) {
      // What is half typed fails in many ways; none of them is a fault of ours.
      app.log.debug('a theme could not be drawn', { theme: name, reason: reasonOf(error) });
      return reply.send('<p>Its templates cannot be read as they are; what is wrong stands beside them.</p>');
    }
  });

  server.get('/themes/:name/trial', { config: OPERATOR }, async (request: FastifyRequest, reply) => {
    const newsroom = await app.newsroom();
    const theme = await getTheme(db, nameOf(request));
    const problems = await themeProblems(newsroom, theme.name);
    const trials = problems.length > 0 ? [] : await tryTheme(newsroom, theme.name);
    return show(request, reply, 'trial', {
      title: `Trial of ${theme.name}`,
      theme,
      problems,
      trials: trials.map(({ before, after, ...one }) => ({
        ...one,
        before: kib(before.bytes),
        after: kib(after.bytes),
      })),
    });
  });

  async function keptLogo(file: string, by: string): Promise<string> {
    const made = { by, at: app.clock.now(), framing: 'whole' } as const;
    const { hash, type } = await keepUpload(db, await readFile(file), LOGO_SIZE, made);
    return mediaPath(hash, type);
  }

  const form = (path: string, act: Act<WithName>, more: { takesFile?: true } = {}) =>
    formRoute<WithName>(
      server,
      { app, door },
      { path: `/themes/:name/${path}`, access: OPERATOR.access, page: detail, act, ...more },
    );
  /** A change of what is being worked on, made on what it is by then. */
  const working =
    (change: (design: ThemeDesign, doing: Parameters<Act<WithName>>[0]) => ThemeDesign): Act<WithName> =>
    async (doing) => {
      const { name, file } = doing.params;
      await workOnTheme({ db }, name, (design) => change(design, doing));
      return { told: 'It is kept, and in no mail before you put it in use.', to: pageOf(name, doing.request, file) };
    };

  form(
    'colours',
    working((design, { body }) => {
      requireSeen(body, design.colours, 'these colours');
      const colours = Object.fromEntries(
        SCHEMES.map((scheme) => [
          scheme,
          Object.fromEntries(Object.keys(COLOUR_NAMES).map((key) => [key, body[`${scheme}-${key}`] ?? ''])),
        ]),
      );
      return { ...design, colours } as unknown as ThemeDesign;
    }),
  );
  form(
    'footer',
    working((design, { body }) => {
      requireSeen(body, design.footer, 'this footer');
      return { ...design, footer: withoutCr(body.footer ?? '').trim() };
    }),
  );
  form(
    'logo',
    async ({ params, body, upload, request, by }) => {
      const logo = logoForm.parse(body);
      const path = upload === null ? undefined : await keptLogo(upload.path, by);
      await workOnTheme({ db }, params.name, (design) => ({
        ...design,
        logo: path === undefined ? { ...logo, path: design.logo.path } : { ...logo, from: 'upload', path },
      }));
      return {
        told: 'It is kept, and in no mail before you put it in use.',
        to: pageOf(params.name, request, undefined),
      };
    },
    { takesFile: true },
  );
  form(
    'files/:file',
    working((design, { body, params }) => {
      const text = withoutCr(body.text ?? '');
      if (textOf(design, params.file) === undefined)
        throw new RoundupError('not-found', `There is no template "${params.file}".`);
      requireSeen(body, textOf(design, params.file), 'this template');
      const { [params.file]: _old, ...others } = design.files;
      const isOwn = text !== builtInTemplates()[params.file];
      return { ...design, files: isOwn ? { ...others, [params.file]: text } : others };
    }),
  );
  form(
    'files/:file/original',
    working((design, { params }) => {
      const { [params.file]: _old, ...others } = design.files;
      return { ...design, files: others };
    }),
  );
  form('use', async ({ params, body, newsroom, by }) => {
    const change = z
      .string()
      .trim()
      .max(200)
      .parse(body.change ?? '');
    const revision = await useTheme(newsroom, params.name, change, by);
    return {
      told: `Revision ${revision} is in use. Drafts are rendered with it; what is approved stays as it is.`,
      to: `/themes/${params.name}`,
    };
  });
  form('discard', async ({ params }) => {
    await discardWork({ db }, params.name);
    return { told: 'It is as it is in use.', to: `/themes/${params.name}` };
  });
  form('restore', async ({ params, body }) => {
    const revision = z.coerce.number().int().min(0).max(1_000_000).parse(body.revision);
    await workOnRevision({ db }, params.name, revision);
    return {
      told: `You work on with revision ${revision}; put it in use where it is to be so again.`,
      to: `/themes/${params.name}`,
    };
  });
  form('copy', async ({ params, body, by }) => {
    const copy = (body.copy ?? '').trim();
    await copyTheme({ db }, params.name, copy, by);
    return { told: `${copy} is there, to begin with as ${params.name}.`, to: `/themes/${copy}` };
  });
}

/** A form says what of it there was before. Throws `revision-changed` where that is not what there is. */
function requireSeen(body: Record<string, string>, now: unknown, name: string): void {
  if (body.seen === etagOf(now)) return;
  throw new RoundupError('revision-changed', `Somebody has changed ${name} meanwhile.`, {
    hint: 'What you have typed stands here still: load the page in another tab to see theirs, or press Keep for yours.',
  });
}

function textOf(design: ThemeDesign, file: string): string | undefined {
  return design.files[file] ?? builtInTemplates()[file];
}

function nameOf(request: FastifyRequest): string {
  return (request.params as WithName).name;
}

function kib(bytes: number): number {
  return Math.ceil(bytes / 1024);
}

function pageOf(name: string, request: FastifyRequest, file: string | undefined): string {
  const query = new URLSearchParams();
  if (file !== undefined) query.set('file', file);
  if (queryText(request, 'view') !== '') query.set('view', queryText(request, 'view'));
  return `/themes/${name}${query.size === 0 ? '' : `?${query.toString()}`}`;
}
