import type { FastifyInstance } from 'fastify';
import { knownPaces } from '../../../dispatch/index.ts';
import { examine } from '../../../doctor/index.ts';
import { findPublication, publicationSchema } from '../../../editions/index.ts';
import { liftHold, sendTestMail, setPublication } from '../../../newsroom/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { type DeskParts, type FormPage, formRoute } from '../forms.ts';
import { etagOf } from '../../etag.ts';

// The house: the publication, what the program is configured with, whether all that it needs is there, and what is on hold.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;

export function settingsRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;
  const { config } = app;

  const page: FormPage = async (request, reply, extra) => {
    const publication = await findPublication(db);
    return show(request, reply, 'settings', {
      title: 'Settings',
      ...publicationFields(publication),
      config: [
        { name: 'Links in mail begin with', value: config.baseUrl, variable: 'BASE_URL' },
        { name: 'Editors reach the desk at', value: config.deskUrl, variable: 'DESK_URL' },
        {
          name: 'Database',
          value: config.databaseUrl === undefined ? 'embedded PostgreSQL' : hostOf(config.databaseUrl),
          variable: 'DATABASE_URL',
        },
        {
          name: 'Queue',
          value: config.redisUrl === undefined ? 'in PostgreSQL' : hostOf(config.redisUrl),
          variable: 'REDIS_URL',
        },
        { name: 'Return path', value: config.returnPath ?? 'the newsletter’s sender', variable: 'RETURN_PATH' },
        { name: 'Address to leave by', value: config.unsubscribeAddress ?? 'none', variable: 'UNSUBSCRIBE_ADDRESS' },
        { name: 'Data folder', value: config.dataDir, variable: 'DATA_DIR' },
        { name: 'The ledger keeps its rows', value: `${config.retentionDays} days`, variable: 'LEDGER_RETENTION_DAYS' },
      ],
      relays: config.relays.map(({ name, host, port, tls, user, connections, perSecond, perDay }) => ({
        name,
        where: `${host}:${port}`,
        tls,
        user,
        connections,
        perSecond,
        perDay,
      })),
      held: (await knownPaces(db))
        .filter(({ heldMs, heldReason }) => heldMs > 0 && heldReason !== null)
        .map((pace) => ({ ...pace, domain: pace.key.startsWith('domain:') ? pace.key.slice(7) : undefined })),
      ...extra,
    });
  };

  server.get('/settings', { config: OPERATOR }, (request, reply) => page(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/settings/publication',
      access: OPERATOR.access,
      page,
      act: async ({ body, by }) => {
        const wanted = publicationSchema.parse({
          name: body.name,
          tagline: body.tagline ?? '',
          homeUrl: body.homeUrl,
          logoUrl: body.logoUrl?.trim() ? body.logoUrl.trim() : null,
          postalAddress: body.postalAddress,
          socialLinks: socialLinksIn(body.socialLinks ?? ''),
          language: body.language?.trim() || 'en',
        });
        const change = (before: unknown) => {
          if (body.seen !== etagOf(before))
            throw new RoundupError('revision-changed', 'Somebody has changed the publication meanwhile.');
          return wanted;
        };
        await setPublication({ db }, change, by);
        return { told: 'The publication is set.', to: body.back === 'start' ? '/start#sender' : '/settings' };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/settings/examination',
      access: OPERATOR.access,
      page,
      act: async () => ({ shown: { checks: await examine(app) } }),
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/settings/test-mail',
      access: OPERATOR.access,
      page,
      act: async ({ body, newsroom, by }) => {
        const reply = await sendTestMail(newsroom, body.to ?? '', by);
        return { told: `The mail server took it: ${reply}`, to: body.back === 'start' ? '/start#mail' : '/settings' };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/settings/lift',
      access: OPERATOR.access,
      page,
      act: async ({ body, by }) => {
        const lifted = await liftHold({ db }, body.key ?? '', by);
        return { told: lifted ? 'It is tried again from now on.' : 'It was not on hold any more.', to: '/settings' };
      },
    },
  );
}

/** What the form of the publication shows. */
export function publicationFields(publication: Awaited<ReturnType<typeof findPublication>>) {
  return {
    house: publication,
    houseSeen: etagOf(publication),
    socialText: (publication?.socialLinks ?? []).map(({ name, url }) => `${name}: ${url}`).join('\n'),
  };
}

/** "Name: address", one a line. */
function socialLinksIn(text: string): { name: string; url: string }[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = '', url = line] = /^(.{1,60}?)\s*:\s*(https?:\/\/.*)$/.exec(line) ?? [];
      return { name: name.trim(), url: url.trim() };
    });
}

/** Of a connection's address nobody sees more than where it leads. */
function hostOf(text: string): string {
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}
