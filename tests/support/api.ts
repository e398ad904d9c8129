import type { Role, Scope } from '../../src/accounts/index.ts';
import { SCOPES, makeToken } from '../../src/accounts/index.ts';
import type { App } from '../../src/app.ts';
import type { Web } from '../../src/http/index.ts';
import { addAccount } from './desk.ts';

// The API as a program sees it.

export interface Answered<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

type Person = { role?: Role; address?: string; name?: string; newsletterIds?: number[] | null };

export async function tokenFor(
  app: App,
  person: Person = {},
  token: { scopes?: Scope[]; newsletterIds?: number[] | null; days?: number } = {},
): Promise<string> {
  const { scopes = SCOPES, newsletterIds = null, days = 1 } = token;
  const account = await addAccount(app, person);
  const parts = { db: app.database.db, clock: app.clock };
  return (await makeToken(parts, account, { name: 'a test', scopes, newsletterIds, days })).secret;
}

export function apiClient(web: Web, secret: string) {
  return async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered<T>> {
    const answer = await fetch(`${web.deskUrl}/api/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body === undefined || body instanceof Uint8Array ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : { text }) as T };
  };
}
