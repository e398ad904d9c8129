import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Role, Scope } from '../../accounts/index.ts';
import type { Identity } from '../access.ts';

// An operation of the API: declared once, with the schemas that validate what comes in and what goes out; the route, the
// OpenAPI document, the reference page and the tests are made from it.

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Call<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  identity: Identity;
  /** The account's name, for the records. */
  by: string;
  request: FastifyRequest;
  reply: FastifyReply;
  /** The ETag that the caller has seen, without its quotes; undefined where it names none. */
  seen: string | undefined;
}

export interface Operation<P = unknown, Q = unknown, B = unknown> {
  /** camelCase, for generated clients. */
  id: string;
  method: Method;
  /** Below /api/v1, with `:name` for parameters. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  role: Role;
  /** For none who are here for some newsletters only. */
  wholeHouse?: true;
  /** Undefined: not for tokens. */
  scope: Scope | undefined;
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  body?: z.ZodType<B>;
  /** What a body that is not JSON is sent as; it comes as a Buffer. */
  takes?: { types: string[]; limitBytes: number; description: string };
  /** May the body be left out? */
  bodyIsOptional?: boolean;
  /** Of a success. */
  status?: 200 | 201 | 202 | 204;
  answer?: z.ZodType;
  /** What is answered where it is not JSON; the handler sends it itself. */
  gives?: { types: string[]; description: string };
  /** Gives an ETag, and 304 where the caller has it; `required`: wants If-Match, so that nobody's change is written over. */
  etag?: 'given' | 'required';
  handle(call: Call<P, Q, B>): Promise<unknown>;
}

export type AnyOperation = Operation<never, never, never>;

/** Keeps the types of one operation together, and forgets them towards the list that it stands in. */
export function operation<P = Record<never, never>, Q = Record<never, never>, B = undefined>(
  declared: Operation<P, Q, B>,
): AnyOperation {
  return declared as unknown as AnyOperation;
}
