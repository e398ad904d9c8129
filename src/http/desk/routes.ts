import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type App, QUEUE } from '../../app.ts';
import { sumsOf, workersPresent } from '../../dispatch/index.ts';
import {
  type Edition,
  audienceText,
  listChoices,
  listEditions,
  listNewsletters,
  nextSlot,
} from '../../editions/index.ts';
import { SAMPLE_ADDRESS, getEdition, renderNow, sourceHealth } from '../../newsroom/index.ts';
import { countPieces } from '../../pieces/index.ts';
import { reportEdition, stateText } from '../../reports/index.ts';
import { countSubscriptions } from '../../subscribers/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { identityOf, mayNewsletter } from '../access.ts';
import { protectMail, protectPage } from '../security.ts';
import type { ShowPage } from '../show.ts';

type Params = { Params: { id: string }; Querystring: { view?: string } };

const VIEWS = ['desktop', 'phone', 'dark', 'text'] as const;
type View = (typeof VIEWS)[number];
const MAX_EDITIONS = 50;

const VIEWER = { access: { who: 'viewer' } } as const;
const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;

export function deskRoutes(server: FastifyInstance, app: App, show: ShowPage): void {
  const { db } = app.database;
  server.get('/', { config: VIEWER }, async (request, reply) => {
    const identity = identityOf(request);
    const newsletters = (await listNewsletters(db)).filter(({ id }) => mayNewsletter(identity, id));
    const names = new Map(newsletters.map((newsletter) => [newsletter.id, newsletter.name]));
    const newsletterIds = identity.newsletterIds ?? undefined;
    const editions = await listEditions(db, { limit: MAX_EDITIONS, newsletterIds });
    const withSums = await Promise.all(
      editions.map(async (edition) => ({ edition, sums: await sumsOf(db, edition.id) })),
    );
    return show(request, reply, 'home', {
      title: 'Editions',
      newsletters: await Promise.all(
        newsletters.map(async (newsletter) => ({
          name: newsletter.name,
          next:
            newsletter.schedule === null ? null : nextSlot(newsletter.schedule, newsletter.timeZone, app.clock.now()),
          readers: (await countSubscriptions(db, newsletter.id)).active,
        })),
      ),
      editions: withSums.map(({ edition, sums }) => ({
        ...edition,
        newsletter: names.get(edition.newsletterId),
        sums,
        stateText: stateText(edition, sums),
      })),
      pieces: await countPieces(db),
      sources: await sourceHealth(db, app.clock.now()),
    });
  });

  server.get<Params>('/editions/:id', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const view = VIEWS.find((known) => known === request.query.view) ?? 'desktop';
    const report = await reportEdition(db, edition, { now: app.clock.now(), relays: app.config.relays });
    const choices = await listChoices(db, edition.id);
    const sent =
      edition.state === 'sending' ||
      edition.state === 'paused' ||
      edition.state === 'sent' ||
      edition.state === 'stopped';
    const { newsletter, findings, content } = await renderNow(newsroomParts(), edition);
    return show(request, reply, 'edition', {
      title: `${newsletter.name} no. ${edition.number}`,
      edition,
      newsletter,
      content,
      audience: audienceText(content.audience),
      view,
      isText: view === 'text',
      tabs: VIEWS.map((name) => ({ name, current: name === view })),
      findings,
      report,
      stateText: stateText(edition, report.sums),
      sent,
      live: edition.state === 'sending' || edition.state === 'paused' || edition.state === 'scheduled',
      share: shareOf(report.sums),
      perSecond: report.perSecond === undefined ? undefined : Math.round(report.perSecond),
      included: choices.filter((choice) => choice.included),
      left: choices.filter((choice) => !choice.included),
      sampleAddress: SAMPLE_ADDRESS,
    });
  });

  server.get<Params>('/editions/:id/frame', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const view = VIEWS.find((known) => known === request.query.view) ?? 'desktop';
    const { html, text } = await asItIs(edition);
    protectMail(reply, "'self'");
    if (view === 'text') return reply.type('text/plain; charset=utf-8').send(text);
    return reply.type('text/html; charset=utf-8').send(inScheme(html, view));
  });

  server.get<Params>('/editions/:id/figures', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const sums = await sumsOf(db, edition.id);
    protectPage(reply);
    return reply.send({ state: stateText(edition, sums), sums, share: shareOf(sums) });
  });

  server.get('/queue', { config: OPERATOR }, async (request, reply) => {
    const queues = await app.queues();
    const rows = await Promise.all(
      Object.values(QUEUE).map(async (name) => ({ name, ...(await queues.queue(name).counts()) })),
    );
    return show(request, reply, 'queue', {
      title: 'Queue',
      backend: queues.backend,
      rows,
      workers: await workersPresent(db),
    });
  });

  const newsroomParts = () => ({
    db,
    clock: app.clock,
    keys: app.config.keys,
    baseUrl: app.config.baseUrl,
    unsubscribeAddress: app.config.unsubscribeAddress,
  });

  /** What an account may not see is not there for it. */
  async function visible(request: FastifyRequest<Params>): Promise<Edition> {
    const edition = await getEdition(db, idOf(request.params.id));
    if (mayNewsletter(identityOf(request), edition.newsletterId)) return edition;
    throw new RoundupError('not-found', `There is no edition ${edition.id}.`);
  }

  /** What was approved, once it was; else what would be. */
  async function asItIs(edition: Edition): Promise<{ html: string; text: string }> {
    return (await renderNow(newsroomParts(), edition)).sample;
  }
}

function idOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function shareOf(sums: { audience: number; planned: number; handing: number; deferred: number }): number {
  if (sums.audience === 0) return 0;
  return (sums.audience - sums.planned - sums.handing - sums.deferred) / sums.audience;
}

/** A frame takes its colours from the viewer's system; the preview shows the scheme that is asked for. */
function inScheme(html: string, view: View): string {
  return html.replaceAll('@media (prefers-color-scheme: dark)', view === 'dark' ? '@media all' : '@media not all');
}
