import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../../app.ts';
import type { Newsletter } from '../../editions/index.ts';
import { networkOf } from '../../lib/network.ts';
import { oneLine } from '../../lib/text.ts';
import { HOUR_MS, MINUTE_MS } from '../../lib/time.ts';
import { tongueOf } from '../../lib/tongues.ts';
import { askToSubscribe, choosePublic } from '../../newsroom/index.ts';
import { takeFromLimit } from '../../platform/database/index.ts';
import { addressOf } from '../client.ts';
import { WORDS, fieldsOf, tongueFor } from './reader.ts';
import { isWorkDone } from './work.ts';

// What a sign-up says, however it comes, and whether it is taken.

const MAX_NAME = 100;
/** What one network may ask for without a proof of work, and with one; and all networks together without one. */
const FREE = { count: 10, perMs: HOUR_MS, burst: 5 };
const WORKED = { count: 60, perMs: HOUR_MS, burst: 20 };
const FREE_IN_ALL = { count: 120, perMs: MINUTE_MS, burst: 120 };

/** What somebody asks for, from a form or as JSON. */
export interface Asked {
  address: string;
  name: string;
  newsletters: string[];
  topics: string[];
  language: string;
  /** Where the form stands. */
  form: string;
  /** A field that people do not see. */
  trap: string;
  /** The proof of work. */
  work: string;
  /** The address is as it is meant. */
  sure: boolean;
}

export const jsonBody = z.strictObject({
  address: z.string().max(320),
  newsletters: z.array(z.string().max(40)).min(1).max(50),
  name: z.string().max(MAX_NAME).default(''),
  topics: z.array(z.string().max(40)).max(100).default([]),
  language: z.string().max(35).default(''),
  form: z.string().max(200).default('API'),
  altcha: z.string().max(5_000).default(''),
});

/** `trapped`: a machine filled in what people do not see; it is thanked, and nothing is kept. */
export async function admit(
  app: App,
  request: FastifyRequest,
  asked: Asked,
): Promise<'free' | 'work' | 'wait' | 'trapped'> {
  const { db } = app.database;
  if (asked.trap !== '') return 'trapped';
  const network = networkOf(addressOf(request));
  if (await isWorkDone(db, app.config.keys, asked.work))
    return (await takeFromLimit(db, `sign-ups with work from ${network}`, WORKED)) > 0 ? 'wait' : 'free';
  if ((await takeFromLimit(db, `sign-ups from ${network}`, FREE)) > 0) return 'work';
  return (await takeFromLimit(db, 'sign-ups', FREE_IN_ALL)) > 0 ? 'work' : 'free';
}

/** Throws `input-invalid` for a newsletter that is not open to all. */
export async function keep(app: App, request: FastifyRequest, asked: Asked): Promise<void> {
  const { db } = app.database;
  const newsletters = await choosePublic(db, asked.newsletters);
  const language = asked.language === '' ? tongueFor(request, undefined, undefined) : asked.language;
  await askToSubscribe({ db, clock: app.clock }, newsletters, {
    address: asked.address,
    name: oneLine(asked.name, MAX_NAME),
    language,
    topics: asked.topics,
    form: oneLine(asked.form, 200),
    words: wordsShown(newsletters, language),
    from: addressOf(request),
  });
}

export function formOf(request: FastifyRequest): Asked {
  const fields = fieldsOf(request);
  const text = (name: string) => (fields.get(name) ?? '').slice(0, 5_000);
  return {
    address: text('address').slice(0, 320),
    name: text('name').slice(0, MAX_NAME),
    newsletters: fields.getAll('newsletter').slice(0, 50),
    topics: fields.getAll('topic').slice(0, 100),
    language: text('language').slice(0, 35),
    form: text('form') === '' ? 'page' : text('form').slice(0, 200),
    trap: text('website'),
    work: text('altcha'),
    sure: text('sure') === text('address') && text('sure') !== '',
  };
}

/** The words that stood beside the button: what was agreed to. */
function wordsShown(newsletters: Newsletter[], language: string): string {
  const words = WORDS[tongueOf(language) ?? 'en'];
  const names = newsletters.map(({ name, description }) => (description === '' ? name : `${name}: ${description}`));
  return [...names, words.consent].join('\n');
}
