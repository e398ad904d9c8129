import type { FastifyRequest } from 'fastify';
import type { Edition } from '../../../editions/index.ts';
import type { ShowPage } from '../../show.ts';

/** The routes of one edition. */
export type EditionParams = { Params: { id: string; piece: string }; Querystring: Record<string, unknown> };

/** What the pages beside an edition's own are made from. */
export interface EditionParts {
  show: ShowPage;
  /** The edition, where whoever asks may see it. Throws `not-found`. */
  visible: (request: FastifyRequest<EditionParams>) => Promise<Edition>;
}
