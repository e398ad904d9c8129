import { request } from 'undici';
import { RoundupError } from '../errors.ts';
import { systemResolver } from './addresses.ts';
import { beforeAbort, pinnedAgent } from './agent.ts';
import { FetchError, Refusal, inWords, refusalOf } from './failure.ts';
import { FETCH_LIMITS, type FetchOptions } from './fetch.ts';

export interface PostRequest {
  url: string;
  /** May it lead to private and loopback addresses? */
  isLocal: boolean;
  body: string;
  headers: Record<string, string>;
}

const USER_AGENT = 'Roundup/0.1 (newsletter desk; webhooks)';

/**
 * Posts to an address that is checked as a fetch's is, and follows no redirect. Returns the status where it is a success (2xx);
 * what comes with it is of no interest. Throws a FetchError with the reason as a sentence.
 */
export async function postDocument(asked: PostRequest, options: FetchOptions = {}): Promise<number> {
  const limits = options.limits ?? FETCH_LIMITS;
  const signal = AbortSignal.timeout(limits.timeMs);
  try {
    return await postOnce(asked, options, signal);
  } catch (error) {
    if (error instanceof RoundupError) throw error;
    const { status, retryAt } = error instanceof Refusal ? error : {};
    throw new FetchError(`${new URL(asked.url).origin}: ${inWords(error, signal, limits)}`, {
      ...(status === undefined ? {} : { status }),
      ...(retryAt === undefined ? {} : { retryAt }),
      cause: error,
    });
  }
}

async function postOnce(asked: PostRequest, options: FetchOptions, signal: AbortSignal): Promise<number> {
  const url = new URL(asked.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`it leads to a ${url.protocol} address`);
  const agent = await beforeAbort(pinnedAgent(url.hostname, asked.isLocal, options.resolve ?? systemResolver), signal);
  try {
    const { statusCode, headers } = await request(url, {
      method: 'POST',
      dispatcher: agent,
      signal,
      headers: { 'user-agent': USER_AGENT, ...asked.headers },
      body: asked.body,
    });
    if (statusCode >= 200 && statusCode < 300) return statusCode;
    throw refusalOf(statusCode, (name) => [headers[name]].flat()[0]);
  } finally {
    await agent.destroy();
  }
}
