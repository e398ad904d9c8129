import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type App, QUEUE } from '../../../app.ts';
import { workersPresent } from '../../../dispatch/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import type { Board } from '../../../platform/queue/index.ts';
import { protectBoard } from '../../security.ts';
import type { DeskParts } from '../forms.ts';

// The queue: our own few figures, and bull-board, to look at.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;
const BASE = '/queue/board/';
const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
};

export function queueRoutes(server: FastifyInstance, { app, show }: DeskParts): void {
  const { db } = app.database;
  let opened: Promise<OpenBoard> | undefined;
  const board = () =>
    (opened ??= open(app).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  server.get('/queue', { config: OPERATOR }, async (request, reply) => {
    const queues = await app.queues();
    const rows = await Promise.all(
      Object.values(QUEUE).map(async (name) => ({ name, ...(await queues.queue(name).counts()) })),
    );
    return show(request, reply, 'queue', {
      title: 'Queue',
      backend: queues.backend,
      rows,
      board: BASE,
      workers: await workersPresent(db),
    });
  });

  const page = async (_request: FastifyRequest, reply: FastifyReply) => {
    const { page: html } = await board();
    protectBoard(reply);
    return reply.type('text/html; charset=utf-8').send(html(BASE));
  };
  server.get(BASE, { config: OPERATOR }, page);
  server.get(`${BASE}queue/*`, { config: OPERATOR }, page);

  server.get(`${BASE}static/*`, { config: OPERATOR }, async (request: FastifyRequest, reply) => {
    const { files, staticFolder } = await board();
    const name = (request.params as { '*': string })['*'];
    const type = TYPES[path.extname(name)];
    if (!files.has(name) || type === undefined) throw new RoundupError('not-found', 'There is no such file.');
    protectBoard(reply).header('cache-control', 'private, max-age=3600');
    return reply.type(type).send(await readFile(path.join(staticFolder, name)));
  });

  server.get(`${BASE}api/*`, { config: OPERATOR }, async (request: FastifyRequest, reply) => {
    const { find } = await board();
    const found = find(`/api/${(request.params as { '*': string })['*']}`);
    if (found === undefined) throw new RoundupError('not-found', 'The board has no such answer.');
    const { status, body } = await found.read({
      params: found.params,
      query: request.query as Record<string, unknown>,
    });
    protectBoard(reply);
    return reply.code(status).send(body);
  });
}

interface OpenBoard extends Board {
  /** What there is below its static folder. */
  files: ReadonlySet<string>;
  find(path: string): { read: Board['routes'][number]['read']; params: Record<string, string> } | undefined;
}

async function open(app: App): Promise<OpenBoard> {
  const board = await (await app.queues()).board(Object.values(QUEUE));
  const entries = await readdir(board.staticFolder, { recursive: true });
  const routes = board.routes.map(({ path: one, read }) => ({ pattern: patternOf(one), read }));
  return {
    ...board,
    files: new Set(entries.map((entry) => entry.replaceAll(path.sep, '/'))),
    find(asked) {
      for (const { pattern, read } of routes) {
        const params = pattern.exec(asked)?.groups;
        if (params !== undefined) return { read, params };
      }
      return undefined;
    },
  };
}

/** `/api/queues/:queueName` as a pattern; every one has a group, be it empty. */
function patternOf(route: string): RegExp {
  const parts = route.split('/').map((part) => (part.startsWith(':') ? `(?<${part.slice(1)}>[^/]{1,300})` : part));
  return new RegExp(`^${parts.join('/')}(?<rest>)/?$`);
}
