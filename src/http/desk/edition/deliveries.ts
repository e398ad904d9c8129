import type { FastifyInstance, FastifyReply } from 'fastify';
import type { App } from '../../../app.ts';
import { DELIVERY_STATES, listDeliveries } from '../../../dispatch/index.ts';
import { findSubscriberByAddress } from '../../../subscribers/index.ts';
import type { EditionParams, EditionParts } from './parts.ts';

// Who got it? The ledger's rows, by address and by state, a page at a time.

const EDITOR = { access: { who: 'editor' } } as const;
const PAGE = 50;

export function deliveryRoutes(server: FastifyInstance, app: App, { show, visible }: EditionParts): void {
  const { db } = app.database;

  server.get<EditionParams>(
    '/editions/:id/deliveries',
    { config: EDITOR },
    async (request, reply): Promise<FastifyReply> => {
      const edition = await visible(request);
      const text = (name: string) =>
        typeof request.query[name] === 'string' ? request.query[name].trim().slice(0, 320) : '';
      const address = text('address');
      const state = DELIVERY_STATES.find((known) => known === text('state'));
      const after = /^(\d{1,9})-(\d{1,15})$/.exec(text('after'));
      // The reader, whom the ledger finds at once; else the address as it was.
      const subscriber = address === '' ? undefined : await findSubscriberByAddress(db, address);
      const rows = await listDeliveries(db, edition, {
        limit: PAGE + 1,
        state,
        ...(after === null ? {} : { after: { batch: Number(after[1]), subscriberId: Number(after[2]) } }),
        ...(subscriber === undefined ? (address === '' ? {} : { address }) : { subscriberId: subscriber.id }),
      });
      const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
      const next = new URLSearchParams({
        ...(address === '' ? {} : { address }),
        ...(state === undefined ? {} : { state }),
      });
      if (last !== undefined) next.set('after', `${last.batch}-${last.subscriberId}`);
      return show(request, reply, 'deliveries', {
        title: 'Who got it?',
        edition,
        address,
        states: DELIVERY_STATES.map((name) => ({ name, isThis: name === state })),
        deliveries: rows.slice(0, PAGE),
        next: last === undefined ? undefined : next.toString(),
      });
    },
  );
}
