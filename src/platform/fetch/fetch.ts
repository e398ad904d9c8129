import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { request } from 'undici';
import { RoundupError } from '../errors.ts';
import { type Resolver, systemResolver } from './addresses.ts';
import { beforeAbort, pinnedAgent } from './agent.ts';
import { FetchError, Refusal, inWords, refusalOf } from './failure.ts';
import { heldUntil, holdHost, inTurn } from './pace.ts';

// The one way out to the web. It resolves a host itself, allows only public addresses, connects to the very address that it
// has checked, checks again on each redirect, and bounds time, size and redirects. It knows nothing of proxies in the
// environment. Public hosts are asked one thing at a time.

export interface FetchRequest {
  url: string;
  /** May it lead to private and loopback addresses? */
  isLocal: boolean;
  /** Parameters that are added to the first request only, and named nowhere: an API key. */
  secretQuery?: Record<string, string>;
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
      /** The same, where every redirect on the way was a permanent one. */
      movedTo: string | undefined;
      body: Buffer;
      /** Of the Link header (RFC 8288), as it stands. */
      link: string;
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

/** Fetches one document. Throws a FetchError with the reason as a sentence; it never names a secret parameter. */
export async function fetchDocument(asked: FetchRequest, options: FetchOptions = {}): Promise<Fetched> {
  const limits = options.limits ?? FETCH_LIMITS;
  const clock: Timeout = { signal: new AbortController().signal };
  try {
    return await follow(asked, limits, clock, options.resolve ?? systemResolver);
  } catch (error) {
    if (error instanceof RoundupError) throw error;
    const { status, retryAt } = error instanceof Refusal ? error : {};
    throw new FetchError(`${asked.url}: ${inWords(error, clock.signal, limits)}`, {
      ...(status === undefined ? {} : { status }),
      ...(retryAt === undefined ? {} : { retryAt }),
      cause: error,
    });
  }
}

/** From redirect to redirect; each is checked like the first. */
async function follow(asked: FetchRequest, limits: FetchLimits, clock: Timeout, resolve: Resolver): Promise<Fetched> {
  let at = { url: asked.url, isPermanent: true };
  for (let redirects = 0; redirects <= limits.redirects; redirects++) {
    const step = stepTo(asked, at.url);
    const answer = await politely(step, () => {
      // The time counts from our turn: a host's queue is none of its own fault.
      if (redirects === 0) clock.signal = AbortSignal.timeout(limits.timeMs);
      return fetchOnce(step, limits, clock.signal, resolve);
    });
    if (!('location' in answer)) {
      if (!answer.changed) return answer;
      return { ...answer, url: at.url, movedTo: redirects > 0 && at.isPermanent ? at.url : undefined };
    }
    at = { url: answer.location, isPermanent: at.isPermanent && answer.isPermanent };
  }
  throw new Error(`it redirects more than ${limits.redirects} times`);
}

/** A key is for whom it was given to. */
function stepTo({ secretQuery, ...asked }: FetchRequest, url: string): FetchRequest {
  const isOwn = secretQuery !== undefined && new URL(url).host === new URL(asked.url).host;
  return { ...asked, url, ...(isOwn ? { secretQuery } : {}) };
}

/** A server that redirects with our query gives the key back; it goes on as a secret, or not at all. */
function withoutSecrets(url: URL, secrets: Record<string, string> = {}): URL {
  for (const name of Object.keys(secrets)) url.searchParams.delete(name);
  return url;
}

interface Timeout {
  signal: AbortSignal;
}

/** In the host's turn; an address of our own network has no queue. */
async function politely<T>({ url, isLocal }: FetchRequest, act: () => Promise<T>): Promise<T> {
  if (isLocal) return act();
  const { host } = new URL(url);
  return inTurn(host, () => {
    const until = heldUntil(host);
    if (until !== undefined) throw new Refusal(429, `it asked us to wait until ${until.toISOString()}`, until);
    return act();
  });
}

async function fetchOnce(
  asked: FetchRequest,
  limits: FetchLimits,
  signal: AbortSignal,
  resolve: Resolver,
): Promise<Fetched | { location: string; isPermanent: boolean }> {
  const url = new URL(asked.url);
  for (const [name, value] of Object.entries(asked.secretQuery ?? {})) url.searchParams.set(name, value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`it leads to a ${url.protocol} address`);
  const agent = await beforeAbort(pinnedAgent(url.hostname, asked.isLocal, resolve), signal);
  try {
    const response = await request(url, { dispatcher: agent, signal, headers: headersFor(asked) });
    const header = (name: string) => first(response.headers[name]);
    if (response.statusCode === 304) return { changed: false };
    if (REDIRECTS.has(response.statusCode)) {
      const location = header('location');
      if (location === undefined) throw new Error('it redirects without saying where to');
      return {
        location: withoutSecrets(new URL(location, asked.url), asked.secretQuery).href,
        isPermanent: response.statusCode === 301 || response.statusCode === 308,
      };
    }
    if (response.statusCode !== 200) {
      const refusal = refusalOf(response.statusCode, header);
      if (refusal.retryAt !== undefined && !asked.isLocal) holdHost(url.host, refusal.retryAt);
      throw refusal;
    }
    return {
      changed: true,
      url: asked.url,
      movedTo: undefined,
      link: header('link') ?? '',
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

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
