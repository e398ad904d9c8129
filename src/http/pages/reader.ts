import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { type Publication, findPublication } from '../../editions/index.ts';
import { TONGUES, type Tongue, directionOf, likedTongue, tongueOf } from '../../lib/tongues.ts';
import { protectPage } from '../security.ts';
import type { PageRenderer } from '../templates.ts';
import { ar } from './words/ar.ts';
import { en } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';
import type { PageWords } from './words/words.ts';

export const WORDS: Record<Tongue, PageWords> = { en, es, fr, ar };

/** What is shown to a reader: a page, in their language. */
export interface ReaderPage {
  page: string;
  title: (words: PageWords) => string;
  view?: (words: PageWords, tongue: Tongue) => Record<string, unknown>;
  status?: number;
  /** The reader's own language, where we know it. */
  language?: string;
}

export type ShowReader = (request: FastifyRequest, reply: FastifyReply, page: ReaderPage) => Promise<FastifyReply>;

export function readerPages(app: App, render: PageRenderer): ShowReader {
  return async (request, reply, { page, title, view, status = 200, language }) => {
    const publication = await findPublication(app.database.db);
    const tongue = tongueFor(request, publication, language);
    const w = WORDS[tongue];
    protectPage(reply);
    reply.code(status).header('content-language', tongue).header('vary', 'accept-language');
    const [path = ''] = request.url.split('?');
    const others = TONGUES.map((one) => ({ tongue: one, name: WORDS[one].language, isThis: one === tongue, path }));
    return reply.type('text/html; charset=utf-8').send(
      render(page, {
        w,
        lang: tongue,
        isEnglish: tongue === 'en',
        dir: directionOf(tongue),
        others: request.method === 'GET' ? others : [],
        publication,
        title: title(w),
        ...view?.(w, tongue),
      }),
    );
  };
}

/** What is asked for, else the reader's own, else what the browser likes, else the publication's. */
export function tongueFor(
  request: FastifyRequest,
  publication: Pick<Publication, 'language'> | undefined,
  language: string | undefined,
): Tongue {
  const { lang } = request.query as { lang?: unknown };
  return (
    (typeof lang === 'string' ? tongueOf(lang) : undefined) ??
    tongueOf(language) ??
    likedTongue(request.headers['accept-language']) ??
    tongueOf(publication?.language) ??
    'en'
  );
}

/** Puts what differs in the place of `{names}`. */
export function say(text: string, values: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The fields of a form, each with all its values; of JSON, the same. Unreadable is empty. */
export function fieldsOf(request: FastifyRequest): URLSearchParams {
  return new URLSearchParams(typeof request.body === 'string' ? request.body : '');
}
