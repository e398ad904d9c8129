import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { actingFrom } from '../../audit/index.ts';
import { parseAddress } from '../../lib/addresses.ts';
import { networkOf } from '../../lib/network.ts';
import { oneLine } from '../../lib/text.ts';
import { verifyToken } from '../../lib/tokens.ts';
import { askNewAddress, confirmNewAddress, eraseReader, readerData } from '../../newsroom/index.ts';
import { isCode } from '../../platform/errors.ts';
import {
  type Subscriber,
  findAddressChange,
  findSubscriber,
  isSelf,
  languageOf,
  readSelfToken,
} from '../../subscribers/index.ts';
import { addressOf, readerOrigin } from '../client.ts';
import { protectData } from '../security.ts';
import { type ShowReader, fieldsOf, say } from './reader.ts';

// What a reader may do about their address and their data, by a fresh link that was mailed to the address.

const LINK = { access: { who: 'link' } } as const;

type WithToken = { Params: { token: string } };

export function selfRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { keys } = app.config;
  const parts = { db, clock: app.clock };

  async function selfOf(token: string): Promise<Subscriber | undefined> {
    const subscriberId = readSelfToken(keys, token, app.clock.now());
    const subscriber = subscriberId === undefined ? undefined : await findSubscriber(db, subscriberId);
    return subscriber !== undefined && isSelf(keys, token, subscriber.address) ? subscriber : undefined;
  }

  const usedUp = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'used-link', title: (w) => w.usedLinkTitle, status: 404 });

  async function self(
    request: FastifyRequest<WithToken>,
    reply: FastifyReply,
    subscriber: Subscriber,
    view: Record<string, unknown>,
  ) {
    return show(request, reply, {
      page: 'self',
      status: 'bad' in view ? 400 : 200,
      title: (w) => w.selfTitle,
      language: await languageOf(db, subscriber.id),
      view: () => ({ address: subscriber.address, token: request.params.token, ...view }),
    });
  }

  server.get<WithToken>('/me/:token', { config: LINK }, async (request, reply) => {
    const subscriber = await selfOf(request.params.token);
    return subscriber === undefined ? usedUp(request, reply) : self(request, reply, subscriber, {});
  });

  server.post<WithToken>('/me/:token/address', { config: LINK }, async (request, reply) => {
    const subscriber = await selfOf(request.params.token);
    if (subscriber === undefined) return usedUp(request, reply);
    const given = (fieldsOf(request).get('address') ?? '').slice(0, 320);
    const address = parseAddress(given);
    if (address === undefined) return self(request, reply, subscriber, { bad: oneLine(given, 80) });
    await askNewAddress(parts, subscriber.id, { address, from: networkOf(addressOf(request)) });
    return show(request, reply, { page: 'asked', title: (w) => w.askedTitle, view: () => ({ address }) });
  });

  server.post<WithToken>('/me/:token/data', { config: LINK }, async (request, reply) => {
    const subscriber = await selfOf(request.params.token);
    if (subscriber === undefined) return usedUp(request, reply);
    return protectData(reply)
      .type('application/json; charset=utf-8')
      .header('content-disposition', 'attachment; filename="my-data.json"')
      .send(JSON.stringify(await readerData(parts, subscriber.id), undefined, 2));
  });

  server.post<WithToken>('/me/:token/erasure', { config: LINK }, async (request, reply) => {
    const subscriber = await selfOf(request.params.token);
    if (subscriber === undefined) return usedUp(request, reply);
    if (fieldsOf(request).get('sure') !== 'yes') return self(request, reply, subscriber, {});
    const language = await languageOf(db, subscriber.id);
    await actingFrom(readerOrigin(request), () => eraseReader(parts, subscriber.id, `subscriber ${subscriber.id}`));
    return show(request, reply, { page: 'erased', title: (w) => w.erased, language });
  });
}

/** What a new address says to its being one. */
export function newAddressRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { keys } = app.config;
  const parts = { db, clock: app.clock };

  const usedUp = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'used-link', title: (w) => w.usedLinkTitle, status: 404 });

  server.get<WithToken>('/address/:token', { config: LINK }, async (request, reply) => {
    const [id] = verifyToken(keys, 'new-address', request.params.token) ?? [];
    const change = id === undefined ? undefined : await findAddressChange(db, id, app.clock.now());
    if (change === undefined) return usedUp(request, reply);
    return show(request, reply, {
      page: 'new-address',
      title: (w) => w.newAddressTitle,
      language: await languageOf(db, change.subscriberId),
      view: () => ({ address: change.address, token: request.params.token }),
    });
  });

  server.post<WithToken>('/address/:token', { config: LINK }, async (request, reply) => {
    const [id] = verifyToken(keys, 'new-address', request.params.token) ?? [];
    const change = id === undefined ? undefined : await findAddressChange(db, id, app.clock.now());
    if (change === undefined) return usedUp(request, reply);
    const language = await languageOf(db, change.subscriberId);
    const told = (isTaken: boolean) =>
      show(request, reply, {
        page: 'address-changed',
        title: (w) => w.newAddressTitle,
        language,
        status: isTaken ? 409 : 200,
        view: (w) => ({ sentence: say(isTaken ? w.newAddressTaken : w.newAddressDone, { address: change.address }) }),
      });
    try {
      await actingFrom(readerOrigin(request), () => confirmNewAddress(parts, change.id));
      return await told(false);
    } catch (error) {
      if (!isCode(error, 'state-refused')) throw error;
      return told(true);
    }
  });
}
