import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Role, isAtLeast } from '../../../accounts/index.ts';
import { type Edition, type EditionContent, readContent } from '../../../editions/index.ts';
import { previewOf } from '../../../newsroom/index.ts';
import { findSubscriberByAddress, listSubscriptions } from '../../../subscribers/index.ts';
import { identityOf } from '../../access.ts';
import { asSeen } from '../../mailView.ts';
import { followEdition } from '../../events.ts';
import { protectMail, protectPage } from '../../security.ts';
import { MOST_BYTES, type DeskParts, type FormPage, fieldsOf, formRoute, queryText, rowNumber } from '../forms.ts';
import { ACTS, type EditionAct } from './acts.ts';
import { cropRoutes } from './crop.ts';
import { deliveryRoutes } from './deliveries.ts';
import { poolRoutes } from './pool.ts';
import { revisionRoutes } from './revisions.ts';
import type { EditionParams } from './parts.ts';
import { asTyped } from './typed.ts';
import { VIEWS, type View, editionView, ledgerView } from './view.ts';
import { visibleEdition } from '../../visible.ts';

// An edition, from draft to sent: what it is, what can be done to it, what the mail would be. Every act is a form that works without
// script; with script (assets/edition.js) the page stays where it is.

type Params = EditionParams;

const VIEWER = { access: { who: 'viewer' } } as const;

export function editionRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;

  const visible = (request: FastifyRequest<Params>) =>
    visibleEdition(db, identityOf(request), rowNumber(request.params.id));

  /** Whose mail the preview is, where an editor names one. */
  async function readerOf(request: FastifyRequest<Params>, { newsletterId }: Edition) {
    const { as } = request.query;
    if (typeof as !== 'string' || as === '' || !isAtLeast(identityOf(request).account.role, 'editor')) return undefined;
    const reader = await findSubscriberByAddress(db, as.slice(0, 320));
    const own = reader === undefined ? [] : await listSubscriptions(db, reader.id);
    // Whoever reads another newsletter is nobody's business here.
    if (reader === undefined || !own.some((one) => one.newsletterId === newsletterId)) return undefined;
    // What others have sent them is for the whole house.
    const { id, name, address } = reader;
    return identityOf(request).newsletterIds === null ? { id, name, address } : { name, address };
  }

  async function page(request: FastifyRequest<Params>, reply: FastifyReply, extra: Record<string, unknown>) {
    const edition = await visible(request);
    const view = viewOf(request.query.view);
    const reader = await readerOf(request, edition);
    const as = typeof request.query.as === 'string' ? request.query.as : '';
    const preview = {
      as,
      asQuery: reader === undefined ? '' : encodeURIComponent(reader.address),
      isNobody: as !== '' && reader === undefined,
    };
    return show(request, reply, 'edition', {
      scripts: ['edition.js', 'clock.js'],
      ...(await editionView(app, identityOf(request), edition, view)),
      ...preview,
      ...extra,
    });
  }

  /** The mail as it is chosen to be seen; `variant`: with other content than it has. */
  async function preview(
    request: FastifyRequest<Params>,
    reply: FastifyReply,
    edition: Edition,
    { variant }: { variant?: EditionContent },
  ) {
    const reader = await readerOf(request, edition);
    const { html, text } = await previewOf(await app.newsroom(), edition, { reader, variant });
    const view = viewOf(request.query.view);
    protectMail(reply, "'self'");
    if (view === 'text') return reply.type('text/plain; charset=utf-8').send(text);
    return reply.type('text/html; charset=utf-8').send(asSeen(html, view));
  }

  server.get<Params>('/editions/:id', { config: VIEWER }, (request, reply) => page(request, reply, {}));

  server.get<Params>('/editions/:id/frame', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    return preview(request, reply, edition, {});
  });

  // What is typed and not saved yet, as the mail would have it: nothing is kept.
  server.post<Params>(
    '/editions/:id/frame',
    { bodyLimit: MOST_BYTES, config: { access: { who: 'author' } } },
    async (request, reply) => {
      const edition = await visible(request);
      return preview(request, reply, edition, {
        variant: asTyped(await readContent(db, edition), fieldsOf(request.body)),
      });
    },
  );

  server.get<Params>('/editions/:id/ledger', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    return show(request, reply, 'ledger', await ledgerView(app, identityOf(request), edition));
  });

  server.get<Params>('/editions/:id/events', { config: VIEWER }, async (request, reply) => {
    const { id } = await visible(request);
    protectPage(reply);
    return followEdition({ db, clock: app.clock }, id, {
      request,
      reply,
      identity: identityOf(request),
      isViewer: true,
    });
  });

  const parts = { show, visible };
  poolRoutes(server, app, parts);
  revisionRoutes(server, app, parts);
  cropRoutes(server, app, parts);
  deliveryRoutes(server, app, parts);

  const post = (path: string, who: Role, act: EditionAct) =>
    formRoute<Params['Params']>(
      server,
      { app, door },
      {
        path: `/editions/:id/${path}`,
        access: { who },
        act: async (doing) => {
          const edition = await visible(doing.request as FastifyRequest<Params>);
          const done = await act({ ...doing, editionId: edition.id, pieceId: rowNumber(doing.params.piece) });
          return { to: addressOf(edition.id, doing.request), ...done };
        },
        page: page as FormPage,
      },
    );
  for (const [name, act] of Object.entries(ACTS.author)) post(name, 'author', act);
  for (const [name, act] of Object.entries(ACTS.editor)) post(name, 'editor', act);
  for (const [name, act] of Object.entries(ACTS.piece)) post(`pieces/:piece/${name}`, 'author', act);
}

/** The page of an edition, with the preview as it was chosen. */
function addressOf(editionId: number, request: FastifyRequest): string {
  const query = new URLSearchParams();
  for (const name of ['view', 'as']) if (queryText(request, name) !== '') query.set(name, queryText(request, name));
  return `/editions/${editionId}${query.size === 0 ? '' : `?${query.toString()}`}`;
}

function viewOf(given: unknown): View {
  return VIEWS.find((known) => known === given) ?? 'desktop';
}
