import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { findNewsletter, listNewsletters } from '../../../editions/index.ts';
import { previewImport, runImport, undoImport } from '../../../newsroom/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { OUTCOMES, type Outcome, pageOfImports } from '../../../subscribers/index.ts';
import { type Identity, identityOf, mayNewsletter } from '../../access.ts';
import { MOST_UNPACKED_BYTES, withList } from '../../uploads.ts';
import { type DeskParts, type FormPage, formRoute, queryText, rowNumber } from '../forms.ts';
import { visibleImport, visibleNewsletter } from '../../visible.ts';
import { counted } from '../../../lib/text.ts';

// Lists of readers: looked at first, line by line what would become of it; taken in by the workers; taken back.

const EDITOR = { access: { who: 'editor' } } as const;
const PAGE = 30;
const ground = z.string().trim().min(1, 'Say on what ground they get mail: it is kept as their consent.').max(300);
const WORDS: Record<Outcome, string> = {
  subscribed: 'subscribed',
  alreadySubscribed: 'subscribed already',
  left: 'left here, and stay away',
  suppressed: 'not to be mailed',
  leftElsewhere: 'left there, known as such from now on',
  struck: 'bounced or complained there, not to be mailed from now on',
  unconfirmed: 'never said yes there',
};

type WithId = { id: string };

export function importRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  const list: FormPage = async (request, reply, extra) => {
    const { newsletterIds } = identityOf(request);
    const newsletters = (await listNewsletters(db)).filter(({ id }) => mayNewsletter(identityOf(request), id));
    const names = new Map(newsletters.map(({ id, name }) => [id, name]));
    const before = rowNumber(queryText(request, 'before'));
    const rows = await pageOfImports(db, {
      limit: PAGE + 1,
      newsletterIds: newsletterIds ?? undefined,
      ...(before > 0 ? { before } : {}),
    });
    return show(request, reply, 'imports', {
      title: 'Imports',
      newsletters,
      imports: rows
        .slice(0, PAGE)
        .map((run) => ({ ...run, newsletter: names.get(run.newsletterId), isReady: run.state === 'ready' })),
      next: rows.length > PAGE ? `before=${rows[PAGE - 1]?.id}` : undefined,
      ...extra,
    });
  };

  const visible = (request: FastifyRequest, identity: Identity) =>
    visibleImport(db, identity, rowNumber((request.params as WithId).id));

  const detail: FormPage = async (request, reply, extra) => {
    const identity = identityOf(request);
    const run = await visible(request, identity);
    const newsletter = await findNewsletter(db, run.newsletterId);
    const { report } = run;
    return show(request, reply, 'import', {
      title: run.file,
      scripts: run.state === 'running' || run.state === 'reading' ? ['progress.js'] : [],
      run,
      newsletter,
      is: {
        ready: run.state === 'ready',
        running: run.state === 'running' || run.state === 'reading',
        done: run.state === 'done',
      },
      share: run.people === 0 ? 0 : run.place / run.people,
      mayUndo: identity.newsletterIds === null && (run.state === 'done' || run.state === 'running'),
      format: report.format,
      lines: report.lines ?? 0,
      repeated: report.repeated,
      invalid: report.invalid,
      columns: report.columns ?? [],
      outcomes: OUTCOMES.filter((outcome) => (report[outcome] ?? 0) > 0).map((outcome) => ({
        count: report[outcome],
        text: WORDS[outcome],
        samples: (report.samples ?? []).filter((sample) => sample.outcome === outcome),
      })),
      problems: report.problems ?? [],
      ...extra,
    });
  };

  server.get('/imports', { config: EDITOR }, (request, reply) => list(request, reply, {}));
  server.get('/imports/:id', { config: EDITOR }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/imports',
      access: EDITOR.access,
      page: list,
      takesFile: true,
      act: async ({ body, identity, by, upload }) => {
        const { id: newsletterId } = await visibleNewsletter(db, identity, rowNumber(body.newsletter));
        if (upload === null) throw new RoundupError('input-invalid', 'Choose a file: a CSV, or a zip or gzip of one.');
        const keep = (body.keep ?? '')
          .split(',')
          .map((column) => column.trim())
          .filter(Boolean);
        const wish = {
          newsletterId,
          ground: '',
          name: upload.name,
          keep,
          wholeHouse: identity.newsletterIds === null,
          mostBytes: MOST_UNPACKED_BYTES,
        };
        const { id } = await withList(upload.path, (file) => previewImport(parts, file, wish, by));
        return {
          told: 'It is read, and nobody is subscribed yet. Look at what would become of each line.',
          to: `/imports/${id}`,
        };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/imports/:id/run',
      access: EDITOR.access,
      page: detail,
      act: async ({ request, body, identity, by }) => {
        const { id } = await visible(request, identity);
        await runImport(parts, id, { ground: ground.parse(body.ground), by });
        return { told: 'It is being taken in. You may leave this page.', to: `/imports/${id}` };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/imports/:id/undo',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ request, body, identity, by }) => {
        const { id } = await visible(request, identity);
        if (body.sure !== 'yes')
          throw new RoundupError('input-invalid', 'Tick the box: what it brought is taken back.');
        const { subscriptions, subscribers, suppressions } = await undoImport(parts, id, by);
        return {
          told: `Taken back: ${counted(subscriptions, 'subscription')}, ${counted(subscribers, 'person', 'people')}, ${counted(suppressions, 'suppression')}. Whoever has done something since stays.`,
          to: `/imports/${id}`,
        };
      },
    },
  );
}
