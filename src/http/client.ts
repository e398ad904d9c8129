import type { FastifyRequest } from 'fastify';
import type { From } from '../accounts/index.ts';
import type { Origin } from '../audit/index.ts';
import { plainAddress, wideNetworkOf } from '../lib/network.ts';

// Who is at the other end, for sessions, limits and the audit log.

/** The client's address, behind the proxies that TRUST_PROXY names; what they wrote there that is none does not count. */
export function addressOf({ ip, socket }: FastifyRequest): string {
  return plainAddress(ip) ?? plainAddress(socket.remoteAddress ?? '') ?? 'unknown';
}

export function fromOf(request: FastifyRequest): From {
  return { address: addressOf(request), agent: request.headers['user-agent'] ?? '' };
}

/** What the audit log keeps of a request, beside the act. */
export function originOf(request: FastifyRequest): Origin {
  const { identity } = request;
  const via = identity !== null && identity.session === null ? 'api' : 'desk';
  return { via, accountId: identity?.account.id ?? null, ...fromOf(request) };
}

/** The same of what a reader does by a link: no more than the network, which is nobody in particular. */
export function readerOrigin(request: FastifyRequest): Origin {
  return { via: 'link', accountId: null, address: wideNetworkOf(addressOf(request)), agent: '' };
}
