import type { FastifyError } from 'fastify';
import { ZodError } from 'zod';
import { type ErrorCode, RoundupError } from '../platform/errors.ts';

// What goes wrong, as an answer: one table from the program's codes to HTTP's, for pages and for the API (RFC 9457).

export interface Problem {
  status: number;
  code: ErrorCode | 'fault';
  title: string;
  detail: string;
  hint?: string | undefined;
  errors?: { path: string; message: string }[];
  retryAfterSeconds?: number;
}

const STATUSES: Record<ErrorCode, [number, string]> = {
  'input-invalid': [400, 'The request is not right'],
  unauthenticated: [401, 'You are not signed in'],
  forbidden: [403, 'You may not do this'],
  'not-found': [404, 'There is nothing here'],
  'state-refused': [409, 'Refused as things stand'],
  'not-approved': [409, 'Not approved'],
  'two-people-wanted': [409, 'A second person is wanted'],
  'too-little-news': [409, 'Too little news'],
  'idempotency-conflict': [409, 'This idempotency key was used for something else'],
  'revision-changed': [412, 'Somebody else has changed it'],
  'too-large': [413, 'That is too much'],
  'unsupported-media': [415, 'This kind of content is not taken'],
  'preflight-failed': [422, 'Preflight has found errors'],
  'precondition-required': [428, 'Say which state you have seen'],
  'too-many-requests': [429, 'Too many requests'],
  'config-invalid': [500, 'The configuration is wrong'],
  'schema-newer': [500, 'The database is newer than the program'],
  'embedded-database': [503, 'The database is away'],
  'database-unavailable': [503, 'The database is away'],
  'queue-unavailable': [503, 'The queue is away'],
  'inbox-unavailable': [503, 'The inbox is away'],
  'fetch-failed': [502, 'Another server did not give what was asked'],
  'smtp-failed': [502, 'The mail server did not take it'],
};

/** All codes with their status and title, for the reference. */
export const PROBLEM_CODES = Object.entries(STATUSES).map(([code, [status, title]]) => ({ code, status, title }));

const MOST_ERRORS = 20;
/** Hints are for the command line where they name a command. */
const NAMES_A_COMMAND = /roundup [a-z-]+/;

export function problemOf(error: unknown): Problem {
  if (error instanceof ZodError) return invalid(error);
  if (error instanceof RoundupError) return expected(error);
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === 413) return withCode('too-large', 'The body is larger than this takes.');
  if (statusCode === 415)
    return withCode('unsupported-media', 'Send it with the Content-Type that the reference names.');
  if (statusCode === 429) return withCode('too-many-requests', 'Wait a little.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return withCode('input-invalid', WORDS[code ?? ''] ?? 'The request cannot be read.');
  return {
    status: 500,
    code: 'fault',
    title: 'Something went wrong',
    detail: 'It is not your doing. It is in the log; please try again in a moment.',
  };
}

const WORDS: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as it says.',
};

function withCode(code: ErrorCode, detail: string): Problem {
  const [status, title] = STATUSES[code];
  return { status, code, title, detail };
}

function expected(error: RoundupError): Problem {
  const { code, message, hint, retryMs } = error;
  const [status, title] = STATUSES[code];
  // What a server of ours says of its own insides is for the log.
  const detail = status === 500 || status === 503 ? 'It is in the log; please try again in a moment.' : message;
  return {
    status,
    code,
    title,
    detail,
    hint: hint === undefined || NAMES_A_COMMAND.test(hint) ? undefined : hint,
    ...(retryMs === undefined ? {} : { retryAfterSeconds: Math.max(1, Math.ceil(retryMs / 1_000)) }),
  };
}

function invalid({ issues }: ZodError): Problem {
  const errors = issues
    .slice(0, MOST_ERRORS)
    .map(({ path, message }) => ({ path: path.map(String).join('.').slice(0, 200), message: message.slice(0, 300) }));
  return { ...withCode('input-invalid', 'Some of it is not as the reference says; see errors.'), errors };
}
