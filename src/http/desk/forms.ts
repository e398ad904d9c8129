import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { actingFrom } from '../../audit/index.ts';
import type { Newsroom } from '../../newsroom/index.ts';
import { isCode } from '../../platform/errors.ts';
import { type Access, type Identity, identityOf } from '../access.ts';
import { originOf } from '../client.ts';
import { problemOf } from '../problems.ts';
import type { ShowPage } from '../show.ts';
import type { Upload } from '../uploads.ts';
import type { Door } from './guard.ts';
import { expectedProblem } from './signIn.ts';

// What the desk's forms have in common: an act that went well is told on the page to which the browser is sent next, so that loading that
// again does nothing twice; one that did not is told on the page itself, beside what was typed.

/** What a page's routes are made from. */
export interface DeskParts {
  app: App;
  door: Door;
  show: ShowPage;
}

/** What has been done, in a sentence. */
export interface Done {
  told: string;
  warning?: string;
  /** Of an edition: the revision that was made, and the one that brings back what was. */
  revision?: number;
  undo?: number;
  /** The page to go to; without it the desk's first. */
  to?: string;
}

export interface Doing<P> {
  request: FastifyRequest;
  params: P;
  body: Record<string, string>;
  identity: Identity;
  newsroom: Newsroom;
  by: string;
  /** The file that came along, for as long as the request lasts. */
  upload: Upload | null;
}

/** Shows the page that a form is on; `extra` has what went wrong. */
export type FormPage = (
  request: FastifyRequest,
  reply: FastifyReply,
  extra: Record<string, unknown>,
) => Promise<FastifyReply>;

/** What is shown at once, and once: what was looked up, or a secret. */
export interface Shown {
  shown: Record<string, unknown>;
}

export type Act<P> = (doing: Doing<P>) => Promise<Done | Shown>;

/** A form's address, who may send it, what it does, and the page that it is on. */
export interface Form<P> {
  path: string;
  access: Access;
  act: Act<P>;
  page: FormPage;
  takesFile?: true;
}

/** A template of 100,000 characters, each of which may be nine bytes in a form. */
export const MOST_BYTES = 1_000_000;

export function formRoute<P extends object>(
  server: FastifyInstance,
  { app, door }: Pick<DeskParts, 'app' | 'door'>,
  { path, access, act, page, takesFile }: Form<P>,
): void {
  server.post(
    path,
    { bodyLimit: MOST_BYTES, config: { access, ...(takesFile ? { takesFile } : {}) } },
    async (request, reply): Promise<FastifyReply> => {
      const identity = identityOf(request);
      const body = fieldsOf(request.body);
      const params = request.params as P;
      try {
        const newsroom = await app.newsroom();
        const result = await actingFrom(originOf(request), () =>
          act({ request, params, body, identity, newsroom, by: identity.account.name, upload: request.upload }),
        );
        if ('shown' in result) return await page(request, reply, result.shown);
        const { to, ...done } = result;
        door.tell(request, reply, done);
        return await reply.redirect(to ?? '/', 303);
      } catch (error) {
        const { status, detail, hint, errors, code } = toldProblem(error);
        reply.code(status);
        const isStale = code === 'revision-changed';
        return page(request, reply, {
          problem: errors?.[0] === undefined ? detail : sentenceOf(errors[0]),
          hint,
          isStale,
          typed: body,
          typedAt: request.url.split('?')[0],
          unsaved: isStale ? wordsIn(body) : undefined,
        });
      }
    },
  );
}

/** Fields in which somebody writes; a block's kind is none, a piece's is. */
const WRITTEN = new Set(
  'subject preheader note comment text label url filter title deck kind region authors alt credit'.split(' '),
);

/** What somebody wrote, and not what the form had with it. */
function wordsIn(body: Record<string, string>): Record<string, string> | undefined {
  const isWritten = (name: string) => WRITTEN.has(name) && (name !== 'kind' || body.title !== undefined);
  const written = Object.entries(body).filter(([name, value]) => value.trim() !== '' && isWritten(name));
  return written.length === 0 ? undefined : Object.fromEntries(written);
}

/** Our own words are a sentence; a validator's say what is wrong with a field. */
function sentenceOf({ path, message }: { path: string; message: string }): string {
  return path === '' || message.endsWith('.') ? message : `${path.replaceAll('.', ' ')}: ${message}`;
}

/** What another server did not give is told beside the form, like what the editor did wrong. */
function toldProblem(error: unknown) {
  return isCode(error, 'fetch-failed') || isCode(error, 'smtp-failed') ? problemOf(error) : expectedProblem(error);
}

/** The fields of a form; what is none has none. */
export function fieldsOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  const texts = Object.entries(body).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

/** Forms send line ends as CRLF. */
export function withoutCr(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** A number that stands for a row; -1, which is none, for anything else. */
export function rowNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

/** One value of the address's query, cut to what a search can want. */
export function queryText(request: FastifyRequest, name: string, most = 200): string {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' ? value.trim().slice(0, most) : '';
}
