import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { App } from '../app.ts';
import { addressOf } from './client.ts';
import { takeFromLimit } from '../platform/database/index.ts';
import { networkOf } from '../lib/network.ts';
import { RoundupError } from '../platform/errors.ts';

/** Takes one request from whoever asks, over all processes. Throws `too-many-requests`. */
export async function countRequest(app: Pick<App, 'database' | 'config'>, who: string): Promise<void> {
  const retryMs = await takeFromLimit(app.database.db, `requests of ${who}`, app.config.requestLimit);
  if (retryMs === 0) return;
  throw new RoundupError('too-many-requests', 'You ask more than this server answers. Wait a little.', { retryMs });
}

/** Counts requests by the address that they come from, where the route does not say that they are not to be counted. */
export function limitByAddress(server: FastifyInstance, app: App): void {
  server.addHook('onRequest', async (request: FastifyRequest) => {
    if (request.routeOptions.config?.unlimited === true) return;
    await countRequest(app, networkOf(addressOf(request)));
  });
}
