import { writeFileSync } from 'node:fs';
import { getNewsletter } from '../../src/editions/index.ts';
import { deliverBatch, readdress } from '../../src/dispatch/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { approveEdition, proposeCorrection, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { findSubscriber, listSubscriptions, readerToken, setAddress } from '../../src/subscribers/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { importFile } from '../support/importing.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type Fields, lettersSent, pathIn, postFields } from '../support/readers.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// What a reader chooses, and what they may do about their address and data.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let sink: SmtpSink;
let clock: MovableClock;
let base: string;
const address = 'reader.1@readers.example';

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-25T09:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  web = await startWeb(house);
  base = `http://127.0.0.1:${web.port}`;
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, { topics: [{ key: 'asia', title: 'Asia' }] });
  await addNewsletter(db, { isPublic: true }, '2026-01-01T00:00:00Z', 'daily');
  await addReaders(db, 1, 3);
  await sql`update newsletters set name = initcap(slug)`.execute(db);
});
afterEach(async () => {
  await web.close();
  await house.remove();
  await sink.close();
});

const db = () => house.database.db;
const token = (subscriberId = 1) =>
  readerToken(house.config.keys, 'preferences', { newsletterId: 1, subscriberId, editionId: 0 });

const post = (path: string, fields: Fields = {}) => postFields(base + path, fields);
const letters = () => lettersSent(house, sink);
const selfLink = async () => {
  await post(`/p/${token()}/link`);
  return pathIn((await letters()).at(-1)!.text!, 'me');
};

test('topics, cadence, language, another newsletter and a break, by the mail’s own link', async () => {
  const html = await (await fetch(`${base}/p/${token()}`)).text();
  expect(html).toContain('r…@readers.example');
  expect(html).not.toContain(address);
  expect(html).toContain('Asia');
  const saved = await post(`/p/${token()}`, {
    shown: ['1', '2'],
    newsletter: ['1', '2'],
    'topic-1': ['asia', 'nonsense'],
    'every-1': '14',
    'every-2': '3',
    pause: '4',
    language: 'fr',
  });
  expect([saved.status, await saved.text()]).toEqual([200, expect.stringContaining('Enregistré')]);
  const until = new Date('2026-12-23T09:00:00Z');
  expect(await listSubscriptions(db(), 1)).toEqual([
    expect.objectContaining({ newsletterId: 2, state: 'active', everyDays: 0, pausedUntil: until }),
    expect.objectContaining({ newsletterId: 1, state: 'active', topics: ['asia'], everyDays: 14, pausedUntil: until }),
  ]);
  await post(`/p/${token()}`, { shown: ['1', '2'], newsletter: ['2'], pause: '0', language: 'en' });
  expect((await listSubscriptions(db(), 1)).map(({ newsletterId, state }) => [newsletterId, state])).toEqual([
    [2, 'active'],
    [1, 'unsubscribed'],
  ]);
  // What was not shown is left as it is, and what is closed is not opened by whoever writes its number.
  await addNewsletter(db(), {}, '2026-01-01T00:00:00Z', 'staff');
  await post(`/p/${token()}`, { shown: ['3'], newsletter: ['3'], language: 'en' });
  expect((await listSubscriptions(db(), 1)).map(({ newsletterId }) => newsletterId)).toEqual([2, 1]);
});

test('who takes a break, and who wants one in two weeks and had one, is spared the edition', async () => {
  await sql`update subscriptions set paused_until = now() + interval '1 day' where subscriber_id = 1`.execute(db());
  await sql`update subscriptions set every_days = 14 where subscriber_id = 2`.execute(db());
  expect(await sendTo('one')).toEqual([2, 3]);
  await sql`update subscriptions set paused_until = now() - interval '1 second' where subscriber_id = 1`.execute(db());
  expect(await sendTo('two')).toEqual([1, 3]);
  await sql`update editions set started_at = started_at - interval '15 days'`.execute(db());
  expect(await sendTo('three')).toEqual([1, 2, 3]);
  // An hour early is two weeks all the same; a correction is for whom it corrects, and is no edition of its own.
  await sql`update editions set started_at = now() - interval '14 days' + interval '1 hour'`.execute(db());
  const correction = await proposeCorrection(await house.newsroom(), 3, 'a test');
  expect(await send(correction.id)).toEqual([1, 2, 3]);
  expect(await sendTo('four')).toEqual([1, 2, 3]);
  expect(await sendTo('five')).toEqual([1, 3]);
});

/** Sends an edition of one piece; returns who got it. */
async function sendTo(slug: string): Promise<number[]> {
  const now = clock.now();
  await addPieces(db(), [{ slug, publishedAt: new Date(now.getTime() - 1e6).toISOString() }]);
  const newsletter = await getNewsletter(db(), 'weekly');
  const { edition } = await db()
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now, by: 'a test' }));
  clock.moveTo(new Date(now.getTime() + 86_400_000).toISOString());
  return send(edition.id);
}

async function send(editionId: number): Promise<number[]> {
  await approveEdition(await house.newsroom(), editionId, 'a test');
  await sendEdition(await house.newsroom(), editionId, 'a test');
  await deliverBatch(house.dispatchDeps(), editionId, 0);
  const { rows } = await sql<{ id: number }>`
    select subscriber_id as id from deliveries where edition_id = ${editionId} and state = 'accepted' order by 1`.execute(
    db(),
  );
  return rows.map(({ id }) => id);
}

test('THREATS 29: the address, the data and erasure take a fresh link that is mailed to the address', async () => {
  for (const path of ['address', 'data', 'erasure']) expect((await post(`/me/${token()}/${path}`)).status).toBe(404);
  const link = await selfLink();
  expect(sink.mails.at(-1)!.to).toBe(address);
  expect((await fetch(base + link)).status).toBe(200);
  clock.moveTo('2026-11-26T10:00:00Z');
  expect((await fetch(base + link)).status).toBe(404);
  // Three a day: nobody is flooded.
  for (let count = 0; count < 6; count++) await post(`/p/${token()}/link`);
  await letters();
  expect(sink.mails.length).toBeLessThanOrEqual(4);
});

test('a new address is asked first, and one that somebody has is refused to nobody’s knowledge but its owner’s', async () => {
  const link = await selfLink();
  expect((await post(`${link}/address`, { address: 'no address' })).status).toBe(400);
  expect((await post(`${link}/address`, { address: 'New@Readers.example' })).status).toBe(200);
  const { text, to } = (await letters()).at(-1)!;
  expect(to?.[0]?.address).toBe('New@readers.example');
  const confirm = pathIn(text!, 'address');
  expect((await fetch(base + confirm)).status).toBe(200);
  expect((await findSubscriber(db(), 1))!.address).toBe(address);
  expect(await (await post(confirm)).text()).toContain('from now on');
  expect((await findSubscriber(db(), 1))!.address).toBe('New@readers.example');
  expect((await post(confirm)).status).toBe(404);
  const taken = await post(`${await selfLink()}/address`, { address: 'reader.2@readers.example' });
  expect(taken.status).toBe(200);
  const again = pathIn((await letters()).at(-1)!.text!, 'address');
  expect((await post(again)).status).toBe(409);
});

test('a stranger with a link cannot flood others, and suppressed addresses are asked nothing', async () => {
  const link = await selfLink();
  await sql`insert into suppressions (address_key, reason) values ('never@readers.example', 'complaint')`.execute(db());
  for (const name of ['never', 'a', 'a', 'b', 'c', 'd', 'e'])
    await post(`${link}/address`, { address: `${name}@readers.example` });
  const to = (await letters()).map((letter) => letter.to?.[0]?.address);
  expect(to.slice(1)).toEqual(['a@readers.example']);
  // One a day and three in all, those of a sign-up with them.
  for (let day = 0; day < 5; day++) {
    clock.moveTo(new Date(clock.now().getTime() + 25 * 3_600_000).toISOString());
    await sql`delete from rate_limits`.execute(db());
    await post(`${await selfLink()}/address`, { address: 'a@readers.example' });
    await post('/subscribe', { newsletter: 'daily', address: 'a@readers.example' });
  }
  expect((await letters()).filter((letter) => letter.to?.[0]?.address === 'a@readers.example')).toHaveLength(3);
});

test('with a new address the old one’s links end, and what is suppressed meanwhile is no new address', async () => {
  const link = await selfLink();
  await post(`${link}/address`, { address: 'first@readers.example' });
  const first = pathIn((await letters()).at(-1)!.text!, 'address');
  await post(`${link}/address`, { address: 'second@readers.example' });
  const second = pathIn((await letters()).at(-1)!.text!, 'address');
  await sql`insert into suppressed_hashes (hash, reason)
    values (encode(sha256('first@readers.example'), 'hex'), 'complaint')`.execute(db());
  expect((await post(first)).status).toBe(409);
  expect((await post(second)).status).toBe(200);
  for (const path of [link, first]) expect((await fetch(base + path)).status).toBe(404);
  await post(`/p/${token()}/link`);
  await sql`insert into suppressions (address_key, reason) values ('second@readers.example', 'complaint')`.execute(
    db(),
  );
  const count = (await letters()).length;
  await sql`delete from suppressions`.execute(db());
  expect((await letters()).length).toBe(count);
});

test('what waits for a reader goes to the new address, and what the old one bounces says nothing of the new one', async () => {
  await sql`update subscribers set address = 'old@elsewhere.example', address_key = 'old@elsewhere.example' where id = 1`.execute(
    db(),
  );
  sink.behaviour.rcpt = (to) => (to.startsWith('old@') ? '451 4.2.0 later' : undefined);
  expect(await sendTo('one')).toEqual([2, 3]);
  await house.database.db.transaction().execute(async (tx) => {
    await setAddress(tx, 1, 'new@elsewhere.example');
    await readdress(tx, 1, 'new@elsewhere.example');
  });
  await sql`update deliveries set due_at = now()`.execute(db());
  await sql`update batches set due_at = now()`.execute(db());
  await deliverBatch(house.dispatchDeps(), 1, 0);
  expect(sink.mails.map(({ to }) => to).filter((to) => to.includes('elsewhere'))).toEqual(['new@elsewhere.example']);

  sink.behaviour.rcpt = async (to) => {
    if (!to.startsWith('new@')) return undefined;
    await setAddress(db(), 1, 'newest@elsewhere.example');
    return '550 5.1.1 no such user';
  };
  await sendTo('two');
  const { rows } = await sql<{ key: string }>`select address_key as key from suppressions`.execute(db());
  expect(rows).toEqual([{ key: 'new@elsewhere.example' }]);
});

test('the data as a file; erased, the ledger keeps its sums and loses the person, the server’s words included', async () => {
  expect(await sendTo('a')).toEqual([1, 2, 3]);
  await sql`update deliveries set reason = '550 no reader.1@readers.example here' where subscriber_id = 1`.execute(
    db(),
  );
  const link = await selfLink();
  await sql`insert into suppressions (address_key, reason) values (${address}, 'complaint')`.execute(db());
  const file = await post(`${link}/data`);
  expect(file.headers.get('content-disposition')).toContain('my-data.json');
  expect(await file.json()).toMatchObject({ address, deliveries: [{ editionId: 1, state: 'accepted' }] });
  expect((await post(`${link}/erasure`)).status).toBe(200);
  expect(await findSubscriber(db(), 1)).toBeDefined();
  expect(await (await post(`${link}/erasure`, { sure: 'yes' })).text()).toContain('You are erased');

  expect(await findSubscriber(db(), 1)).toBeUndefined();
  const { rows } = await sql<{ dump: string }>`
    select string_agg(t, ' ') as dump from (
      select d::text as t from deliveries d union all select s::text from subscribers s union all select c::text from consents c
      union all select x::text from suppressions x union all select l::text from letters l union all select a::text from audit_log a
      union all select u::text from sign_ups u) x`.execute(db());
  expect(rows[0]!.dump).not.toContain('reader.1@');
  const { rows: sums } =
    await sql`select state, count(*)::int as n from deliveries where edition_id = 1 group by 1`.execute(db());
  expect(sums).toEqual([{ state: 'accepted', n: 3 }]);
  // Nobody who complained is mailed again for having been forgotten.
  writeFileSync(`${house.config.dataDir}/list.csv`, `email\n${address}\n`);
  expect(await importFile(db(), `${house.config.dataDir}/list.csv`)).toMatchObject({
    suppressed: 1,
    subscribed: 0,
  });
});
