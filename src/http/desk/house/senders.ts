import type { FastifyInstance } from 'fastify';
import type { App } from '../../../app.ts';
import { listDkimKeys } from '../../../dispatch/index.ts';
import { dkimName, dkimOf, openResolver, senderRecords, zoneText } from '../../../doctor/index.ts';
import { listNewsletters } from '../../../editions/index.ts';
import { domainOf } from '../../../lib/addresses.ts';
import { makeSenderKey, retireSenderKey, signWith } from '../../../newsroom/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { type DeskParts, type FormPage, formRoute } from '../forms.ts';

// The domains that mail is sent from: what the DNS says of them now, what it should say, and the keys that mail is signed with.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;

export function senderRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const parts = { db, clock: app.clock };

  const page: FormPage = async (request, reply, extra) =>
    show(request, reply, 'senders', {
      title: 'Senders',
      scripts: ['refresh.js'],
      domains: await senderDomains(app),
      ...extra,
    });
  server.get('/senders', { config: OPERATOR }, (request, reply) => page(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/senders',
      access: OPERATOR.access,
      page,
      act: async ({ body, newsroom, by }) => {
        const { domain } = await makeSenderKey(newsroom, { domain: body.domain ?? '' }, by);
        return {
          told: `A key for ${domain} is made. Put its record into the DNS; then sign with it.`,
          to: backTo(body),
        };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/senders/use',
      access: OPERATOR.access,
      page,
      act: async ({ body, by }) => {
        const key = keyIn(body);
        const known = (await listDkimKeys(db)).find(
          (one) => one.domain === key.domain && one.selector === key.selector,
        );
        if (known === undefined) throw new RoundupError('not-found', 'There is no such key.');
        const { state, sentence } = await dkimOf(openResolver(app.config.dnsServers), known);
        if (state !== 'right' && body.unchecked !== 'yes')
          throw new RoundupError(
            'state-refused',
            `${sentence} What is signed with a key that nobody finds is not trusted.`,
          );
        await signWith(parts, key, by);
        return { told: `Mail from ${key.domain} is signed with it from now on.`, to: backTo(body) };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/senders/retire',
      access: OPERATOR.access,
      page,
      act: async ({ body, by }) => {
        await retireSenderKey(parts, keyIn(body), by);
        return {
          told: 'It signs no more. Leave its record for a week: mails signed with it are still under way.',
          to: backTo(body),
        };
      },
    },
  );
}

function keyIn({ domain = '', selector = '' }: Record<string, string>) {
  return { domain, selector };
}

function backTo(body: Record<string, string>): string {
  return body.back === 'start' ? '/start#sender' : '/senders';
}

/** Every domain that a newsletter is sent from, or that has a key, with its records as they are now. */
export async function senderDomains(app: App) {
  const { db } = app.database;
  const keys = await listDkimKeys(db);
  const senders = (await listNewsletters(db)).map(({ sender }) => domainOf(sender.address).toLowerCase());
  const domains = [
    ...new Set([...senders, ...keys.filter(({ retiredAt }) => retiredAt === null).map(({ domain }) => domain)]),
  ];
  const resolver = openResolver(app.config.dnsServers);
  return Promise.all(
    domains.map(async (domain) => {
      const own = keys.filter((key) => key.domain === domain);
      const records = await senderRecords(resolver, domain, { keys: own, relays: app.config.relays });
      return {
        domain,
        isRight: records.every(({ state }) => state === 'right'),
        isSigned: own.some(({ usedSince, retiredAt }) => usedSince !== null && retiredAt === null),
        records: records.map((record) => ({
          ...record,
          isRight: record.state === 'right',
          zone: record.type === 'TXT' ? zoneText(record.wanted) : record.wanted,
          foundText: record.found.join(' | '),
        })),
        keys: own.map((key) => ({
          ...key,
          name: dkimName(key),
          isUsed: key.usedSince !== null && key.retiredAt === null,
          isRetired: key.retiredAt !== null,
        })),
        wantsKey: own.every(({ retiredAt }) => retiredAt !== null),
      };
    }),
  );
}
