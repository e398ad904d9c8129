/** Every expected failure that a person may see has a stable code here; anything else that throws is a bug. */
export type ErrorCode =
  | 'config-invalid'
  | 'database-unavailable'
  | 'schema-newer'
  | 'embedded-database'
  | 'queue-unavailable'
  | 'fetch-failed'
  | 'not-found'
  | 'input-invalid'
  | 'state-refused'
  | 'not-approved'
  | 'preflight-failed'
  | 'too-little-news'
  | 'inbox-unavailable'
  | 'smtp-failed'
  // Of who asks, and how often:
  | 'unauthenticated'
  | 'forbidden'
  | 'two-people-wanted'
  | 'too-many-requests'
  // Of what was sent:
  | 'revision-changed'
  | 'precondition-required'
  | 'idempotency-conflict'
  | 'too-large'
  | 'unsupported-media';

/**
 * An expected failure. The message is a sentence that says what is wrong, with the name of the thing; `hint` says what to
 * do about it.
 */
export class RoundupError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** How long to wait before it is worth another try. */
  readonly retryMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown; retryMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RoundupError';
    this.code = code;
    this.hint = options.hint;
    this.retryMs = options.retryMs;
  }
}

export function isCode(error: unknown, code: ErrorCode): error is RoundupError {
  return error instanceof RoundupError && error.code === code;
}

/** The sentence of anything thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
