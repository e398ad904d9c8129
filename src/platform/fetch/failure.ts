import { RoundupError, reasonOf } from '../errors.ts';

/** A fetch that failed: `status` where a server answered, `retryAt` where it said when to come again. */
export class FetchError extends RoundupError {
  readonly status: number | undefined;
  readonly retryAt: Date | undefined;

  constructor(message: string, options: { status?: number; retryAt?: Date; cause?: unknown } = {}) {
    super('fetch-failed', message, { cause: options.cause });
    this.status = options.status;
    this.retryAt = options.retryAt;
  }
}

/** What an answer other than success throws, before it has a sentence. */
export class Refusal extends Error {
  readonly status: number;
  readonly retryAt: Date | undefined;

  constructor(status: number, message: string, retryAt: Date | undefined) {
    super(message);
    this.status = status;
    this.retryAt = retryAt;
  }
}

/** What went wrong, as the end of a sentence. */
export function inWords(error: unknown, signal: AbortSignal, limits: { timeMs: number }): string {
  if (signal.aborted) return `it took longer than ${limits.timeMs / 1_000} seconds`;
  const code = (error as { code?: string }).code ?? (error as { cause?: { code?: string } }).cause?.code;
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name is not known';
    case 'ECONNREFUSED':
      return 'nothing answers there (connection refused)';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'the connection was cut';
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'Z_BUF_ERROR':
    case 'Z_DATA_ERROR':
    case 'ERR__ERROR_FORMAT_PADDING_1':
      return 'its compressed body is broken';
    default:
      return reasonOf(error);
  }
}

/** A server that is asked too much, or is away, may say when to come again (RFC 9110 10.2.3): in seconds or by a date. */
const MOST_PATIENCE_MS = 24 * 60 * 60_000;

export function refusalOf(status: number, header: (name: string) => string | undefined): Refusal {
  const retryAt = status === 429 || status === 503 ? timeOf(header('retry-after')) : undefined;
  const isWall = header('cf-mitigated') !== undefined || header('x-datadome') !== undefined;
  const words = isWall
    ? ' (a bot wall: it lets only browsers in; ask the site to let this program in, or use its feed)'
    : statusWords(status);
  return new Refusal(status, `the server answered ${status}${words}`, retryAt);
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{1,9}$/.test(text.trim()) ? Date.now() + Number(text) * 1_000 : Date.parse(text);
  if (Number.isNaN(time) || time <= Date.now()) return undefined;
  return new Date(Math.min(time, Date.now() + MOST_PATIENCE_MS));
}

function statusWords(status: number): string {
  if (status === 404 || status === 410) return ' (there is nothing at this address)';
  if (status === 401 || status === 403) return ' (it refuses us)';
  if (status === 429) return ' (too many requests)';
  return status >= 500 ? ' (it is in trouble)' : '';
}
