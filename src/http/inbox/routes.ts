import type { FastifyInstance } from 'fastify';
import PostalMime, { decodeWords } from 'postal-mime';
import type { Maildir } from '../../platform/inbox/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import type { ShowPage } from '../show.ts';
import { protectMail } from '../security.ts';

type Params = { Params: { id: string }; Querystring: { page?: string; view?: string } };

/** Letters to others are among the mails, with their links. */
const OPERATOR = { access: { who: 'administrator', wholeHouse: true } } as const;

const PAGE_SIZE = 50;
const HEADERS = [
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'list-id',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'feedback-id',
];

/** The local inbox as a reader sees it. */
export function inboxRoutes(server: FastifyInstance, mail: Maildir, show: ShowPage): void {
  server.get<Params>('/inbox', { config: OPERATOR }, async (request, reply) => {
    const page = Math.max(1, Number.parseInt(request.query.page ?? '1', 10) || 1);
    const entries = await mail.list((page - 1) * PAGE_SIZE, PAGE_SIZE);
    return show(request, reply, 'inbox', {
      title: 'Inbox',
      total: mail.size,
      entries: entries.map((entry) => ({
        ...entry,
        from: decodeWords(entry.from),
        subject: decodeWords(entry.subject),
      })),
      newer: page > 1 ? page - 1 : undefined,
      older: page * PAGE_SIZE < mail.size ? page + 1 : undefined,
    });
  });

  server.get<Params>('/inbox/:id', { config: OPERATOR }, async (request, reply) => {
    const { id } = request.params;
    const message = await PostalMime.parse(await bytesOf(id));
    const headers = HEADERS.flatMap((name) => message.headers.filter((header) => header.key === name)).map(
      (header) => ({
        name: header.originalKey,
        value: decodeWords(header.value),
      }),
    );
    const view = request.query.view === 'text' ? 'text' : request.query.view === 'phone' ? 'phone' : 'desktop';
    return show(request, reply, 'message', {
      title: message.subject ?? 'Message',
      id,
      headers,
      view,
      text: message.text,
      isText: view === 'text',
    });
  });

  server.get<Params>('/inbox/:id/frame', { config: OPERATOR }, async (request, reply) => {
    const { html, text } = await PostalMime.parse(await bytesOf(request.params.id));
    protectMail(reply, "'self'");
    if (html === undefined) return reply.type('text/plain; charset=utf-8').send(text ?? '');
    return reply.type('text/html; charset=utf-8').send(html);
  });

  server.get<Params>('/inbox/:id/source', { config: OPERATOR }, async (request, reply) => {
    protectMail(reply, "'self'");
    return reply.type('text/plain; charset=utf-8').send(await bytesOf(request.params.id));
  });

  server.post('/inbox/emptying', { config: OPERATOR }, async (_request, reply) => {
    await mail.empty();
    return reply.redirect('/inbox', 303);
  });

  async function bytesOf(id: string): Promise<Buffer> {
    const bytes = await mail.read(id);
    if (bytes === undefined) throw new RoundupError('not-found', 'There is no such message.');
    return bytes;
  }
}
