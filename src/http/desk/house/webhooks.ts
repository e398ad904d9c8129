import type { FastifyInstance, FastifyRequest } from 'fastify';
import { listNewsletters } from '../../../editions/index.ts';
import {
  EVENT_TYPES,
  changeWebhook,
  getWebhook,
  listDeliveriesOf,
  listWebhooks,
  makeWebhook,
  removeWebhook,
  renewSecret,
  replayEvent,
  testWebhook,
  webhookSchema,
} from '../../../webhooks/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { type Act, type DeskParts, type FormPage, formRoute, queryText, rowNumber } from '../forms.ts';

// Who is told of what: webhooks, what they were told, and how that went.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;
const MOST = 200;
const PAGE = 40;

type WithId = { id: string; delivery: string };

export function webhookRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock, keys: app.config.keys };
  const choices = async () => ({
    events: EVENT_TYPES.filter((type) => type !== 'test'),
    newsletters: await listNewsletters(db),
  });

  const list: FormPage = async (request, reply, extra) =>
    show(request, reply, 'webhooks', {
      title: 'Webhooks',
      webhooks: await listWebhooks(db, 0, MOST),
      ...(await choices()),
      ...extra,
    });

  const detail: FormPage = async (request, reply, extra) => {
    const webhook = await getWebhook(db, rowNumber((request.params as WithId).id));
    const before = rowNumber(queryText(request, 'before'));
    const deliveries = await listDeliveriesOf(db, webhook.id, { limit: PAGE + 1, ...(before > 0 ? { before } : {}) });
    const { events, newsletters } = await choices();
    return show(request, reply, 'webhook', {
      title: webhook.name,
      webhook,
      events: events.map((name) => ({ name, isOn: webhook.events.includes(name) })),
      newsletters: newsletters.map(({ id, name }) => ({
        id,
        name,
        isOn: webhook.newsletterIds?.includes(id) === true,
      })),
      deliveries: deliveries.slice(0, PAGE).map((one) => ({
        ...one,
        outcome: one.deliveredAt !== null ? 'arrived' : one.dueAt === null ? 'given up' : 'under way',
      })),
      next: deliveries.length > PAGE ? `before=${deliveries[PAGE - 1]?.id}` : undefined,
      ...extra,
    });
  };

  server.get('/webhooks', { config: OPERATOR }, (request, reply) => list(request, reply, {}));
  server.get('/webhooks/:id', { config: OPERATOR }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/webhooks',
      access: OPERATOR.access,
      page: list,
      act: async ({ body, by }) => {
        const { webhook, secret } = await makeWebhook(parts, webhookSchema.parse(wantedIn(body)), by);
        return { shown: { secret, made: webhook } };
      },
    },
  );
  const form = (path: string, act: Act<WithId>) =>
    formRoute<WithId>(
      server,
      { app, door },
      { path: `/webhooks/:id${path}`, access: OPERATOR.access, page: detail, act },
    );
  form(
    '',
    changed('It is changed.', (id, { body, by }) => changeWebhook(parts, id, webhookSchema.parse(wantedIn(body)), by)),
  );
  form(
    '/pause',
    changed('It is done.', (id, { body, by }) => changeWebhook(parts, id, { paused: body.paused === 'yes' }, by)),
  );
  form(
    '/test',
    changed('It is being told that this is a test; see below how that goes.', (id, { by }) =>
      testWebhook(parts, id, by),
    ),
  );
  form(
    '/deliveries/:delivery/replay',
    changed('It is told again.', (webhookId, { params, by }) =>
      replayEvent(parts, { webhookId, deliveryId: rowNumber(params.delivery) }, by),
    ),
  );
  form('/secret', async ({ params, by }) => ({
    shown: { secret: await renewSecret(parts, rowNumber(params.id), by) },
  }));
  form('/away', async ({ params, body, by }) => {
    if (body.sure !== 'yes') throw new RoundupError('input-invalid', 'Tick the box: its log goes with it.');
    await removeWebhook(parts, rowNumber(params.id), by);
    return { told: 'It is told nothing any more.', to: '/webhooks' };
  });
}

/** An act on one webhook, told on its page. */
function changed(told: string, act: (id: number, doing: Parameters<Act<WithId>>[0]) => Promise<unknown>): Act<WithId> {
  return async (doing) => {
    const id = rowNumber(doing.params.id);
    await act(id, doing);
    return { told, to: `/webhooks/${id}` };
  };
}

function wantedIn(body: Record<string, string>) {
  const chosen = (prefix: string) =>
    Object.keys(body).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  const newsletterIds = chosen('newsletter-').map(rowNumber);
  return {
    name: body.name,
    url: body.url,
    isLocal: body.local === 'yes',
    events: chosen('event-'),
    newsletterIds: newsletterIds.length === 0 ? null : newsletterIds,
  };
}
