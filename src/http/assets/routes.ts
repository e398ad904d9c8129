import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sha256 } from '../../lib/hash.ts';

/** Everything that pages load from us; nothing else can be asked for. */
const ASSETS: Record<string, string> = {
  'roundup.css': 'text/css; charset=utf-8',
  'desk.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

export function assetRoutes(server: FastifyInstance): void {
  for (const [file, type] of Object.entries(ASSETS)) {
    const bytes = readFileSync(path.join(import.meta.dirname, file));
    const etag = `"${sha256(bytes).slice(0, 16)}"`;
    server.get(`/assets/${file}`, { config: { access: { who: 'anyone' }, unlimited: true } }, (request, reply) => {
      reply
        .header('etag', etag)
        .header('cache-control', 'public, max-age=300')
        .header('x-content-type-options', 'nosniff');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(bytes);
    });
  }
}
