import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sha256 } from '../../lib/hash.ts';

/** Everything that pages load from us; nothing else can be asked for. */
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const own = (file: string) => path.join(import.meta.dirname, file);
/** The widget of the proof of work, as its package ships it. */
const ALTCHA = path.join(path.dirname(createRequire(import.meta.url).resolve('altcha/external')), '..');
type Assets = Record<string, [file: string, type: string]>;
const COMMON: Assets = { 'roundup.css': [own('roundup.css'), CSS], 'icon.svg': [own('icon.svg'), 'image/svg+xml'] };
const DESK: Assets = {
  ...COMMON,
  'desk.css': [own('desk.css'), CSS],
  'page.js': [own('page.js'), SCRIPT],
  'typing.js': [own('typing.js'), SCRIPT],
  'moving.js': [own('moving.js'), SCRIPT],
  'standing.js': [own('standing.js'), SCRIPT],
  'edition.js': [own('edition.js'), SCRIPT],
  'acts.js': [own('acts.js'), SCRIPT],
  'saving.js': [own('saving.js'), SCRIPT],
  'preview.js': [own('preview.js'), SCRIPT],
  'crop.js': [own('crop.js'), SCRIPT],
  'clock.js': [own('clock.js'), SCRIPT],
  'theme.js': [own('theme.js'), SCRIPT],
  'progress.js': [own('progress.js'), SCRIPT],
  'refresh.js': [own('refresh.js'), SCRIPT],
  'keys.js': [own('keys.js'), SCRIPT],
};
const READERS: Assets = {
  ...COMMON,
  'readers.css': [own('readers.css'), CSS],
  'work.js': [own('work.js'), SCRIPT],
  'altcha.js': [path.join(ALTCHA, 'external/altcha.min.js'), SCRIPT],
  'altcha.css': [path.join(ALTCHA, 'external/altcha.css'), CSS],
  'altcha-worker.js': [path.join(ALTCHA, 'workers/pbkdf2.js'), SCRIPT],
  'altcha-es.js': [path.join(ALTCHA, 'i18n/es-es.js'), SCRIPT],
  'altcha-fr.js': [path.join(ALTCHA, 'i18n/fr-fr.js'), SCRIPT],
  'altcha-ar.js': [path.join(ALTCHA, 'i18n/ar.js'), SCRIPT],
};

export function assetRoutes(server: FastifyInstance, of: 'desk' | 'readers'): void {
  for (const [name, [file, type]] of Object.entries(of === 'desk' ? DESK : READERS)) {
    const bytes = readFileSync(file);
    const etag = `"${sha256(bytes).slice(0, 16)}"`;
    server.get(`/assets/${name}`, { config: { access: { who: 'anyone' }, unlimited: true } }, (request, reply) => {
      reply
        .header('etag', etag)
        .header('cache-control', 'public, max-age=300')
        .header('x-content-type-options', 'nosniff');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(bytes);
    });
  }
}
