import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Role, isAtLeast } from '../../../accounts/index.ts';
import type { App } from '../../../app.ts';
import { actingFrom } from '../../../audit/index.ts';
import { sumsOf } from '../../../dispatch/index.ts';
import {
  type Edition,
  compareContents,
  findNewsletter,
  lastRevision,
  listRevisions,
  readContent,
} from '../../../editions/index.ts';
import { getEdition, renderNow, sampleFor } from '../../../newsroom/index.ts';
import { marksFor, searchPieces, undecidedPairs } from '../../../pieces/index.ts';
import { RoundupError, isCode } from '../../../platform/errors.ts';
import { stateText } from '../../../reports/index.ts';
import { findSubscriberByAddress, listSubscriptions } from '../../../subscribers/index.ts';
import { identityOf, mayNewsletter } from '../../access.ts';
import { originOf } from '../../client.ts';
import { problemOf } from '../../problems.ts';
import { protectMail, protectPage } from '../../security.ts';
import type { ShowPage } from '../../show.ts';
import { expectedProblem } from '../signIn.ts';
import { ACTS, type Act, type Done } from './acts.ts';
import { deliveryRoutes } from './deliveries.ts';
import { VIEWS, type View, editionView, shareOf } from './view.ts';

// An edition, from draft to sent: what it is, what can be done to it, what the mail would be. Every act is a form that works without
// script; with script (assets/edition.js) the page stays where it is.

type Query = {
  view?: unknown;
  as?: unknown;
  q?: unknown;
  from?: unknown;
  to?: unknown;
  told?: unknown;
  undo?: unknown;
};
type Params = { Params: { id: string; piece: string }; Querystring: Query & Record<string, unknown> };

const VIEWER = { access: { who: 'viewer' } } as const;
const AUTHOR = { access: { who: 'author' } } as const;
const PIECES = 40;

export function editionRoutes(server: FastifyInstance, app: App, show: ShowPage): void {
  const { db } = app.database;

  /** What an account may not see is not there for it. */
  async function visible(request: FastifyRequest<Params>): Promise<Edition> {
    const edition = await getEdition(db, numberOf(request.params.id));
    if (mayNewsletter(identityOf(request), edition.newsletterId)) return edition;
    throw new RoundupError('not-found', `There is no edition ${edition.id}.`);
  }

  /** Whose mail the preview is, where an editor names one. */
  async function readerOf(request: FastifyRequest<Params>) {
    const { as } = request.query;
    if (typeof as !== 'string' || as === '' || !isAtLeast(identityOf(request).account.role, 'editor')) return undefined;
    const { newsletterId } = await visible(request);
    const reader = await findSubscriberByAddress(db, as.slice(0, 320));
    const own = reader === undefined ? [] : await listSubscriptions(db, reader.id);
    // Whoever reads another newsletter is nobody's business here.
    return own.some((one) => one.newsletterId === newsletterId) ? reader : undefined;
  }

  async function page(request: FastifyRequest<Params>, reply: FastifyReply, extra: Record<string, unknown>) {
    const edition = await visible(request);
    const view = viewOf(request.query.view);
    const reader = await readerOf(request);
    const as = typeof request.query.as === 'string' ? request.query.as : '';
    const preview = {
      as,
      asQuery: reader === undefined ? '' : encodeURIComponent(reader.address),
      isNobody: as !== '' && reader === undefined,
    };
    return show(request, reply, 'edition', {
      ...(await editionView(app, identityOf(request), edition, view)),
      ...preview,
      ...extra,
    });
  }

  server.get<Params>('/editions/:id', { config: VIEWER }, (request, reply) => page(request, reply, {}));

  server.get<Params>('/editions/:id/frame', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const view = viewOf(request.query.view);
    const rendered = await renderNow(await app.newsroom(), edition);
    const reader = await readerOf(request);
    const { html, text } = reader === undefined ? rendered.sample : sampleFor(rendered, reader, app.clock.now());
    protectMail(reply, "'self'");
    if (view === 'text') return reply.type('text/plain; charset=utf-8').send(text);
    return reply.type('text/html; charset=utf-8').send(asSeen(html, view));
  });

  server.get<Params>('/editions/:id/figures', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const [sums, last] = [await sumsOf(db, edition.id), await lastRevision(db, edition)];
    protectPage(reply);
    const { revision, madeBy } = last;
    return reply.send({
      state: stateText(edition, sums),
      raw: edition.state,
      sums,
      share: shareOf(sums),
      revision,
      madeBy,
    });
  });

  server.get<Params>('/editions/:id/pool', { config: AUTHOR }, async (request, reply) => {
    const edition = await visible(request);
    const words = typeof request.query.q === 'string' ? request.query.q.slice(0, 200) : '';
    const found = await searchPieces(db, { limit: PIECES, words });
    const content = await readContent(db, edition);
    const newsletter = await findNewsletter(db, edition.newsletterId);
    const isIn = new Set(content.sections.flatMap(({ pieces }) => pieces.map(({ pieceId }) => pieceId)));
    const marks = new Map(
      (await marksFor(db, edition.newsletterId, edition.number)).map((mark) => [mark.pieceId, mark]),
    );
    const alike = await undecidedPairs(
      db,
      found.map(({ id }) => id),
    );
    return show(request, reply, 'pool', {
      title: 'Add a piece',
      edition,
      query: words,
      sections: (newsletter?.sections ?? content.sections).map(({ key, title }) => ({ key, name: title || key })),
      pieces: found.map((piece) => ({
        ...piece,
        isIn: isIn.has(piece.id),
        mark: marks.get(piece.id)?.mark,
        isAlike: alike.some(({ pieceId, otherId }) => pieceId === piece.id || otherId === piece.id),
      })),
    });
  });

  server.get<Params>('/editions/:id/revisions', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const revisions = (await listRevisions(db, edition.id)).toReversed();
    const numbers = new Set(revisions.map(({ revision }) => revision));
    const chosen = (given: unknown, usual: number) => (numbers.has(Number(given)) ? Number(given) : usual);
    const to = chosen(request.query.to, edition.revision);
    const from = chosen(request.query.from, Math.max(1, to - 1));
    const [before, after] = [from, to].map((revision) => readContent(db, { id: edition.id, revision }));
    return show(request, reply, 'revisions', {
      title: `Revisions of no. ${edition.number}`,
      edition,
      from,
      to,
      mayRestore: ['draft', 'in_review', 'approved', 'scheduled'].includes(edition.state),
      differences: compareContents((await before) as never, (await after) as never),
      revisions: revisions.map((one) => ({
        ...one,
        isNow: one.revision === edition.revision,
        isFrom: one.revision === from,
        isTo: one.revision === to,
      })),
    });
  });

  deliveryRoutes(server, app, { show, visible });

  const act = (doing: Act) => async (request: FastifyRequest<Params>, reply: FastifyReply) => {
    const edition = await visible(request);
    const identity = identityOf(request);
    const call = {
      newsroom: await app.newsroom(),
      identity,
      editionId: edition.id,
      pieceId: numberOf(request.params.piece ?? ''),
      body: textsOf(request.body),
      by: identity.account.name,
    };
    try {
      const done: Done = await actingFrom(originOf(request), () => doing(call));
      return await page(request, reply, { done });
    } catch (error) {
      const { status, detail, hint, errors, code } = toldProblem(error);
      reply.code(status);
      const isStale = code === 'revision-changed';
      return page(request, reply, {
        problem: errors?.[0]?.message ?? detail,
        hint,
        isStale,
        unsaved: isStale ? call.body : undefined,
      });
    }
  };

  const post = (path: string, who: Role, doing: Act) =>
    server.post<Params>(`/editions/:id/${path}`, { config: { access: { who } } }, act(doing));
  for (const [name, doing] of Object.entries(ACTS.author)) post(name, 'author', doing);
  for (const [name, doing] of Object.entries(ACTS.editor)) post(name, 'editor', doing);
  for (const [name, doing] of Object.entries(ACTS.piece)) post(`pieces/:piece/${name}`, 'author', doing);
}

/** What another server did not give is told beside the form, like what the editor did wrong. */
function toldProblem(error: unknown) {
  return isCode(error, 'fetch-failed') || isCode(error, 'smtp-failed') ? problemOf(error) : expectedProblem(error);
}

/** The fields of a form; what is none has none. */
function textsOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(Object.entries(body).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
}

function numberOf(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function viewOf(given: unknown): View {
  return VIEWS.find((known) => known === given) ?? 'desktop';
}

/** In the scheme that is asked for, whatever the browser's is; without images as many mail programs have it at first. */
function asSeen(html: string, view: View): string {
  const scheme = html.replaceAll(
    '@media (prefers-color-scheme: dark)',
    view === 'dark' ? '@media all' : '@media not all',
  );
  return view === 'images off' ? scheme.replace(/(<img\b[^>]*?)\ssrc="[^"]*"/g, '$1 src="data:,"') : scheme;
}
