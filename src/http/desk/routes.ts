import type { FastifyInstance } from 'fastify';
import { type App, QUEUE } from '../../app.ts';
import { sumsOf, workersPresent } from '../../dispatch/index.ts';
import { listEditions, listNewsletters, nextSlot } from '../../editions/index.ts';
import { sourceHealth } from '../../newsroom/index.ts';
import { countPieces } from '../../pieces/index.ts';
import { stateText } from '../../reports/index.ts';
import { countSubscriptions } from '../../subscribers/index.ts';
import { identityOf, mayNewsletter } from '../access.ts';
import type { ShowPage } from '../show.ts';

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
}
