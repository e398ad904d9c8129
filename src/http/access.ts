import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Account, type Role, type Scope, isAtLeast, isSessionGood, isTokenGood } from '../accounts/index.ts';
import type { Database } from '../platform/database/index.ts';

// Who may call a route is declared with the route, and a server refuses to start with one that does not say. What a route
// gives of one newsletter's things to an account that is for another's is decided where the thing is at hand (`mayNewsletter`).

export type Access =
  /** Nothing is asked. */
  | { who: 'anyone' }
  /** Whoever has the signed or one-time token in the address. */
  | { who: 'link' }
  /** Whoever has given the right password and not the second factor yet. */
  | { who: 'half-way' }
  /** An account of that role at least, by a session or, where there is a scope, by a token that has it. */
  | {
      who: Role;
      scope?: Scope;
      /** For none who are here for some newsletters only. */
      wholeHouse?: true;
    };

export interface Identity {
  account: Account;
  /** The newsletters that it may see; null is all. */
  newsletterIds: number[] | null;
  /** The hash of its session; null where it is a token. */
  session: string | null;
  /** Null where it is a session. */
  tokenId: number | null;
  /** A token's scopes; null is all that the role may. */
  scopes: ReadonlySet<Scope> | null;
  /** What a form, or a header, has to bring back. */
  csrf: string;
}

/** A route as a server has it. */
export interface DeclaredRoute {
  method: string;
  url: string;
  access: Access;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Not counted against anybody's limit: what providers and mail programs ask for from few addresses. */
    unlimited?: boolean;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
  interface FastifyInstance {
    declaredRoutes: DeclaredRoute[];
  }
}

/** Makes a route without a declaration a fault at start. */
export function insistOnAccess(server: FastifyInstance): void {
  server.decorateRequest('identity', null);
  server.decorate('declaredRoutes', []);
  server.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access;
    if (access === undefined) throw new Error(`the route ${String(method)} ${url} does not declare who may call it`);
    const methods = [method].flat().filter((one) => one !== 'HEAD');
    server.declaredRoutes.push(...methods.map((one) => ({ method: one, url, access })));
  });
}

export function isOpenToAll(access: Access): boolean {
  return access.who === 'anyone' || access.who === 'link' || access.who === 'half-way';
}

/** What is lacking, in words; undefined where it may. */
export function lackOf(identity: Identity, access: Access): string | undefined {
  if (access.who === 'anyone' || access.who === 'link' || access.who === 'half-way') return undefined;
  if (!isAtLeast(identity.account.role, access.who))
    return `This is for ${access.who}s; you are ${identity.account.role === 'viewer' ? 'a' : 'an'} ${identity.account.role}.`;
  if (access.wholeHouse === true && identity.newsletterIds !== null)
    return 'This belongs to all newsletters, and you are here for some of them.';
  if (identity.scopes === null) return undefined;
  if (access.scope === undefined) return 'This is for people who are signed in, not for tokens.';
  return identity.scopes.has(access.scope) ? undefined : `This token lacks the scope ${access.scope}.`;
}

/** Whose request it is. A route that is open to all has nobody to ask. */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new Error(`${request.url} was reached without an identity`);
  return request.identity;
}

/** Is whoever it was still let in? For what goes on for longer than a request. */
export async function isStillIn(db: Database, { session, tokenId }: Identity, now: Date): Promise<boolean> {
  if (session !== null) return isSessionGood(db, session, now);
  return tokenId !== null && isTokenGood(db, tokenId, now);
}

export function mayNewsletter({ newsletterIds }: Identity, newsletterId: number): boolean {
  return newsletterIds === null || newsletterIds.includes(newsletterId);
}
