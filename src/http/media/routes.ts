import type { FastifyInstance } from 'fastify';
import type { Database } from '../../platform/database/index.ts';
import { findMedia, mediaIn } from '../../media/index.ts';

const A_YEAR = 365 * 24 * 60 * 60;

/**
 * Photographs of mails, by the hash of their bytes: they never change, and mail programs' proxies may keep them. Bytes that we
 * have encoded ourselves, shown as what they are and in no page's name.
 */
export function mediaRoutes(server: FastifyInstance, db: Database): void {
  server.get<{ Params: { file: string } }>(
    '/media/:file',
    { config: { access: { who: 'anyone' }, unlimited: true } },
    async (request, reply) => {
      const asked = mediaIn(request.params.file);
      const media = asked === undefined ? undefined : await findMedia(db, asked.hash);
      reply
        .header('x-content-type-options', 'nosniff')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('cross-origin-resource-policy', 'cross-origin');
      if (media === undefined || asked?.type !== media.type)
        return reply.code(404).type('text/plain').send('There is no such image.\n');
      const etag = `"${media.hash}"`;
      reply.header('etag', etag).header('cache-control', `public, max-age=${A_YEAR}, immutable`);
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(media.type).send(media.bytes);
    },
  );
}
