import {
  type Account,
  type Role,
  createLink,
  findAccountByAddress,
  makeAccount,
  setPassword,
} from '../../src/accounts/index.ts';
import type { App } from '../../src/app.ts';
import type { Web } from '../../src/http/index.ts';

// People at the desk, as a test wants them.

export const PASSWORD = 'correct horse battery staple';

type Person = { role?: Role; name?: string; address?: string; newsletterIds?: number[] | null };

/** An account with a password. */
export async function addAccount(app: App, person: Person = {}): Promise<Account> {
  const { role = 'administrator', newsletterIds = null } = person;
  const { name = `An ${role}`, address = `${role}@review.example` } = person;
  const known = await findAccountByAddress(app.database.db, address);
  if (known !== undefined) return known;
  const parts = { db: app.database.db, clock: app.clock };
  const { account } = await makeAccount(parts, { role, name, address, newsletterIds }, 'a test');
  await setPassword(parts, account, PASSWORD, { by: 'a test' });
  return account;
}

/** A one-time link to a page of the desk, as an account. */
export async function deskLink(app: App, web: Web, target = '/', person: Person = {}): Promise<string> {
  const { id } = await addAccount(app, person);
  const token = await createLink(app.database.db, { kind: 'sign-in', accountId: id, target }, app.clock.now());
  return `${web.deskUrl}/enter/${token}`;
}

/** The cookie of an account that has come in. */
export async function enterDesk(app: App, web: Web, person: Person = {}): Promise<string> {
  const answer = await fetch(await deskLink(app, web, '/', person), { redirect: 'manual' });
  return cookieOf(answer);
}

export function cookieOf(answer: Response): string {
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** What a page's forms bring back. */
export async function csrfOf(web: Web, cookie: string, path = '/account'): Promise<string> {
  const html = await (await fetch(web.deskUrl + path, { headers: { cookie } })).text();
  return /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
}

/** Sends a form as a browser does that follows where it is sent, with the word that is told there. */
export async function submitForm(
  web: Web,
  path: string,
  fields: Record<string, string>,
  cookie: string,
): Promise<{ status: number; html: string; url: string }> {
  const answer = await postForm(web, path, fields, { cookie });
  const to = answer.headers.get('location');
  if (answer.status !== 303 || to === null) return { status: answer.status, html: await answer.text(), url: path };
  const page = await fetch(web.deskUrl + to, { headers: { cookie: `${cookie}; ${cookieOf(answer)}` } });
  return { status: page.status, html: await page.text(), url: to };
}

/** Sends a form as a browser does. */
export function postForm(
  web: Web,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(web.deskUrl + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: web.deskUrl, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields),
  });
}

/** Somebody at the desk who looks at pages and sends forms. */
export async function visitor(app: App, web: Web, person: Person = {}) {
  const cookie = await enterDesk(app, web, person);
  const _csrf = await csrfOf(web, cookie);
  return {
    cookie,
    get: async (path: string) => {
      const answer = await fetch(web.deskUrl + path, { headers: { cookie }, redirect: 'manual' });
      return { status: answer.status, html: await answer.text() };
    },
    post: (path: string, fields: Record<string, string> = {}) => submitForm(web, path, { _csrf, ...fields }, cookie),
    /** A form with a file, as a browser sends it. */
    upload: async (
      path: string,
      fields: Record<string, string>,
      file: { name: string; bytes: Uint8Array<ArrayBuffer> },
    ) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ _csrf, ...fields })) form.set(name, value);
      form.set('file', new Blob([file.bytes]), file.name);
      const headers = { cookie, origin: web.deskUrl };
      const answer = await fetch(web.deskUrl + path, { method: 'POST', redirect: 'manual', headers, body: form });
      const to = answer.headers.get('location');
      if (answer.status !== 303 || to === null) return { status: answer.status, html: await answer.text(), url: path };
      const page = await fetch(web.deskUrl + to, { headers: { cookie: `${cookie}; ${cookieOf(answer)}` } });
      return { status: page.status, html: await page.text(), url: to };
    },
  };
}
