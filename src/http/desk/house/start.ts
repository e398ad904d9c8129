import type { FastifyInstance } from 'fastify';
import { listActs } from '../../../audit/index.ts';
import {
  type Newsletter,
  type Publication,
  findPublication,
  listEditions,
  listNewsletters,
} from '../../../editions/index.ts';
import type { Database } from '../../../platform/database/index.ts';
import { countPieces } from '../../../pieces/index.ts';
import { listSources } from '../../../sources/index.ts';
import { recentSubscriptions } from '../../../subscribers/index.ts';
import type { DeskParts, FormPage } from '../forms.ts';
import { senderDomains } from './senders.ts';
import { publicationFields } from './settings.ts';

// An administrator's first hour: what is to be done, in the order in which it is, each with its form, and whether it is done. What was
// done elsewhere counts.

const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;

export function startRoutes(server: FastifyInstance, { app, show }: DeskParts): void {
  const page: FormPage = async (request, reply, extra) => {
    const { db } = app.database;
    const [domains, newsletters, publication] = await Promise.all([
      senderDomains(app),
      listNewsletters(db),
      findPublication(db),
    ]);
    const steps = await stepsOf(db, { domains, newsletters, publication });
    const [newsletter] = newsletters;
    const [edition] = await listEditions(db, { limit: 1 });
    return show(request, reply, 'start', {
      title: 'First steps',
      scripts: ['refresh.js'],
      // Where its forms come back to.
      back: 'start',
      ...publicationFields(publication),
      domains,
      relays: app.config.relays.map(({ name }) => name),
      newsletter,
      edition,
      zones: Intl.supportedValuesOf('timeZone'),
      step: Object.fromEntries(steps.map((step) => [step.key, step])),
      doneCount: steps.filter(({ isDone }) => isDone).length,
      stepCount: steps.length,
      ...extra,
    });
  };
  server.get('/start', { config: OPERATOR }, (request, reply) => page(request, reply, {}));
}

/** What of the first hour is done. */
async function stepsOf(
  db: Database,
  {
    domains,
    newsletters,
    publication,
  }: {
    domains: { isRight: boolean; isSigned: boolean }[];
    newsletters: Pick<Newsletter, 'id'>[];
    publication: Publication | undefined;
  },
): Promise<{ key: string; isDone: boolean }[]> {
  const readers = await Promise.all(newsletters.map(({ id }) => recentSubscriptions(db, id)));
  const [mailed] = await listActs(db, { act: 'test mail sent', limit: 1 });
  const [tested] = await listActs(db, { act: 'test sent', limit: 1 });
  return [
    { key: 'publication', isDone: publication !== undefined },
    { key: 'sender', isDone: domains.length > 0 && domains.every(({ isRight, isSigned }) => isRight && isSigned) },
    { key: 'mail', isDone: mailed !== undefined },
    { key: 'source', isDone: (await listSources(db)).length > 0 && (await countPieces(db)) > 0 },
    { key: 'newsletter', isDone: newsletters.length > 0 },
    { key: 'import', isDone: readers.some(({ active }) => active > 0) },
    { key: 'test', isDone: tested !== undefined },
  ];
}
