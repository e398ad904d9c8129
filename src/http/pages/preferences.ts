import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { actingFrom } from '../../audit/index.ts';
import { maskedAddress } from '../../lib/addresses.ts';
import { TONGUES, type Tongue, tongueOf } from '../../lib/tongues.ts';
import { LONGEST_PAUSE_WEEKS, choicesOf, mailSelfLink, savePreferences } from '../../newsroom/index.ts';
import {
  type ReaderLink,
  type Subscriber,
  findSubscriber,
  languageOf,
  readReaderToken,
} from '../../subscribers/index.ts';
import { addressOf, readerOrigin } from '../client.ts';
import { type ShowReader, WORDS, fieldsOf } from './reader.ts';

// What a reader chooses by the link in each mail.

const LINK = { access: { who: 'link' } } as const;
const WEEKS = [1, 2, 4, 8, 13, LONGEST_PAUSE_WEEKS];

type WithToken = { Params: { token: string } };

export function preferenceRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { keys } = app.config;
  const parts = { db, clock: app.clock };

  const unknown = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'unknown-link', title: (w) => w.unknownLinkTitle, status: 404 });

  async function readerOf(token: string): Promise<{ link: ReaderLink; subscriber: Subscriber } | undefined> {
    const link = readReaderToken(keys, 'preferences', token);
    const subscriber = link === undefined ? undefined : await findSubscriber(db, link.subscriberId);
    return link === undefined || subscriber === undefined ? undefined : { link, subscriber };
  }

  async function page(
    request: FastifyRequest<WithToken>,
    reply: FastifyReply,
    { subscriber }: { link: ReaderLink; subscriber: Subscriber },
    done?: 'saved' | 'linkSent',
  ) {
    const choices = await choicesOf(db, subscriber.id);
    const language = await languageOf(db, subscriber.id);
    const now = app.clock.now();
    const paused = choices.map(({ subscription }) => subscription?.pausedUntil ?? now).find((until) => until > now);
    return show(request, reply, {
      page: 'preferences',
      title: (w) => w.preferencesTitle,
      language,
      view: (w, tongue) => ({
        // The mail with this link may have been forwarded.
        address: maskedAddress(subscriber.address),
        token: request.params.token,
        done: done === undefined ? undefined : w[done],
        choices: choices.map(({ newsletter, subscription }) => ({
          ...newsletter,
          isChosen: subscription?.state === 'active',
          topics: newsletter.topics.map((topic) => ({
            ...topic,
            isChosen: subscription?.topics.includes(topic.key),
          })),
          cadences: w.cadences.map(([days, text]) => ({ days, text, isChosen: days === subscription?.everyDays })),
        })),
        languages: TONGUES.map((one) => ({ tongue: one, name: WORDS[one].language, isChosen: one === tongue })),
        weeks: WEEKS.map((weeks) => ({ weeks, text: weeksText(weeks, tongue) })),
        pausedUntil:
          paused === undefined ? undefined : new Intl.DateTimeFormat(tongue, { dateStyle: 'long' }).format(paused),
      }),
    });
  }

  server.get<WithToken>('/p/:token', { config: LINK }, async (request, reply) => {
    const reader = await readerOf(request.params.token);
    return reader === undefined ? unknown(request, reply) : page(request, reply, reader);
  });

  server.post<WithToken>('/p/:token', { config: LINK }, async (request, reply) => {
    const reader = await readerOf(request.params.token);
    if (reader === undefined) return unknown(request, reply);
    const fields = fieldsOf(request);
    const shown = fields.getAll('shown').map(Number);
    const wanted = new Set(fields.getAll('newsletter').map(Number));
    const weeks = fields.get('pause');
    const wish = {
      language: tongueOf(fields.get('language') ?? '') ?? 'en',
      newsletters: shown.slice(0, 200).map((newsletterId) => ({
        newsletterId,
        wanted: wanted.has(newsletterId),
        topics: fields.getAll(`topic-${newsletterId}`),
        everyDays: Number(fields.get(`every-${newsletterId}`) ?? 0),
      })),
      pauseWeeks: weeks === null || weeks === 'as-it-is' ? undefined : Number.parseInt(weeks, 10) || 0,
    };
    await actingFrom(readerOrigin(request), () => savePreferences(parts, reader.link, wish, addressOf(request)));
    return page(request, reply, reader, 'saved');
  });

  server.post<WithToken>('/p/:token/link', { config: LINK }, async (request, reply) => {
    const reader = await readerOf(request.params.token);
    if (reader === undefined) return unknown(request, reply);
    await mailSelfLink(parts, reader.subscriber.id, reader.link.newsletterId);
    return page(request, reply, reader, 'linkSent');
  });
}

function weeksText(weeks: number, tongue: Tongue): string {
  return new Intl.NumberFormat(tongue, { style: 'unit', unit: 'week', unitDisplay: 'long' }).format(weeks);
}
