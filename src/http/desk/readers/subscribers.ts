import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Newsletter, listNewsletters } from '../../../editions/index.ts';
import {
  eraseReader,
  inviteReader,
  readFilter,
  readerData,
  suppressAddress,
  unsubscribeReader,
} from '../../../newsroom/index.ts';
import { RoundupError, isCode } from '../../../platform/errors.ts';
import {
  compileFilter,
  findSubscriber,
  findSuppression,
  listSubscriptions,
  pageOfSubscribers,
  recentSubscriptions,
} from '../../../subscribers/index.ts';
import { type Identity, identityOf, mayNewsletter } from '../../access.ts';
import { type DeskParts, type FormPage, formRoute, queryText, rowNumber } from '../forms.ts';
import { visibleNewsletter, visibleNewsletters } from '../../visible.ts';

// Who reads: found by address, newsletter, state or a segment's filter; and all that is known of one of them.

const EDITOR = { access: { who: 'editor' } } as const;
const PAGE = 50;
const STATES = ['active', 'pending', 'unsubscribed'] as const;
const inviteForm = z.object({
  address: z.string().trim().max(254),
  name: z.string().trim().max(100),
  newsletter: z.string(),
});

type WithId = { id: string };

export function subscriberRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  const list: FormPage = async (request, reply, extra) => {
    const identity = identityOf(request);
    const newsletters = await visibleNewsletters(db, identity);
    const chosen = newsletters.find(({ id }) => String(id) === queryText(request, 'newsletter'));
    const state = STATES.find((one) => one === queryText(request, 'state'));
    const filter = queryText(request, 'filter', 4_000);
    const address = queryText(request, 'address', 254);
    const { rows, problem } = await found(request, { identity, chosen, filter });
    const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
    const next = new URLSearchParams({
      newsletter: chosen === undefined ? '' : String(chosen.id),
      state: state ?? '',
      filter,
      address,
    });
    if (last !== undefined) next.set('after', `${last.id} ${last.addressKey}`);
    const counts = await Promise.all(
      newsletters.map(async ({ id, name }) => ({ id, name, ...(await recentSubscriptions(db, id)) })),
    );
    return show(request, reply, 'subscribers', {
      title: 'Subscribers',
      newsletters: newsletters.map((one) => ({ id: one.id, name: one.name, isThis: one === chosen })),
      states: STATES.map((name) => ({ name, isThis: name === state })),
      counts,
      address,
      filter,
      filterProblem: problem,
      isFiltered: address !== '' || chosen !== undefined,
      subscribers: rows.slice(0, PAGE),
      next: last === undefined ? undefined : next.toString(),
      ...extra,
    });
  };

  async function found(
    request: FastifyRequest,
    { identity, chosen, filter }: { identity: Identity; chosen: Newsletter | undefined; filter: string },
  ) {
    const state = STATES.find((one) => one === queryText(request, 'state'));
    const address = queryText(request, 'address', 254);
    const after = /^(\d{1,15}) (.{1,300})$/.exec(queryText(request, 'after', 320));
    if (identity.newsletterIds?.length === 0) return { rows: [] };
    try {
      const isFiltered = chosen !== undefined && filter !== '';
      const condition = isFiltered
        ? compileFilter(await readFilter(db, chosen.id, filter, identity.newsletterIds), chosen)
        : undefined;
      const rows = await pageOfSubscribers(db, {
        limit: PAGE + 1,
        ...(chosen === undefined ? {} : { newsletterId: chosen.id, state, condition }),
        ...(address === '' ? {} : { address }),
        ...(after === null ? {} : { after: { id: Number(after[1]), addressKey: after[2] ?? '' } }),
        newsletterIds: identity.newsletterIds ?? undefined,
      });
      return { rows };
    } catch (error) {
      if (!isCode(error, 'input-invalid')) throw error;
      return { rows: [], problem: (error as Error).message };
    }
  }

  /** Throws `not-found`, also for somebody who reads none of what the account sees. */
  async function visible(request: FastifyRequest) {
    const identity = identityOf(request);
    const id = rowNumber((request.params as WithId).id);
    const subscriber = await findSubscriber(db, id);
    const subscriptions = subscriber === undefined ? [] : await listSubscriptions(db, id);
    const own = subscriptions.filter(({ newsletterId }) => mayNewsletter(identity, newsletterId));
    if (subscriber === undefined || (identity.newsletterIds !== null && own.length === 0))
      throw new RoundupError('not-found', 'There is no such subscriber.');
    return { subscriber, subscriptions: own, isWhole: identity.newsletterIds === null };
  }

  const detail: FormPage = async (request, reply, extra) => {
    const { subscriber, subscriptions, isWhole } = await visible(request);
    // What others' newsletters know of somebody is for the whole house.
    const data = isWhole ? await readerData({ db }, subscriber.id) : undefined;
    const names = new Map((await listNewsletters(db)).map(({ id, name }) => [id, name]));
    return show(request, reply, 'subscriber', {
      title: subscriber.address,
      subscriber,
      isWhole,
      suppression: await findSuppression(db, subscriber.address),
      subscriptions: subscriptions.map((one) => ({
        ...one,
        isActive: one.state !== 'unsubscribed',
        topicText: one.topics.join(', '),
      })),
      language: data?.language,
      attributes: Object.entries(data?.attributes ?? {}).map(([name, value]) => ({ name, value })),
      consents: data?.consents.map((one) => ({ ...one, newsletter: names.get(one.newsletterId) })),
      deliveries: data?.deliveries.toReversed().slice(0, PAGE),
      ...extra,
    });
  };

  server.get('/subscribers', { config: EDITOR }, (request, reply) => list(request, reply, {}));
  server.get('/subscribers/:id', { config: EDITOR }, (request: FastifyRequest, reply) => detail(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/subscribers',
      access: EDITOR.access,
      page: list,
      act: async ({ body, identity, by }) => {
        const { address, name, newsletter } = inviteForm.parse(body);
        const chosen = await visibleNewsletter(db, identity, rowNumber(newsletter));
        await inviteReader(parts, chosen, { address, name }, by);
        const told = `A letter is on its way to ${address}, if none has gone there within a day. Nobody is subscribed before they have said yes.`;
        return { told, to: '/subscribers' };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/subscribers/:id/end',
      access: EDITOR.access,
      page: detail,
      act: async ({ request, body, identity, by }) => {
        const { subscriber } = await visible(request);
        const newsletterId = rowNumber(body.newsletter);
        if (!mayNewsletter(identity, newsletterId)) throw new RoundupError('not-found', 'There is no such newsletter.');
        const ended = await unsubscribeReader(parts, { subscriberId: subscriber.id, newsletterId }, by);
        return {
          told: ended ? 'The subscription is ended.' : 'It was ended already.',
          to: `/subscribers/${subscriber.id}`,
        };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/subscribers/:id/suppress',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ request, body, by }) => {
        const { subscriber } = await visible(request);
        await suppressAddress(
          parts,
          subscriber.address,
          z
            .string()
            .trim()
            .max(500)
            .parse(body.detail ?? ''),
          by,
        );
        return { told: 'No mail goes to this address any more.', to: `/subscribers/${subscriber.id}` };
      },
    },
  );

  formRoute<WithId>(
    server,
    { app, door },
    {
      path: '/subscribers/:id/erase',
      access: { who: 'editor', wholeHouse: true },
      page: detail,
      act: async ({ request, body, by }) => {
        const { subscriber } = await visible(request);
        if (body.sure !== subscriber.address)
          throw new RoundupError('input-invalid', 'Type the address: who is erased cannot be brought back.');
        await eraseReader(parts, subscriber.id, by);
        return { told: 'They are erased. The sums stay, the person is gone.', to: '/subscribers' };
      },
    },
  );
}
