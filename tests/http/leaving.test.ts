import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliverBatch, reconcile } from '../../src/dispatch/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { approveEdition, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { countSubscriptions, readerToken } from '../../src/subscribers/index.ts';
import { startCutProxy } from '../support/cutProxy.ts';
import { freshDatabase } from '../support/database.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// Leaving while the database is away: it is kept on disk, answered 200, and in the books before anybody else is mailed.

let fresh: Awaited<ReturnType<typeof freshDatabase>>;
let proxy: Awaited<ReturnType<typeof startCutProxy>>;
let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let sink: SmtpSink;

beforeEach(async () => {
  sink = await startSmtpSink();
  fresh = await freshDatabase();
  await fresh.db.destroy();
  const url = new URL(fresh.url);
  proxy = await startCutProxy(Number(url.port));
  url.port = String(proxy.port);
  house = await openHouse({ relay: sink.relay, config: { databaseUrl: url.href } });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  await addReaders(db, 1, 30);
});
afterEach(async () => {
  proxy.mend();
  await web.close();
  await house.remove();
  await proxy.close();
  await sink.close();
  await fresh.drop();
});

const db = () => house.database.db;
const leaveBy = (subscriberId: number) => {
  const token = readerToken(house.config.keys, 'unsubscribe', { newsletterId: 1, subscriberId, editionId: 1 });
  return fetch(`http://127.0.0.1:${web.port}/u/${token}`, {
    method: 'POST',
    body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
  });
};
const waiting = () => readdirSync(path.join(house.config.dataDir, 'leaving')).filter((name) => name.endsWith('.json'));
const left = async () => (await countSubscriptions(db(), 1)).unsubscribed;

test('is answered 200, survives, and is written down when the database is back; what is forged is not kept', async () => {
  proxy.cut();
  const answers = await Promise.all([leaveBy(1), leaveBy(2), leaveBy(1)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await answers[0]!.text()).toContain('You are unsubscribed');
  expect(waiting()).toHaveLength(3);
  expect(
    (await fetch(`http://127.0.0.1:${web.port}/u/k1.1.1.1.00000000000000000000000000`, { method: 'POST' })).status,
  ).not.toBe(200);
  expect(waiting()).toHaveLength(3);
  proxy.mend();
  for (let tries = 0; tries < 50 && waiting().length > 0; tries++) await sleep(100);
  expect([waiting(), await left()]).toEqual([[], 2]);
}, 30_000);

test('nobody who left in an outage in the middle of a send is mailed after it', async () => {
  await addPieces(db(), [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  const newsletter = await addNewsletterOf();
  await db()
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'a test' }));
  const newsroom = await house.newsroom();
  await approveEdition(newsroom, 1, 'a test');
  await sendEdition(newsroom, 1, 'a test');
  const cut = { done: false };
  sink.behaviour.accepted = async () => {
    if (sink.kept() === 5 && !cut.done) {
      cut.done = true;
      proxy.cut();
    }
    return undefined;
  };
  const sending = deliverBatch(house.dispatchDeps(), 1, 0).catch(() => {});
  for (let tries = 0; tries < 100 && !cut.done; tries++) await sleep(20);
  // Who has had nothing yet, and is not being handed over at the moment of the cut.
  await sleep(500);
  const had = new Set(sink.mails.map(({ to }) => to));
  const leaver = Array.from({ length: 30 }, (_, index) => index + 1).findLast(
    (id) => !had.has(`reader.${id}@readers.example`),
  )!;
  expect((await leaveBy(leaver)).status).toBe(200);
  proxy.mend();
  await sending;
  for (let tries = 0; tries < 50; tries++) {
    await reconcile(db(), { add: async () => {}, addBulk: async () => {} } as never, house.clock).catch(() => {});
    await deliverBatch(house.dispatchDeps(), 1, 0).catch(() => {});
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from deliveries where state in ('planned', 'handing', 'deferred')`.execute(db());
    if (rows[0]!.n === 0) break;
    await sleep(200);
  }
  expect(sink.mails.map(({ to }) => to)).not.toContain(`reader.${leaver}@readers.example`);
  expect(new Set(sink.mails.map(({ to }) => to)).size).toBe(29);
  const { rows } = await sql<{ state: string }>`
    select state from deliveries where subscriber_id = ${leaver}`.execute(db());
  expect(rows).toEqual([{ state: 'withdrawn' }]);

  async function addNewsletterOf() {
    return (await import('../../src/editions/index.ts')).getNewsletter(db(), 'weekly');
  }
}, 60_000);

test('a note of an older version, without a time, is written down; who has come back since the time stays', async () => {
  const link = (subscriberId: number) => ({ newsletterId: 1, subscriberId, editionId: 1 });
  await house.leaving.keep(link(5));
  await house.leaving.keep({ ...link(6), at: '2020-01-01T00:00:00Z' });
  await house.applyLeaving();
  expect([waiting(), await left()]).toEqual([[], 1]);
});
