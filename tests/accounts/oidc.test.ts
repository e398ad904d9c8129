import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Web, startWeb } from '../../src/http/index.ts';
import { addAccount, cookieOf } from '../support/desk.ts';
import { freePort } from '../support/ports.ts';
import { addPublication, openHouse } from '../support/house.ts';

// A real OpenID provider on loopback, and a browser's way through it.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let provider: Server;
let issuer: string;
let person: { sub: string; email: string; email_verified: boolean };

beforeAll(async () => {
  const deskPort = await freePort();
  const deskUrl = `http://127.0.0.1:${deskPort}`;
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  // It warns of what is meant for trying out, at length.
  Object.assign(console, { warn: () => {}, info: () => {} });
  const { default: Provider } = await import('oidc-provider');
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: 'roundup',
        client_secret: 'a-client-secret-that-is-long-enough',
        redirect_uris: [`${deskUrl}/sign-in/provider/return`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    findAccount: async (_context, sub) => ({ accountId: sub, claims: async () => ({ ...person, sub }) }),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['a key for cookies'] },
    features: { devInteractions: { enabled: true } },
  });
  oidc.on('server_error', () => {});
  provider = oidc.listen(port, '127.0.0.1') as unknown as Server;
  await new Promise((resolve) => provider.once('listening', resolve));
  expect((provider.address() as AddressInfo).port).toBe(port);
  house = await openHouse({
    config: {
      deskPort,
      deskUrl,
      oidc: { issuer, clientId: 'roundup', clientSecret: 'a-client-secret-that-is-long-enough', name: 'The House' },
    },
  });
  web = await startWeb(house);
  await addPublication(house.database.db);
  await addAccount(house, { address: 'ana@review.example', name: 'Ana' });
});
afterAll(async () => {
  await web.close();
  await house.remove();
  provider.closeAllConnections();
  await new Promise((resolve) => provider.close(resolve));
});

/** A browser with cookies, that follows where it is sent until it is back at the desk, and says what that answered. */
async function goThrough(login: string, tamper: (url: URL) => void = () => {}): Promise<Response> {
  const jar = new Map<string, Map<string, string>>();
  const visit = async (url: string, init: RequestInit = {}) => {
    const cookies = jar.get(new URL(url).host) ?? new Map<string, string>();
    jar.set(new URL(url).host, cookies);
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, { redirect: 'manual', ...init, headers: { ...init.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...value] = line.split(';')[0]!.split('=');
      if (/Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name!);
      else cookies.set(name!, value.join('='));
    }
    return answer;
  };
  let at = `${web.deskUrl}/sign-in/provider?next=/account`;
  for (let step = 0; step < 20; step++) {
    const answer = await visit(at);
    const location = answer.headers.get('location');
    if (answer.status >= 300 && answer.status < 400 && location !== null) {
      const next = new URL(location, at);
      if (next.origin === web.deskUrl) {
        if (!next.pathname.startsWith('/sign-in/provider')) return answer;
        tamper(next);
      }
      at = next.href;
      continue;
    }
    if (new URL(at).origin !== issuer) return answer;
    // The provider's own page: say who one is, then agree.
    const page = await answer.text();
    const action = /action="([^"]+)"/.exec(page)?.[1] ?? '';
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? '';
    const posted = await visit(new URL(action, at).href, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ prompt, login, password: 'x' }),
    });
    at = new URL(posted.headers.get('location')!, at).href;
  }
  throw new Error('the way does not end');
}

test('somebody whose address the provider has verified comes in as their account, and is known from then on', async () => {
  person = { sub: 'ana-1', email: 'Ana@review.example', email_verified: true };
  const answer = await goThrough('ana-1');
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
  const session = answer.headers
    .getSetCookie()
    .find((line) => line.includes('session'))!
    .split(';')[0]!;
  const page = await (await fetch(`${web.deskUrl}/account`, { headers: { cookie: session } })).text();
  expect(page).toContain('ana@review.example');
  // Known by issuer and subject: another address at the provider changes nothing.
  person = { sub: 'ana-1', email: 'else@elsewhere.example', email_verified: true };
  expect((await goThrough('ana-1')).headers.get('location')).toBe('/account');
});

test('an address that is not verified, that nobody has here, or that is another person’s by now, opens nothing', async () => {
  for (const [sub, email, isVerified] of [
    ['eve-1', 'ana@review.example', false],
    ['eve-2', 'eve@review.example', true],
    ['eve-3', 'ana@review.example', true],
  ] as const) {
    person = { sub, email, email_verified: isVerified };
    const answer = await goThrough(sub);
    expect([answer.status, cookieOf(answer)]).toEqual([403, expect.not.stringContaining('session')]);
    expect(await answer.text()).toContain('no account here');
  }
});

test('an answer with another state, another code, or without its cookie opens nothing', async () => {
  person = { sub: 'ana-1', email: 'ana@review.example', email_verified: true };
  const forged = await goThrough('ana-1', (url) => url.searchParams.has('state') && url.searchParams.set('state', 'x'));
  expect(forged.status).toBe(403);
  const guessed = await goThrough('ana-1', (url) => url.searchParams.has('code') && url.searchParams.set('code', 'x'));
  expect(guessed.status).toBe(403);
  const bare = await fetch(`${web.deskUrl}/sign-in/provider/return?code=x&state=y`, { redirect: 'manual' });
  expect(bare.status).toBe(403);
});
