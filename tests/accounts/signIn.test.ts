import { TOTP, Secret } from 'otpauth';
import { changeAccount, createLink, getAccount } from '../../src/accounts/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { PASSWORD, addAccount, cookieOf, csrfOf, deskLink, enterDesk, postForm } from '../support/desk.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';

// Coming in, as a browser does it.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
const NEW = 'seven silver spoons slide';

beforeEach(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  await addPublication(house.database.db);
  await addNewsletter(house.database.db);
});
afterEach(async () => {
  await web.close();
  await house.remove();
});

const address = 'administrator@review.example';
const signIn = (password: string, who = address, fields: Record<string, string> = {}, headers = {}) =>
  postForm(web, '/sign-in', { address: who, password, ...fields }, headers);
const isIn = async (cookie: string) =>
  (await fetch(`${web.deskUrl}/account`, { headers: { cookie }, redirect: 'manual' })).status === 200;
const mails = async () => {
  const entries = await house.inbox!.mail.list(0, 50);
  return Promise.all(entries.map(async ({ id, to }) => ({ to, text: (await house.inbox!.mail.read(id))!.toString() })));
};
const linkIn = (text: string) => /\/join\/(\w+)/.exec(text.replace(/=\r\n/g, ''))?.[1] ?? '';

/** Sets up a second factor by the account's page; returns what makes codes, and the recovery codes. */
async function setUpFactor(cookie: string) {
  const _csrf = await csrfOf(web, cookie);
  const page = await (await postForm(web, '/account/factor', { _csrf }, { cookie })).text();
  const secret = /<code>([A-Z2-7 ]+)<\/code>/.exec(page)![1]!.replaceAll(' ', '');
  expect(page).toContain('src="data:image/svg+xml;base64,');
  const totp = new TOTP({ secret: Secret.fromBase32(secret) });
  const wrong = await postForm(web, '/account/factor/confirmation', { _csrf, code: '000000' }, { cookie });
  expect(wrong.status).toBe(403);
  const done = await (
    await postForm(web, '/account/factor/confirmation', { _csrf, code: totp.generate() }, { cookie })
  ).text();
  const codes = [...done.matchAll(/<li><code>([\w-]+)<\/code><\/li>/g)].map((match) => match[1]!);
  return { totp, codes };
}

test('the first administrator is made by a link that works once, and signs in then', async () => {
  const { db } = house.database;
  const token = await createLink(db, { kind: 'first', accountId: null }, new Date());
  expect(await (await fetch(`${web.deskUrl}/join/${token}`)).text()).toContain('The first administrator');
  const person = { name: 'Ana', address: 'ana@review.example', password: NEW, again: NEW };
  const weak = await postForm(web, `/join/${token}`, { ...person, password: 'ana', again: 'ana' });
  expect([weak.status, await weak.text()]).toEqual([400, expect.stringContaining('fewer than 12 characters')]);
  const made = await postForm(web, `/join/${token}`, person);
  expect([made.status, made.headers.get('location'), made.headers.get('set-cookie')]).toEqual([
    303,
    '/sign-in?done=password',
    null,
  ]);
  expect((await postForm(web, `/join/${token}`, { ...person, address: 'eve@review.example' })).status).toBe(404);
  const signed = await signIn(NEW, 'Ana@Review.example');
  expect([signed.status, signed.headers.get('location')]).toEqual([303, '/']);
  expect(await isIn(cookieOf(signed))).toBe(true);
});

test('passwords are kept as argon2id, and sessions and links as hashes', async () => {
  await addAccount(house);
  const cookie = await enterDesk(house, web);
  const link = await deskLink(house, web);
  const { rows } = await sql<{ dump: string }>`
    select string_agg(t::text, ' ') as dump from (
      select a::text as t from accounts a union all select s::text from sessions s union all select l::text from account_links l
    ) x`.execute(house.database.db);
  expect(rows[0]!.dump).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  for (const secret of [PASSWORD, cookie.split('=')[1]!, link.split('/').at(-1)!])
    expect(rows[0]!.dump).not.toContain(secret);
});

test('THREATS 24: a known and an unknown address get the same answer, in the same time, whatever is sent', async () => {
  await addAccount(house);
  const answers = [await signIn('wrong'), await signIn('wrong', 'nobody@review.example')];
  const pages = await Promise.all(answers.map(async (one) => (await one.text()).replaceAll(/value="[^"]*"/g, '')));
  expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  expect(pages[0]).toBe(pages[1]);
  // The work is the same: a hash is checked where there is none.
  const spent = async (who: string) => {
    const began = process.cpuUsage();
    await (await signIn('wrong', who)).text();
    // Of the two together: how they are split is counted in ticks, which are as long as a hash.
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  // The least of some: what else the process does at the time is no part of it.
  const times: [known: number, unknown: number][] = [];
  for (let tries = 0; tries < 3; tries++)
    times.push([await spent(address), await spent(`nobody${tries}@review.example`)]);
  const [known, unknown] = [0, 1].map((of) => Math.min(...times.map((one) => one[of]!)));
  expect(unknown).toBeGreaterThan(known! / 3);
  for (const body of [
    '{"address":{"$ne":null},"password":{"$ne":null}}',
    '[]',
    'null',
    '{"password":["a"],"address":["b"]}',
  ]) {
    const answer = await fetch(`${web.deskUrl}/sign-in`, {
      method: 'POST',
      headers: { origin: web.deskUrl, 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(400);
  }
  const doubled = await fetch(`${web.deskUrl}/sign-in`, {
    method: 'POST',
    headers: { origin: web.deskUrl, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'address=a&address=b&password=c&password[]=d',
  });
  expect(doubled.status).toBe(400);
});

test('wrong tries are limited by account, whoever asks, and by address, whomever they ask for', async () => {
  await addAccount(house);
  const { status: first } = await signIn('wrong');
  for (let index = 0; index < 4; index++) await signIn('wrong');
  const limited = await signIn(PASSWORD);
  expect([first, limited.status]).toEqual([401, 429]);
  expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await limited.text()).toContain('Too many tries');
  // Another process sees the same: it is in the database.
  const { rows } = await sql<{ key: string }>`select key from rate_limits where key like 'sign-in%'`.execute(
    house.database.db,
  );
  expect(rows.length).toBeGreaterThanOrEqual(2);
  expect(JSON.stringify(rows)).not.toContain(address);
  const statuses = await Promise.all(
    Array.from({ length: 25 }, (_, index) => signIn('wrong', `x${index}@review.example`)),
  );
  expect(statuses.map(({ status }) => status)).toContain(429);
});

test('THREATS 27: signing in makes a new session, whatever cookie came, and the cookie is for no script', async () => {
  await addAccount(house);
  const planted = await enterDesk(house, web, { role: 'viewer' });
  const signed = await signIn(PASSWORD, address, {}, { cookie: planted });
  const fresh = cookieOf(signed);
  expect(fresh).not.toBe(planted);
  expect(signed.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  const out = await postForm(web, '/sign-out', { _csrf: await csrfOf(web, fresh) }, { cookie: fresh });
  expect(out.headers.get('location')).toBe('/sign-in?done=out');
  expect(await isIn(fresh)).toBe(false);
});

test('THREATS 22: after signing in one goes to a page of the desk and nowhere else', async () => {
  await addAccount(house);
  for (const next of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/%0d%0aset-cookie:x',
    '\t//evil.example',
  ]) {
    const location = (await signIn(PASSWORD, address, { next })).headers.get('location')!;
    expect(new URL(location, web.deskUrl).origin).toBe(web.deskUrl);
  }
  expect((await signIn(PASSWORD, address, { next: '/editions/1?view=dark' })).headers.get('location')).toBe(
    '/editions/1?view=dark',
  );
});

test('with a second factor the password opens nothing; each code is good once; a recovery code does, once', async () => {
  await addAccount(house);
  const { totp, codes } = await setUpFactor(cookieOf(await signIn(PASSWORD)));
  expect(codes).toHaveLength(10);
  const half = await signIn(PASSWORD);
  expect(half.headers.get('location')).toBe('/second-factor');
  const waiting = cookieOf(half);
  expect(await isIn(waiting)).toBe(false);
  expect(await isIn(waiting.replace('half-way', 'session'))).toBe(false);
  // The code that set it up has been used.
  expect((await postForm(web, '/second-factor', { code: totp.generate() }, { cookie: waiting })).status).toBe(401);
  const next = totp.generate({ timestamp: Date.now() + 30_000 });
  const passed = await postForm(web, '/second-factor', { code: next }, { cookie: waiting });
  expect([passed.status, await isIn(cookieOf(passed))]).toEqual([303, true]);
  expect((await postForm(web, '/second-factor', { code: next }, { cookie: waiting })).status).toBe(401);
  const again = cookieOf(await signIn(PASSWORD));
  const recovered = await postForm(
    web,
    '/second-factor',
    { code: codes[0]!.toUpperCase().replace('-', ' ') },
    { cookie: again },
  );
  expect(recovered.status).toBe(303);
  const third = cookieOf(await signIn(PASSWORD));
  expect((await postForm(web, '/second-factor', { code: codes[0]! }, { cookie: third })).status).toBe(401);
});

test('THREATS 4: a reset sets a password and opens no session, and the second factor is still asked for', async () => {
  await addAccount(house);
  await setUpFactor(cookieOf(await signIn(PASSWORD)));
  await postForm(web, '/forgotten', { address });
  await waitFor(async () => (await mails()).length > 0);
  const [letter] = await mails();
  const token = linkIn(letter!.text);
  const done = await postForm(web, `/join/${token}`, { password: NEW, again: NEW, address });
  expect([done.status, done.headers.get('set-cookie')]).toEqual([303, null]);
  const signed = await signIn(NEW);
  expect(signed.headers.get('location')).toBe('/second-factor');
  expect((await postForm(web, `/join/${token}`, { password: PASSWORD, again: PASSWORD })).status).toBe(404);
  expect((await signIn(PASSWORD)).status).toBe(401);
});

test('THREATS 26: however often a reset is asked for, one letter goes out, and nothing says whether there is such an account', async () => {
  await addAccount(house);
  const answers = [];
  for (let index = 0; index < 10; index++) answers.push(await (await postForm(web, '/forgotten', { address })).text());
  answers.push(await (await postForm(web, '/forgotten', { address: 'nobody@review.example' })).text());
  expect(new Set(answers).size).toBe(1);
  await waitFor(async () => (await mails()).length > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await mails()).map(({ to }) => to)).toEqual([address]);
});

test.each([
  [
    'a password',
    async (id: number, cookie: string) => {
      const _csrf = await csrfOf(web, cookie);
      const answer = await postForm(
        web,
        '/account/password',
        { _csrf, old: PASSWORD, password: NEW, again: NEW },
        { cookie },
      );
      expect([answer.status, id]).toEqual([200, id]);
      return true;
    },
  ],
  [
    'a second factor',
    async (_id: number, cookie: string) => {
      await setUpFactor(cookie);
      return true;
    },
  ],
  [
    'a role',
    async (id: number) => {
      await addAccount(house, { address: 'second@review.example' });
      await changeAccount({ db: house.database.db, clock: house.clock }, id, { role: 'editor' }, 'a test');
      return false;
    },
  ],
  [
    'being shut',
    async (id: number) => {
      await addAccount(house, { address: 'second@review.example' });
      await changeAccount({ db: house.database.db, clock: house.clock }, id, { disabled: true }, 'a test');
      return false;
    },
  ],
])('THREATS 3: a change of %s ends the other sessions at once, and links that were not used', async (_what, change) => {
  const { id } = await addAccount(house);
  const own = cookieOf(await signIn(PASSWORD));
  const other = cookieOf(await signIn(PASSWORD));
  const link = await deskLink(house, web);
  expect([await isIn(own), await isIn(other)]).toEqual([true, true]);
  const staysIn = await change(id, own);
  expect([await isIn(own), await isIn(other)]).toEqual([staysIn, false]);
  expect((await fetch(link, { redirect: 'manual' })).status).toBe(403);
});

test('the last administrator stays one', async () => {
  const { id } = await addAccount(house);
  const parts = { db: house.database.db, clock: house.clock };
  await expect(changeAccount(parts, id, { role: 'viewer' }, 'a test')).rejects.toMatchObject({ code: 'state-refused' });
  await expect(changeAccount(parts, id, { disabled: true }, 'a test')).rejects.toMatchObject({ code: 'state-refused' });
  const { id: second } = await addAccount(house, { address: 'second@review.example' });
  const results = await Promise.allSettled([
    changeAccount(parts, id, { disabled: true }, 'a test'),
    changeAccount(parts, second, { disabled: true }, 'a test'),
  ]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('somebody is invited by letter, chooses a password, and is what they were invited as', async () => {
  const cookie = await enterDesk(house, web);
  const _csrf = await csrfOf(web, cookie, '/accounts');
  const fields = { _csrf, name: 'Bo', address: 'bo@review.example', role: 'author', 'newsletter-1': 'on' };
  const page = await (await postForm(web, '/accounts', fields, { cookie })).text();
  expect(page).toContain('a letter is on its way to bo@review.example');
  const [letter] = await mails();
  expect(letter!.to).toBe('bo@review.example');
  // THREATS 23: its link begins with the configured address, whatever Host came.
  expect(letter!.text.replace(/=\r\n/g, '')).toContain(`${house.config.deskUrl}/join/`);
  expect((await signIn('', 'bo@review.example')).status).toBe(401);
  await postForm(web, `/join/${linkIn(letter!.text)}`, { password: NEW, again: NEW });
  const signed = await signIn(NEW, 'bo@review.example');
  expect(await isIn(cookieOf(signed))).toBe(true);
  expect(await getAccount(house.database.db, 2)).toMatchObject({
    role: 'author',
    newsletterIds: [1],
    hasPassword: true,
  });
  expect((await postForm(web, '/accounts', fields, { cookie })).status).toBe(409);
});

test('what was done at the door is written down, with where it came from, and cannot be unwritten', async () => {
  const { db } = house.database;
  await addAccount(house);
  await signIn('wrong');
  await signIn(PASSWORD, address, {}, { 'user-agent': '<img src=x onerror=alert(1)>' });
  const cookie = await enterDesk(house, web);
  const page = await (await fetch(`${web.deskUrl}/audit?act=sign`, { headers: { cookie } })).text();
  expect(page).toContain('sign-in refused');
  expect(page).toContain('desk, 127.0.0.1');
  expect(page).not.toContain('<img src=x');
  await expect(sql`delete from audit_log`.execute(db)).rejects.toThrow('append-only');
  await expect(sql`update audit_log set actor = 'nobody'`.execute(db)).rejects.toThrow('append-only');
  await expect(sql`truncate audit_log`.execute(db)).rejects.toThrow('append-only');
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 10_000; Date.now() < until;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  throw new Error('it did not come');
}
