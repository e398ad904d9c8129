import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { type ArchivedWhole, archiveYears, findArchived, listArchived } from '../../archive/index.ts';
import { type Newsletter, findPublication } from '../../editions/index.ts';
import { Recent } from '../../lib/recent.ts';
import { longDate } from '../../lib/time.ts';
import { directionOf, tongueOf } from '../../lib/tongues.ts';
import { findMedia, shareImage } from '../../media/index.ts';
import { protectMail } from '../security.ts';
import { archiveAddress, inArchive } from './archiveFeeds.ts';
import { withHead } from './archiveHead.ts';
import { type ShowReader, WORDS } from './reader.ts';

// What was sent, for anybody to read, where the newsletter says so: each edition at an address that does not change, an index by year,
// search, feeds, a sitemap. An edition is shown as mail is: in a sandbox where nothing runs.

const OPEN = { access: { who: 'anyone' } } as const;
const PAGE = 200;
const MAX_WORDS = 200;
const MOST_PICTURES = 50;

type WithSlug = { Params: { slug: string }; Querystring: { year?: unknown; q?: unknown } };
type WithNumber = { Params: { slug: string; number: string } };

export function archiveRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { baseUrl } = app.config;
  const pictures = new Recent<Promise<Buffer>>(MOST_PICTURES);
  const openOne = async (slug: string) => (await inArchive(db)).find((newsletter) => newsletter.slug === slug);

  const gone = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'not-in-archive', title: (w) => w.archive, status: 404 });

  server.get('/archive', { config: OPEN }, async (request, reply) => {
    const newsletters = await inArchive(db);
    const [only] = newsletters;
    if (only !== undefined && newsletters.length === 1) return reply.redirect(`/archive/${only.slug}`, 302);
    return show(request, reply, {
      page: 'archives',
      title: (w) => w.archive,
      status: newsletters.length === 0 ? 404 : 200,
      view: () => ({ newsletters, isIndexed: true }),
    });
  });

  server.get<WithSlug>('/archive/:slug', { config: OPEN }, async (request, reply) => {
    const newsletter = await openOne(request.params.slug);
    if (newsletter === undefined) return gone(request, reply);
    const { q, year: asked } = request.query;
    const words = typeof q === 'string' ? q.slice(0, MAX_WORDS).trim() : '';
    const years = await archiveYears(db, newsletter.id);
    const year = typeof asked === 'string' && /^\d{4}$/.test(asked) ? Number(asked) : years[0]?.year;
    const filter = words === '' ? { year } : { words };
    const editions = await listArchived(db, { newsletterIds: [newsletter.id], limit: PAGE, ...filter });
    return show(request, reply, {
      page: 'archive',
      title: () => newsletter.name,
      view: (_w, tongue) => ({
        newsletter,
        query: words,
        isIndexed: words === '',
        feeds: newsletter.slug,
        years: years.map((one) => ({ ...one, isThis: words === '' && one.year === year })),
        editions: editions.map((one) => ({
          ...one,
          date: longDate(one.sentAt, newsletter.timeZone, tongue),
          path: `/archive/${newsletter.slug}/${one.number}`,
        })),
      }),
    });
  });

  server.get<WithNumber>('/archive/:slug/:number', { config: OPEN }, async (request, reply) => {
    const found = await findOne(request.params);
    if (found === undefined) return gone(request, reply);
    const { newsletter, edition } = found;
    protectMail(reply, "'none'");
    reply.header('cache-control', 'public, max-age=300');
    const html = withHead(edition.html, {
      newsletter,
      edition,
      publication: await findPublication(db),
      url: archiveAddress(baseUrl, newsletter, edition),
      back: WORDS[tongueOf(newsletter.language) ?? 'en'].archive,
    });
    return reply.type('text/html; charset=utf-8').send(html);
  });

  server.get<WithNumber>('/archive/:slug/:number/share.jpg', { config: OPEN }, async (request, reply) => {
    const found = await findOne(request.params);
    if (found === undefined) return reply.code(404).type('text/plain').send('There is no such edition.\n');
    const { newsletter, edition } = found;
    const above = `${newsletter.name} · ${longDate(edition.sentAt, newsletter.timeZone, newsletter.language)}`;
    const direction = directionOf(tongueOf(newsletter.language) ?? 'en');
    const bytes = await pictures.get(`${edition.editionId} ${above} ${edition.subject} ${edition.photo}`, async () => {
      const photo = edition.photo === null ? undefined : (await findMedia(db, edition.photo))?.bytes;
      return shareImage(photo, { title: edition.subject, above, direction });
    });
    return reply
      .type('image/jpeg')
      .header('cache-control', 'public, max-age=86400')
      .header('x-content-type-options', 'nosniff')
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('cross-origin-resource-policy', 'cross-origin')
      .send(bytes);
  });

  async function findOne({
    slug,
    number,
  }: WithNumber['Params']): Promise<{ newsletter: Newsletter; edition: ArchivedWhole } | undefined> {
    const newsletter = await openOne(slug);
    if (newsletter === undefined || !/^[1-9]\d{0,8}$/.test(number)) return undefined;
    const edition = await findArchived(db, newsletter.id, Number(number));
    return edition === undefined ? undefined : { newsletter, edition };
  }
}
