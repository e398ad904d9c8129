import type { FastifyInstance } from 'fastify';
import type { App } from '../../app.ts';
import { type Archived, listArchived } from '../../archive/index.ts';
import { type Newsletter, listNewsletters } from '../../editions/index.ts';
import { escapeHtml } from '../../lib/escape.ts';
import type { Database } from '../../platform/database/index.ts';
import { jsonFeed, rssFeed } from './feeds.ts';

// The archive for programs: RSS, JSON Feed, and a sitemap.

const OPEN = { access: { who: 'anyone' } } as const;
const IN_FEED = 20;
const IN_SITEMAP = 45_000;

/** The newsletters of which anybody may read what was sent. */
export async function inArchive(db: Database): Promise<Newsletter[]> {
  return (await listNewsletters(db)).filter(({ archive }) => archive === 'public');
}

/** Where an edition stands, for good. */
export function archiveAddress(
  baseUrl: string,
  { slug }: Pick<Newsletter, 'slug'>,
  { number }: Pick<Archived, 'number'>,
): string {
  return `${baseUrl}/archive/${slug}/${number}`;
}

export function archiveFeedRoutes(server: FastifyInstance, app: App): void {
  const { db } = app.database;
  const { baseUrl } = app.config;

  server.get<{ Params: { slug: string; file: string } }>(
    '/archive/:slug/feed.:file',
    { config: OPEN },
    async (request, reply) => {
      const newsletter = (await inArchive(db)).find(({ slug }) => slug === request.params.slug);
      const { file } = request.params;
      if (newsletter === undefined || (file !== 'rss' && file !== 'json'))
        return reply.code(404).type('text/plain').send('There is no such feed.\n');
      const editions = await listArchived(db, { newsletterIds: [newsletter.id], limit: IN_FEED });
      const feed = {
        title: newsletter.name,
        description: newsletter.description,
        language: newsletter.language,
        home: `${baseUrl}/archive/${newsletter.slug}`,
        self: `${baseUrl}/archive/${newsletter.slug}/feed.${file}`,
        items: editions.map((edition) => ({
          title: edition.subject,
          summary: edition.preheader,
          url: archiveAddress(baseUrl, newsletter, edition),
          at: edition.sentAt,
        })),
      };
      reply.header('cache-control', 'public, max-age=300').header('x-content-type-options', 'nosniff');
      if (file === 'rss') return reply.type('application/rss+xml; charset=utf-8').send(rssFeed(feed));
      return reply.type('application/feed+json; charset=utf-8').send(jsonFeed(feed));
    },
  );

  server.get('/sitemap.xml', { config: OPEN }, async (_request, reply) => {
    const newsletters = await inArchive(db);
    const names = new Map(newsletters.map((newsletter) => [newsletter.id, newsletter]));
    const newsletterIds = newsletters.map(({ id }) => id);
    const editions = await listArchived(db, { newsletterIds, limit: IN_SITEMAP });
    const rows = [
      ...newsletters.map(({ slug }) => `<url><loc>${escapeHtml(`${baseUrl}/archive/${slug}`)}</loc></url>`),
      ...editions.map((edition) => {
        const url = archiveAddress(baseUrl, names.get(edition.newsletterId) as Newsletter, edition);
        return `<url><loc>${escapeHtml(url)}</loc><lastmod>${edition.sentAt.toISOString()}</lastmod></url>`;
      }),
    ];
    return reply
      .type('application/xml; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(
        `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${rows.join('')}</urlset>\n`,
      );
  });
}
