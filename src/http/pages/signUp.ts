import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { parseAddress } from '../../lib/addresses.ts';
import { oneLine } from '../../lib/text.ts';
import { publicNewsletters } from '../../newsroom/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { likelyAddress } from '../../subscribers/index.ts';
import { problemOf } from '../problems.ts';
import { protectData } from '../security.ts';
import { type Asked, admit, formOf, jsonBody, keep } from './asked.ts';
import { type ShowReader, WORDS, say, tongueFor } from './reader.ts';
import { newWork } from './work.ts';

// Subscribing: the page, the form that stands on other sites, and the same for programs. Whatever the address is, known, unknown or
// not to be mailed, the answer is the same, and so is the work behind it.

/** How the widget of the proof of work calls our languages. */
const WIDGET = { en: 'en', es: 'es-es', fr: 'fr-fr', ar: 'ar' };
const OPEN = { access: { who: 'anyone' } } as const;

export function signUpRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { keys } = app.config;

  const form = async (
    request: FastifyRequest,
    reply: FastifyReply,
    given: Partial<Asked> & { problem?: string; hint?: string | undefined; wantsWork?: boolean; status?: number },
  ) => {
    const newsletters = await publicNewsletters(db);
    const only = newsletters.length === 1;
    return show(request, reply, {
      page: newsletters.length === 0 ? 'nothing-open' : 'subscribe',
      title: (w) => w.subscribe,
      status: given.status ?? 200,
      view: (_w, tongue) => ({
        ...given,
        workLanguage: WIDGET[tongue],
        only,
        newsletters: newsletters.map((newsletter) => ({
          ...newsletter,
          isChosen: only || given.newsletters?.includes(newsletter.slug),
          topics: newsletter.topics.map((topic) => ({ ...topic, isChosen: given.topics?.includes(topic.key) })),
        })),
      }),
    });
  };

  server.get<{ Querystring: Record<string, string> }>('/subscribe', { config: OPEN }, async (request, reply) =>
    form(request, reply, { newsletters: [request.query.newsletter ?? ''] }),
  );

  server.get('/subscribe/challenge', { config: OPEN }, async (_request, reply) =>
    allowAll(protectData(reply)).send(await newWork(keys)),
  );

  server.post('/subscribe', { config: OPEN }, async (request, reply) => {
    if (typeof request.body === 'object' && request.body !== null) return answerProgram(request, reply);
    const asked = formOf(request);
    const tongue = tongueFor(request, undefined, undefined);
    const again = (view: { problem: string; hint?: string; wantsWork?: boolean; status?: number }) =>
      form(request, reply, { ...asked, status: 400, ...view });
    const w = WORDS[tongue];
    if (asked.newsletters.length === 0) return again({ problem: w.chooseOne });
    const address = parseAddress(asked.address);
    if (address === undefined) return again({ problem: say(w.badAddress, { address: oneLine(asked.address, 80) }) });
    const likely = asked.sure ? undefined : likelyAddress(address);
    if (likely !== undefined) return again({ problem: say(w.didYouMean, { address: likely }), hint: likely });
    const outcome = await admit(app, request, asked);
    if (outcome === 'work') return again({ problem: w.workWanted, wantsWork: true, status: 403 });
    if (outcome === 'wait') return again({ problem: w.tooMany, status: 429 });
    if (outcome === 'free') await keep(app, request, { ...asked, address });
    return show(request, reply, { page: 'asked', title: (words) => words.askedTitle, view: () => ({ address }) });
  });

  server.options('/subscribe', { config: OPEN }, async (_request, reply) =>
    allowAll(reply).header('access-control-allow-headers', 'content-type').code(204).send(),
  );

  async function answerProgram(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    allowAll(protectData(reply));
    try {
      const { altcha, ...body } = jsonBody.parse(request.body);
      const address = parseAddress(body.address);
      if (address === undefined) throw new RoundupError('input-invalid', 'This is not a mail address.');
      const asked = { ...body, address, trap: '', work: altcha, sure: true };
      const outcome = await admit(app, request, asked);
      if (outcome === 'work')
        throw new RoundupError('forbidden', 'A proof of work is wanted: see GET /subscribe/challenge (ALTCHA).');
      if (outcome === 'wait') throw new RoundupError('too-many-requests', 'Too many sign-ups come from your network.');
      await keep(app, request, asked);
      return await reply.code(202).send({ state: 'confirmation-mailed' });
    } catch (error) {
      const { status, code, title, detail, errors } = problemOf(error);
      if (status >= 500) throw error;
      const problem = JSON.stringify({ type: `/api#${code}`, title, status, detail, code, errors });
      return reply.code(status).type('application/problem+json; charset=utf-8').send(problem);
    }
  }
}

/** A form on another site may ask, and see the answer. */
function allowAll(reply: FastifyReply): FastifyReply {
  return reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin');
}
