import type { FastifyInstance } from 'fastify';
import type { App } from '../../../app.ts';
import { compareContents, listRevisions, readContent, isOpen } from '../../../editions/index.ts';
import type { EditionParams, EditionParts } from './parts.ts';

// What an edition was, and what changed from one revision to another.

const VIEWER = { access: { who: 'viewer' } } as const;

export function revisionRoutes(server: FastifyInstance, app: App, { show, visible }: EditionParts): void {
  const { db } = app.database;

  server.get<EditionParams>('/editions/:id/revisions', { config: VIEWER }, async (request, reply) => {
    const edition = await visible(request);
    const revisions = (await listRevisions(db, edition.id)).toReversed();
    const numbers = new Set(revisions.map(({ revision }) => revision));
    const chosen = (given: unknown, usual: number) => (numbers.has(Number(given)) ? Number(given) : usual);
    const to = chosen(request.query.to, edition.revision);
    const from = chosen(request.query.from, Math.max(1, to - 1));
    const contentAt = (revision: number) => readContent(db, { id: edition.id, revision });
    return show(request, reply, 'revisions', {
      title: `Revisions of no. ${edition.number}`,
      edition,
      from,
      to,
      isOnlyOne: revisions.length === 1,
      mayRestore: isOpen(edition) && revisions.length > 1,
      differences: compareContents(await contentAt(from), await contentAt(to)),
      revisions: revisions.map((one) => ({
        ...one,
        isNow: one.revision === edition.revision,
        isFrom: one.revision === from,
        isTo: one.revision === to,
      })),
    });
  });
}
