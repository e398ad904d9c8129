import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Queue } from 'bullmq';

// bull-board over our queues, to look at and nothing more: of its routes those alone that read are handed on, and its page loads nothing from
// elsewhere.

export interface Board {
  /** The page, under an address that ends with a slash. */
  page(basePath: string): string;
  /** Where its scripts and styles are. */
  staticFolder: string;
  /** What its page asks for, each below that address. */
  routes: BoardRoute[];
}

export interface BoardRoute {
  path: string;
  read(request: { params: Record<string, string>; query: Record<string, unknown> }): Promise<BoardAnswer>;
}

export interface BoardAnswer {
  status: number;
  body: unknown;
}

interface Handler {
  (request: unknown): Promise<{ status?: number; body: unknown }> | { status?: number; body: unknown };
}

/** Loaded by whoever shows it. */
export async function openBoard(queues: Queue[]): Promise<Board> {
  const { createBullBoard } = await import('@bull-board/api');
  const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter');
  let known: unknown;
  let uiConfig: unknown = {};
  const routes: BoardRoute[] = [];
  const read =
    (handler: Handler): BoardRoute['read'] =>
    async ({ params, query }) => {
      const { status = 200, body } = await handler({ queues: known, uiConfig, params, query, body: {}, headers: {} });
      return { status, body };
    };
  // What bull-board calls a server.
  const adapter = {
    setQueues: (given: unknown) => ((known = given), adapter),
    setUIConfig: (given: unknown) => ((uiConfig = given), adapter),
    setViewsPath: () => adapter,
    setStaticPath: () => adapter,
    setEntryRoute: () => adapter,
    setErrorHandler: () => adapter,
    setApiRoutes(given: { method: string | string[]; route: string | string[]; handler: unknown }[]) {
      for (const { method, route, handler } of given)
        if ([method].flat().includes('get'))
          routes.push(...[route].flat().map((one) => ({ path: one, read: read(handler as Handler) })));
      return adapter;
    },
  };
  const folder = path.dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json'));
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false })),
    serverAdapter: adapter as never,
    options: {
      uiBasePath: folder,
      uiConfig: { boardTitle: 'Queue', hideRedisDetails: true } as never,
    },
  });
  const template = readFileSync(path.join(folder, 'dist/index.ejs'), 'utf8');
  return {
    routes,
    staticFolder: path.join(folder, 'dist/static'),
    page: (basePath) =>
      filled(template, { basePath, title: 'Queue', uiConfig: JSON.stringify(uiConfig).replaceAll('<', '\\u003c') }),
  };
}

/** The page's few gaps, without the fonts of another house. */
function filled(template: string, values: { basePath: string; title: string; uiConfig: string }): string {
  const icon = '/assets/icon.svg';
  return template
    .replace(/<link href="https:\/\/[^>]*>\s*/g, '')
    .replaceAll(
      /<%[=-] (\w+) %>/g,
      (_, name: string) => ({ ...values, favIconDefault: icon, favIconAlternative: icon })[name] ?? '',
    );
}
