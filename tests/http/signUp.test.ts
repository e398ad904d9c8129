import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { findNewsletter } from '../../src/editions/index.ts';
import { type Web, formSnippet, startWeb } from '../../src/http/index.ts';
import { DAY_MS } from '../../src/lib/time.ts';
import { inviteReader, publicNewsletters, tick } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import {
  findSubscriberByAddress,
  insertSuppression,
  listConsents,
  listSubscriptions,
} from '../../src/subscribers/index.ts';
import { listDeliveriesOf, makeWebhook } from '../../src/webhooks/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';
import { type Fields, lettersSent, pathIn, postFields } from '../support/readers.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// How a reader comes, over HTTP and SMTP: asks, gets one letter, says yes.

const PROMISE =
  'Our weekly round-up of your favourite contributors and reporters, as well as staff analysis and opinion.';
let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let sink: SmtpSink;
let clock: MovableClock;
let base: string;

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-25T09:00:00Z');
  house = await openHouse({ relay: sink.relay, clock, config: { trustProxy: 1 } });
  web = await startWeb(house);
  base = `http://127.0.0.1:${web.port}`;
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, {
    isPublic: true,
    description: PROMISE,
    topics: [
      { key: 'asia', title: 'Asia' },
      { key: 'africa', title: 'Africa' },
    ],
  });
  await addNewsletter(db, { isPublic: true }, '2026-01-01T00:00:00Z', 'daily');
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'staff');
  await sql`update newsletters set name = initcap(slug)`.execute(db);
});
afterEach(async () => {
  await web.close();
  await house.remove();
  await sink.close();
});

const db = () => house.database.db;
const post = (path: string, fields: Fields, headers: Record<string, string> = {}) =>
  postFields(base + path, fields, headers);
const ask = (fields: Fields, headers: Record<string, string> = {}) =>
  post('/subscribe', { newsletter: 'weekly', ...fields }, headers);
const letters = () => lettersSent(house, sink);
const last = async () => (await letters()).at(-1)!;
const page = async (answer: Promise<Response>) => {
  const response = await answer;
  return { status: response.status, html: await response.text() };
};
const subscriptions = async (address: string) => {
  const subscriber = await findSubscriberByAddress(db(), address);
  return subscriber === undefined ? undefined : listSubscriptions(db(), subscriber.id);
};

test('the whole way: ask, one letter, a page that a scanner changes nothing on, yes, welcome, with the proof kept', async () => {
  expect((await page(fetch(`${base}/subscribe?newsletter=weekly`))).html).toContain(PROMISE);
  const asked = await page(
    ask(
      { address: 'Ana@Readers.example', name: '<b>Ana</b>', topic: ['asia', 'nonsense'] },
      { 'x-forwarded-for': '192.0.2.7' },
    ),
  );
  expect([asked.status, asked.html]).toEqual([200, expect.stringContaining('Look into your mail')]);
  expect(await subscriptions('ana@readers.example')).toBeUndefined();

  const confirm = await last();
  expect(sink.mails).toHaveLength(1);
  expect([confirm.to?.[0], confirm.subject]).toEqual([
    { address: 'Ana@readers.example', name: '' },
    'Please confirm: Weekly',
  ]);
  // Nothing of what the visitor wrote is in it.
  expect(JSON.stringify(confirm)).not.toMatch(/<b>|Ana<|asia/);
  const wanted = { name: 'x', url: 'https://hooks.example/', isLocal: false, newsletterIds: null };
  const webhook = { ...wanted, events: ['subscription.started' as const] };
  await makeWebhook({ db: db(), clock, keys: house.config.keys }, webhook, 'a test');
  const link = pathIn(confirm.text!, 'confirm');
  for (let scans = 0; scans < 3; scans++) expect((await fetch(base + link)).status).toBe(200);
  expect(await subscriptions('ana@readers.example')).toBeUndefined();
  const shown = await page(fetch(base + link));
  expect(shown.html).toContain('Ana@readers.example');

  const confirmed = await page(post(link, { newsletter: '1' }));
  expect([confirmed.status, confirmed.html]).toEqual([200, expect.stringContaining('You are in')]);
  expect(await subscriptions('ana@readers.example')).toEqual([
    expect.objectContaining({ newsletterId: 1, state: 'active', topics: ['asia'] }),
  ]);
  const told = (await listDeliveriesOf(db(), 1, { limit: 9 })).map(({ type, payload }) => ({ type, payload }));
  const data = expect.objectContaining({ subscriberId: 1, newsletterId: 1 });
  expect(told).toEqual([{ type: 'subscription.started', payload: expect.objectContaining({ data }) }]);
  const [consent] = await listConsents(db(), 1);
  expect(consent).toMatchObject({ form: 'page', address: '192.0.2.7', givenAt: clock.now(), askedAt: clock.now() });
  expect(consent!.words).toContain(PROMISE);

  const welcome = await last();
  expect(welcome.subject).toBe('Welcome to Weekly');
  expect(welcome.text).toContain('favourite contributors');
  expect(welcome.headers.find(({ key }) => key === 'list-unsubscribe-post')?.value).toBe('List-Unsubscribe=One-Click');
  expect((await fetch(base + pathIn(welcome.text!, 'p'))).status).toBe(200);
  // Once.
  expect((await page(post(link, { newsletter: '1' }))).status).toBe(404);
  expect((await page(fetch(base + link))).html).toContain('has done its work');
});

test('whoever is invited may say yes to what is open to nobody else; a suppressed address gets no letter', async () => {
  const newsroom = await house.newsroom();
  const staff = (await findNewsletter(db(), 3))!;
  const invite = (address: string) => inviteReader(newsroom, staff, { address, name: 'Ana' }, 'Ed');
  await invite('ana@readers.example');
  const link = pathIn((await last()).text!, 'confirm');
  expect((await page(fetch(base + link))).html).toContain('Staff');
  expect((await page(post(link, { newsletter: '3' }))).html).toContain('You are in');
  expect(await subscriptions('ana@readers.example')).toEqual([expect.objectContaining({ newsletterId: 3 })]);
  // Nobody says that they were invited.
  await ask({ address: 'eve@readers.example', form: 'invited by Ed' });
  expect((await sql<{ form: string }>`select form from sign_ups order by id desc limit 1`.execute(db())).rows).toEqual([
    { form: '“invited by Ed”' },
  ]);
  // Who asks for it on their own gets nothing of it.
  await ask({ address: 'eve@readers.example', newsletter: 'staff' });
  expect(await subscriptions('eve@readers.example')).toBeUndefined();
  await insertSuppression(db(), 'gone@readers.example', '');
  await expect(invite('gone@readers.example')).rejects.toThrow('gone@readers.example is suppressed');
});

test('after a month the address that it came from is its network alone', async () => {
  await ask({ address: 'ana@readers.example' }, { 'x-forwarded-for': '192.0.2.7' });
  await post(pathIn((await last()).text!, 'confirm'), { newsletter: '1' });
  clock.moveTo('2026-12-27T09:00:00Z');
  await tick(await house.newsroom());
  expect((await listConsents(db(), 1))[0]!.address).toBe('192.0.2.0/24');
});

test('asking again adds newsletters, and changes neither the proof of an open wish nor how long its link is good', async () => {
  await ask({ address: 'ana@readers.example', name: 'Ana' }, { 'x-forwarded-for': '192.0.2.7' });
  const first = pathIn((await last()).text!, 'confirm');
  clock.moveTo('2026-11-30T09:00:00Z');
  await ask({ address: 'ana@readers.example', name: 'Eve', newsletter: 'daily' }, { 'x-forwarded-for': '192.0.2.8' });
  const second = pathIn((await last()).text!, 'confirm');
  clock.moveTo('2026-12-03T09:00:00Z');
  expect((await fetch(base + first)).status).toBe(404);
  expect((await post(first, { newsletter: '1' })).status).toBe(404);
  // What was never asked for uses nothing up.
  expect((await post(second, { newsletter: '3' })).status).toBe(404);
  expect((await page(post(second, { newsletter: ['1', '2', '3'] }))).html).toContain('Weekly and Daily');
  const [consent] = await listConsents(db(), 1);
  expect(consent).toMatchObject({ address: '192.0.2.7', askedAt: new Date('2026-11-25T09:00:00Z') });
  expect((await findSubscriberByAddress(db(), 'ana@readers.example'))!.name).toBe('Ana');
});

test('THREATS 26: one letter a day and three in all, whoever asks however often, and then a hash is what is left', async () => {
  for (let day = 0; day < 6; day++) {
    for (let often = 0; often < 5; often++)
      await ask(
        { address: 'victim@readers.example', newsletter: 'daily' },
        { 'x-forwarded-for': `203.0.113.${day * 5 + often}` },
      );
    await letters();
    clock.moveTo(new Date(clock.now().getTime() + DAY_MS + 1_000).toISOString());
  }
  expect(sink.mails).toHaveLength(3);
  clock.moveTo(new Date(clock.now().getTime() + 30 * DAY_MS).toISOString());
  await sql`delete from rate_limits where key = 'sweep'`.execute(db());
  await tick(await house.newsroom());
  const { rows } = await sql<{ row: string }>`select s::text as row from sign_ups s`.execute(db());
  expect(rows[0]!.row).not.toContain('victim');
  await ask({ address: 'victim@readers.example' }, { 'x-forwarded-for': '198.51.100.1' });
  await letters();
  expect(sink.mails).toHaveLength(3);
});

test('a flood of one domain waits its turn, and nobody elsewhere waits for it', async () => {
  await sql`insert into sign_ups (key, address, newsletter_ids, form, words, from_address, asked_at, expires_at, due_at)
    select 'k' || n, 'v' || n || '@flooded.example', '{1}', '', '', '', ${clock.now()}, ${new Date('2026-12-02T09:00:00Z')},
      ${new Date('2026-11-25T08:00:00Z')} from generate_series(1, 400) n`.execute(db());
  await ask({ address: 'ana@readers.example' });
  await letters();
  const to = sink.mails.map((mail) => mail.to);
  expect(to).toContain('ana@readers.example');
  expect(to.length).toBeLessThan(120);
  const { rows } = await sql<{ waiting: number; times: number; last: Date }>`
    select count(*)::int as waiting, count(distinct due_at)::int as times, max(due_at) as last from sign_ups where due_at is not null`.execute(
    db(),
  );
  expect(rows[0]!.times).toBe(rows[0]!.waiting);
  expect(rows[0]!.waiting).toBe(401 - to.length);
  // 300 an hour.
  expect(rows[0]!.last.getTime() - clock.now().getTime()).toBeLessThan(3_700_000);
});

test('THREATS 26: known, unknown, left and suppressed addresses get the same answer', async () => {
  await ask({ address: 'known@readers.example' });
  await post(pathIn((await last()).text!, 'confirm'), { newsletter: '1' });
  await letters();
  await sql`insert into suppressions (address_key, reason) values ('never@readers.example', 'complaint')`.execute(db());
  sink.mails.length = 0;
  clock.moveTo('2026-11-27T09:00:00Z');
  const answers = [];
  for (const [index, address] of [
    'known@readers.example',
    'fresh@readers.example',
    'never@readers.example',
  ].entries()) {
    const answer = await page(ask({ address }, { 'x-forwarded-for': `192.0.2.${index + 50}` }));
    answers.push({ ...answer, html: answer.html.replaceAll(address, '') });
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
  const sent = await letters();
  expect(sent.map(({ to, subject }) => [to?.[0]?.address, subject])).toEqual([
    ['known@readers.example', 'You are subscribed already: Weekly'],
    ['fresh@readers.example', 'Please confirm: Weekly'],
  ]);
});

test('a machine that fills in what people do not see is thanked, and nothing is kept', async () => {
  const trapped = await page(ask({ address: 'bot@readers.example', website: 'https://spam.example' }));
  expect([trapped.status, trapped.html]).toEqual([200, expect.stringContaining('Look into your mail')]);
  expect((await sql`select from sign_ups`.execute(db())).rows).toEqual([]);
});

test('beyond a few from one network a proof of work is wanted, which is good once', async () => {
  const from = { 'x-forwarded-for': '2001:db8::1' };
  for (let count = 0; count < 5; count++)
    expect((await ask({ address: `r${count}@readers.example` }, from)).status).toBe(200);
  const wanted = await page(ask({ address: 'late@readers.example' }, { 'x-forwarded-for': '2001:db8::99' }));
  expect([wanted.status, wanted.html]).toEqual([403, expect.stringContaining('<altcha-widget')]);
  expect(wanted.html).toContain('value="late@readers.example"');
  const challenge = (await (await fetch(`${base}/subscribe/challenge`)).json()) as Challenge;
  const solution = await solveChallenge({ challenge, deriveKey });
  const altcha = Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
  const forged = Buffer.from(JSON.stringify({ challenge: { ...challenge, signature: 'ff' }, solution })).toString(
    'base64',
  );
  expect((await ask({ address: 'late@readers.example', altcha: forged }, from)).status).toBe(403);
  for (const nonsense of ['x', 'bnVsbA==', Buffer.from('{"challenge":{},"solution":{}}').toString('base64')])
    expect((await ask({ address: 'late@readers.example', altcha: nonsense }, from)).status).toBe(403);
  expect((await ask({ address: 'late@readers.example', altcha }, from)).status).toBe(200);
  expect((await ask({ address: 'later@readers.example', altcha }, from)).status).toBe(403);
}, 60_000);

test('a form on another site, and a program, ask the same way; what is not open to all is not there', async () => {
  const json = (body: unknown) =>
    fetch(`${base}/subscribe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://example.org' },
      body: JSON.stringify(body),
    });
  const taken = await json({ address: 'p@readers.example', newsletters: ['weekly', 'daily'], language: 'es' });
  expect([taken.status, taken.headers.get('access-control-allow-origin')]).toEqual([202, '*']);
  expect((await last()).subject).toBe('Confirme, por favor: Weekly y Daily');
  for (const body of [
    { address: 'p@readers.example', newsletters: ['staff'] },
    { address: 'p@readers.example', newsletters: ['weekly'], role: 'administrator' },
    { address: 'no address', newsletters: ['weekly'] },
    { address: { $ne: null }, newsletters: ['weekly'] },
    [],
  ]) {
    const refused = await json(body);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, 'input-invalid']);
  }
  expect((await ask({ newsletter: 'staff', address: 'p@readers.example' })).status).toBe(400);
});

test('the form to copy says what ours says, and works from another site, by a browser without script', async () => {
  const newsletters = await publicNewsletters(db());
  const html = formSnippet(
    newsletters.filter(({ slug }) => slug === 'weekly'),
    { baseUrl: 'https://news.example.org', tongue: 'fr' },
  );
  expect(html).toContain('action="https://news.example.org/subscribe?lang=fr"');
  expect(html).toContain('favourite contributors');
  expect(html).not.toMatch(/<script|javascript:|onsubmit/i);
  const fields = Object.fromEntries(
    [...html.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  );
  const answer = await page(
    post(
      '/subscribe?lang=fr',
      { ...fields, website: '', address: 'ana@readers.example' },
      { origin: 'https://elsewhere.example' },
    ),
  );
  expect(answer.status).toBe(200);
  expect((await last()).subject).toContain('Weekly');
  const both = formSnippet(newsletters, { baseUrl: 'https://news.example.org', tongue: 'ar' });
  expect(both).toContain('dir="rtl"');
  expect(both.match(/type="checkbox" name="newsletter"/g)).toHaveLength(2);
});

test('a slip in a well-known domain is asked about, and what is meant so is taken so', async () => {
  const hinted = await page(ask({ address: 'ana@gmial.com' }));
  expect([hinted.status, hinted.html]).toEqual([400, expect.stringContaining('Did you mean ana@gmail.com?')]);
  expect((await ask({ address: 'ana@gmial.com', sure: 'ana@gmial.com' })).status).toBe(200);
  expect((await ask({ address: 'ana@gmail.com', sure: 'ana@gmial.com' })).status).toBe(200);
  const bad = await page(ask({ address: '"><script>alert(1)</script>' }));
  expect(bad.status).toBe(400);
  expect(bad.html).not.toContain('<script>alert');
});

test('a letter that the server puts off is tried again, and one in flight when we die is not lost', async () => {
  await ask({ address: 'ana@readers.example' });
  sink.behaviour.rcpt = () => '451 4.7.1 later';
  await letters();
  expect(sink.mails).toHaveLength(0);
  await sql`update letters set due_at = now()`.execute(db());
  sink.behaviour.rcpt = () => undefined;
  await letters();
  expect(sink.mails).toHaveLength(1);
  expect((await sql`select from letters`.execute(db())).rows).toEqual([]);
});

test('in Spanish, French and Arabic, by what the browser likes, the page’s switch, and the reader’s own', async () => {
  const liked = await page(fetch(`${base}/subscribe`, { headers: { 'accept-language': 'de, ar;q=0.8, en;q=0.5' } }));
  expect(liked.html).toContain('<html lang="ar" dir="rtl">');
  expect((await page(fetch(`${base}/subscribe?lang=fr`))).html).toContain('S’abonner');
  await ask({ address: 'ana@readers.example', language: 'ar' });
  const letter = await last();
  expect(letter.html).toMatch(/dir="rtl"/);
  expect((await page(fetch(base + pathIn(letter.text!, 'confirm')))).html).toContain('lang="ar"');
});
