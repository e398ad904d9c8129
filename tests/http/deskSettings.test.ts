import { listDkimKeys } from '../../src/dispatch/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { visitor } from '../support/desk.ts';
import { type DnsServer, startDnsServer } from '../support/dnsServer.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';

// The house at the desk, over HTTP: publication, senders and their DNS, connections, webhooks, the queue, the first steps.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let dns: DnsServer;

beforeEach(async () => {
  dns = await startDnsServer();
  house = await openHouse({ inbox: true, config: { dnsServers: [dns.address] } });
  web = await startWeb(house);
});
afterEach(async () => {
  await web.close();
  await house.remove();
  await dns.close();
});

test('the publication is set, over nobody else’s change, and nothing that was typed is lost', async () => {
  const admin = await visitor(house, web);
  const seen = (html: string) => /name="seen" value="(\w+)"/.exec(html)![1]!;
  const first = seen((await admin.get('/settings')).html);
  const wanted = {
    seen: first,
    name: 'The Review',
    tagline: '',
    homeUrl: 'https://review.example/',
    logoUrl: '',
    postalAddress: '1 Street',
    socialLinks: 'Mastodon: https://social.example/@r\n',
    language: 'en',
  };
  const refused = await admin.post('/settings/publication', { ...wanted, homeUrl: 'nowhere' });
  expect([refused.status, refused.html]).toEqual([400, expect.stringContaining('homeUrl: Invalid URL')]);
  expect(refused.html).toContain('value="nowhere"');
  expect((await admin.post('/settings/publication', wanted)).html).toContain('The publication is set');
  const late = await admin.post('/settings/publication', { ...wanted, name: 'Another' });
  expect([late.status, late.html]).toEqual([412, expect.stringContaining('value="Another"')]);
  const { rows } = await sql<{
    name: string;
    links: unknown;
  }>`select name, social_links as links from publication`.execute(house.database.db);
  expect(rows).toEqual([{ name: 'The Review', links: [{ name: 'Mastodon', url: 'https://social.example/@r' }] }]);
  const editor = await visitor(house, web, { role: 'editor' });
  for (const path of [
    '/settings',
    '/start',
    '/senders',
    '/webhooks',
    '/queue',
    '/queue/board/',
    '/queue/board/api/queues',
  ])
    expect([path, (await editor.get(path)).status]).toEqual([path, 403]);
});

test('a sender’s records are looked up as they are now, and a key signs when the DNS has it', async () => {
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  const admin = await visitor(house, web);
  const states = async () =>
    [
      ...(await admin.get('/senders')).html.matchAll(/<strong>(\w+)<\/strong>[\s\S]*?class="health \w+">([\w ]+)</g),
    ].map(([, kind, state]) => `${kind} ${state}`);
  expect(await states()).toEqual(['SPF missing', 'DMARC missing', 'MX missing']);
  for (const name of ['not a domain', '-x.example', 'x'])
    expect((await admin.post('/senders', { domain: name })).status).toBe(400);
  expect((await admin.post('/senders', { domain: 'Bücher.example.' })).html).toContain('xn--bcher-kva.example');
  await sql`delete from dkim_keys`.execute(house.database.db);
  await admin.post('/senders', { domain: 'news@Example.org' });
  const [key] = await listDkimKeys(db);
  expect(key).toMatchObject({ domain: 'example.org', usedSince: null });
  const use = { domain: 'example.org', selector: key!.selector };
  expect((await admin.post('/senders/use', use)).status).toBe(409);
  dns.records.set('example.org TXT', ['v=spf1 +all']);
  dns.records.set('example.org MX', ['10 mail.example.org']);
  dns.records.set('_dmarc.example.org TXT', ['v=DMARC1; rua=mailto:x@example.org']);
  dns.records.set(`${key!.selector}._domainkey.example.org TXT`, ['v=DKIM1; k=rsa; p=AAAA']);
  expect(await states()).toEqual(['SPF wrong', 'DKIM wrong', 'DMARC wrong', 'MX right']);
  dns.records.set('example.org TXT', ['a note', 'v=spf1 mx ~all', 'v=spf1 a -all']);
  expect((await states())[0]).toBe('SPF wrong');
  dns.records.set('example.org TXT', ['a note', 'v=spf1 mx ~all']);
  dns.records.set('_dmarc.example.org TXT', ['v=DMARC1; p=none']);
  dns.records.set(`${key!.selector}._domainkey.example.org TXT`, [key!.record]);
  expect(await states()).toEqual(['SPF right', 'DKIM right', 'DMARC right', 'MX right']);
  expect((await admin.post('/senders/use', use)).html).toContain('is signed with it from now on');
  expect((await listDkimKeys(db))[0]!.usedSince).not.toBeNull();
  await admin.post('/senders/retire', use);
  expect((await admin.post('/senders/use', { ...use, selector: 'other' })).status).toBe(404);
});

test('connections are tested, a test mail arrives, and what is on hold is tried again', async () => {
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  const admin = await visitor(house, web);
  const tested = (await admin.post('/settings/examination')).html;
  expect(tested).toMatch(/health well">database<\/span>/);
  expect(tested).toContain('none is configured: mail goes to the local inbox');
  expect((await admin.post('/settings/test-mail', { to: 'nobody' })).status).toBe(400);
  expect((await admin.post('/settings/test-mail', { to: 'ed@review.example' })).html).toContain(
    'The mail server took it',
  );
  expect((await admin.get('/inbox')).html).toContain('A test from The Test Review');
  await sql`insert into suppressions (address_key, reason, detail) values ('no@review.example', 'manual', '')`.execute(
    db,
  );
  expect((await admin.post('/settings/test-mail', { to: 'no@review.example' })).status).toBe(409);
  await sql`insert into pacing (key, held_until, held_cause, held_reason) values ('domain:slow.example', now() + interval '3 hours', 'policy', '550 5.7.1 not now')`.execute(
    db,
  );
  expect((await admin.get('/settings')).html).toContain('550 5.7.1 not now');
  expect((await admin.post('/settings/lift', { key: 'domain:slow.example' })).html).toContain(
    'It is tried again from now on',
  );
  expect((await admin.get('/settings')).html).not.toContain('550 5.7.1 not now');
});

test('a webhook is made, its secret shown once, tested, changed and taken away', async () => {
  const admin = await visitor(house, web);
  const wanted = { name: 'A hook', url: 'https://hooks.example/x', 'event-edition.sent': 'yes' };
  expect((await admin.post('/webhooks', { ...wanted, url: 'ftp://x' })).status).toBe(400);
  expect((await admin.post('/webhooks', { name: 'None', url: wanted.url })).status).toBe(400);
  const made = await admin.post('/webhooks', wanted);
  const [, secret] = /<code>(whsec_[^<]+)<\/code>/.exec(made.html.replaceAll('&#x3D;', '='))!;
  expect((await admin.get('/webhooks/1')).html).not.toContain(secret);
  expect((await admin.post('/webhooks/1/test')).html).toContain('under way');
  expect((await admin.post('/webhooks/1/secret')).html).toMatch(/whsec_/);
  await admin.post('/webhooks/1/pause', { paused: 'yes' });
  expect((await admin.get('/webhooks')).html).toContain('paused');
  expect(
    (await admin.post('/webhooks/1', { ...wanted, name: 'Another name', 'event-edition.stopped': 'yes' })).html,
  ).toContain('Another name');
  expect((await admin.post('/webhooks/1/deliveries/1/replay')).html).toContain('It is told again');
  expect((await admin.post('/webhooks/1/deliveries/99/replay')).status).toBe(404);
  expect((await admin.post('/webhooks/1/away', {})).status).toBe(400);
  await admin.post('/webhooks/1/away', { sure: 'yes' });
  expect((await admin.get('/webhooks/1')).status).toBe(404);
});

test('the queue’s board shows jobs, asks nobody but us, and changes nothing', async () => {
  const admin = await visitor(house, web);
  await (
    await house.queues()
  )
    .queue('collect')
    .add([{ name: 'source', id: 'source-7', data: { sourceId: 7 }, delayMs: 60_000 }]);
  const page = await fetch(`${web.deskUrl}/queue/board/`, { headers: { cookie: admin.cookie } });
  const html = await page.text();
  expect(html).not.toMatch(/https?:\/\/(?!127)/);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  const [, script] = /src="(static\/js\/[^"]+)"/.exec(html)!;
  expect((await admin.get(`/queue/board/${script}`)).status).toBe(200);
  expect((await admin.get('/queue/board/static/..%2f..%2fpackage.json')).status).toBe(404);
  const { queues } = JSON.parse(
    (await admin.get('/queue/board/api/queues?activeQueue=collect&status=delayed&page=1&jobsPerPage=10')).html,
  ) as { queues: { name: string; readOnlyMode: boolean; counts: { delayed: number } }[] };
  expect(queues.map(({ name }) => name).toSorted()).toEqual(['clock', 'collect', 'dispatch']);
  expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
  expect(queues.find(({ name }) => name === 'collect')!.counts.delayed).toBe(1);
  for (const [method, path] of [
    ['PUT', 'queues/collect/clean/delayed'],
    ['POST', 'queues/collect/add'],
    ['PUT', 'queues/collect/pause'],
    ['PUT', 'queues/collect/obliterate'],
  ])
    expect(
      (
        await fetch(`${web.deskUrl}/queue/board/api/${path}`, {
          method,
          headers: { cookie: admin.cookie, origin: web.deskUrl },
        })
      ).status,
    ).toBe(404);
});

test('the first steps count what is done, wherever it was done', async () => {
  const { db } = house.database;
  const admin = await visitor(house, web);
  expect((await admin.get('/')).html).toContain('take the first steps');
  const done = async () => /(\d) of 7 are done/.exec((await admin.get('/start')).html)![1];
  expect(await done()).toBe('0');
  await addPublication(db);
  expect(await done()).toBe('1');
  await admin.post('/settings/test-mail', { to: 'ed@review.example', back: 'start' });
  await addNewsletter(db);
  expect(await done()).toBe('3');
});
