import type { FastifyInstance, FastifyRequest } from 'fastify';
import { countSegment, keepSegment, peopleOfSegment, removeSegment } from '../../../newsroom/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { FIELDS, findSegment, listSegments } from '../../../subscribers/index.ts';
import { type Identity, identityOf, mayNewsletter } from '../../access.ts';
import { type DeskParts, type FormPage, fieldsOf, formRoute, queryText, rowNumber } from '../forms.ts';
import { visibleNewsletter, visibleNewsletters } from '../../visible.ts';

// Parts of a newsletter's readers: a filter is tried, seen who it means, and kept under a name.

const EDITOR = { access: { who: 'editor' } } as const;
const FIRST = 10;

export function segmentRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  const list: FormPage = async (request, reply, extra) => {
    const newsletters = await visibleNewsletters(db, identityOf(request));
    const chosen = newsletters.find(({ id }) => String(id) === wantedIn(request)) ?? newsletters[0];
    return show(request, reply, 'segments', {
      title: 'Segments',
      newsletters: newsletters.map((one) => ({ id: one.id, name: one.name, isThis: one === chosen })),
      chosen,
      topics: chosen?.topics ?? [],
      segments: (chosen === undefined ? [] : await listSegments(db, chosen.id)).map((segment) => ({
        ...segment,
        query: new URLSearchParams({ newsletter: String(segment.newsletterId), filter: segment.filter }).toString(),
      })),
      fields: Object.entries(FIELDS).map(([name, { means, choices }]) => ({
        name,
        means,
        choices: choices?.join(', '),
      })),
      ...extra,
    });
  };

  const newsletterIn = (identity: Identity, { newsletter }: Record<string, string>) =>
    visibleNewsletter(db, identity, rowNumber(newsletter));

  server.get('/segments', { config: EDITOR }, (request, reply) => list(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/segments/try',
      access: EDITOR.access,
      page: list,
      act: async ({ body, identity }) => {
        const newsletter = await newsletterIn(identity, body);
        const visible = identity.newsletterIds;
        const filter = body.filter ?? '';
        const counted = await countSegment(parts, newsletter, filter, { exact: body.exact === 'yes', visible });
        const people = await peopleOfSegment(parts, newsletter, filter, { limit: FIRST });
        return { shown: { tried: counted, people, typed: body, typedAt: '/segments/try' } };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/segments',
      access: EDITOR.access,
      page: list,
      act: async ({ body, identity, by }) => {
        const { id } = await newsletterIn(identity, body);
        const visible = identity.newsletterIds;
        const { name } = await keepSegment(
          parts,
          id,
          { name: body.name ?? '', filter: body.filter ?? '', visible },
          by,
        );
        return {
          told: `“${name}” is kept. Editions that go to it already keep the filter that they have.`,
          to: `/segments?newsletter=${id}`,
        };
      },
    },
  );

  formRoute<{ id: string }>(
    server,
    { app, door },
    {
      path: '/segments/:id/away',
      access: EDITOR.access,
      page: list,
      act: async ({ params, identity, by }) => {
        const segment = await findSegment(db, rowNumber(params.id));
        if (segment === undefined || !mayNewsletter(identity, segment.newsletterId))
          throw new RoundupError('not-found', 'There is no such segment.');
        await removeSegment(parts, segment.id, by);
        return {
          told: `“${segment.name}” is gone. Editions that go to it keep its filter.`,
          to: `/segments?newsletter=${segment.newsletterId}`,
        };
      },
    },
  );
}

/** The one that a form is about, or that was asked for. */
function wantedIn(request: FastifyRequest): string {
  return fieldsOf(request.body).newsletter ?? queryText(request, 'newsletter');
}
