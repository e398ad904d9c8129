import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Agent, request } from 'undici';
import { RoundupError, reasonOf } from '../errors.ts';
import { type Resolver, allowedAddresses, systemResolver } from './addresses.ts';

// The one way out to the web. It resolves a host itself, allows only public addresses, connects to the very address that it
// has checked, checks again on each redirect, and bounds time, size and redirects. It knows nothing of proxies in the
// environment.

export interface FetchRequest {
  url: string;
  /** May it lead to private and loopback addresses? */
  isLocal: boolean;
  accept?: string;
  etag?: string | null;
  lastModified?: string | null;
}

export type Fetched =
  | { changed: false }
  | {
      changed: true;
      /** Where the last redirect led. */
      url: string;
      body: Buffer;
      contentType: string;
      etag: string | undefined;
      lastModified: string | undefined;
    };

export interface FetchLimits {
  /** For the whole of it, redirects and body included. */
  timeMs: number;
  /** Of the body, after decompression. */
  sizeBytes: number;
  redirects: number;
}

export const FETCH_LIMITS: FetchLimits = { timeMs: 30_000, sizeBytes: 10 * 1024 * 1024, redirects: 5 };

export interface FetchOptions {
  limits?: FetchLimits;
  resolve?: Resolver;
}

const USER_AGENT = 'Roundup/0.1 (newsletter desk; feed reader)';
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Fetches one document. Throws `fetch-failed` with the reason as a sentence that names no more than the host and path. */
export async function fetchDocument(asked: FetchRequest, options: FetchOptions = {}): Promise<Fetched> {
  const limits = options.limits ?? FETCH_LIMITS;
  const signal = AbortSignal.timeout(limits.timeMs);
  let url = asked.url;
  try {
    for (let redirects = 0; ; redirects++) {
      const answer = await fetchOnce({ ...asked, url }, limits, signal, options.resolve ?? systemResolver);
      if (!('location' in answer)) return answer;
      if (redirects === limits.redirects) throw new Error(`it redirects more than ${limits.redirects} times`);
      url = answer.location;
    }
  } catch (error) {
    if (error instanceof RoundupError) throw error;
    throw new RoundupError('fetch-failed', `${asked.url}: ${inWords(error, signal, limits)}`, { cause: error });
  }
}

async function fetchOnce(
  asked: FetchRequest,
  limits: FetchLimits,
  signal: AbortSignal,
  resolve: Resolver,
): Promise<Fetched | { location: string }> {
  const url = new URL(asked.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`it leads to a ${url.protocol} address`);
  const agent = await pinnedAgent(url.hostname, asked.isLocal, resolve);
  try {
    const response = await request(url, { dispatcher: agent, signal, headers: headersFor(asked) });
    const header = (name: string) => first(response.headers[name]);
    if (response.statusCode === 304) return { changed: false };
    if (REDIRECTS.has(response.statusCode)) {
      const location = header('location');
      if (location === undefined) throw new Error('it redirects without saying where to');
      return { location: new URL(location, url).href };
    }
    if (response.statusCode !== 200)
      throw new Error(`the server answered ${response.statusCode}${statusWords(response.statusCode)}`);
    return {
      changed: true,
      url: url.href,
      body: await readBody(response.body, header('content-encoding'), limits.sizeBytes),
      contentType: header('content-type') ?? '',
      etag: header('etag'),
      lastModified: header('last-modified'),
    };
  } finally {
    // Not close(): what is left of a body that was too long is not worth waiting for.
    await agent.destroy();
  }
}

/** A connection that can only go to the addresses that were checked just now: no second look-up that could differ. */
async function pinnedAgent(hostname: string, isLocal: boolean, resolve: Resolver): Promise<Agent> {
  const addresses = await allowedAddresses(hostname, isLocal, resolve);
  return new Agent({
    connect: {
      lookup: (_host, options, callback) => {
        const [one] = addresses;
        if (options.all) callback(null, addresses);
        else callback(null, one?.address ?? '', one?.family);
      },
    },
    pipelining: 0,
  });
}

function headersFor(asked: FetchRequest): Record<string, string> {
  return {
    'user-agent': USER_AGENT,
    accept: asked.accept ?? '*/*',
    'accept-encoding': 'gzip, br, deflate',
    ...(asked.etag ? { 'if-none-match': asked.etag } : {}),
    ...(asked.lastModified ? { 'if-modified-since': asked.lastModified } : {}),
  };
}

async function readBody(body: Readable, encoding: string | undefined, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of decoded(body, encoding)) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > limit) throw new Error(`it is larger than ${Math.round(limit / 1024 / 1024)} MB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const decoder = decoderFor(encoding?.trim().toLowerCase());
  if (decoder === undefined) return body;
  body.on('error', (error) => decoder.destroy(error));
  return body.pipe(decoder);
}

function decoderFor(encoding: string | undefined): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case undefined:
    case '':
    case 'identity':
      return undefined;
    default:
      throw new Error(`it is compressed as "${encoding}", which we did not ask for`);
  }
}

function inWords(error: unknown, signal: AbortSignal, limits: FetchLimits): string {
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
      return 'the connection was cut';
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    default:
      return reasonOf(error);
  }
}

function statusWords(status: number): string {
  if (status === 404 || status === 410) return ' (there is nothing at this address)';
  if (status === 401 || status === 403) return ' (it refuses us)';
  if (status === 429) return ' (too many requests)';
  return status >= 500 ? ' (it is in trouble)' : '';
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
