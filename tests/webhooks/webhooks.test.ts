import { Webhook as Receiver } from 'standardwebhooks';
import { deliverBatch } from '../../src/dispatch/index.ts';
import { pauseEdition, proposeEdition, approveEdition, sendEdition, tick } from '../../src/newsroom/index.ts';
import { leave } from '../../src/newsroom/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { sql } from '../../src/platform/database/index.ts';
import {
  EVENT_TYPES,
  announce,
  changeWebhook,
  deliverDue,
  listDeliveriesOf,
  listWebhooks,
  makeWebhook,
  renewSecret,
  replayEvent,
  testWebhook,
} from '../../src/webhooks/index.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// A real receiver on loopback, that checks signatures with the reference library.

interface Received {
  headers: Record<string, string>;
  body: string;
  event: { type: string; timestamp: string; data: Record<string, unknown> };
}

let house: Awaited<ReturnType<typeof openHouse>>;
let receiver: WebServer;
let received: Received[];
let answer: (count: number) => { status: number; headers?: Record<string, string> };
const parts = () => ({
  db: house.database.db,
  clock: house.clock,
  keys: house.config.keys,
  log: silentLog,
  busy: new Set<number>(),
});

beforeEach(async () => {
  received = [];
  answer = () => ({ status: 204 });
  receiver = await startWebServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers as Record<string, string>, body, event: JSON.parse(body) });
      const { status, headers = {} } = answer(received.length);
      response.writeHead(status, headers).end('thanks');
    });
  });
  house = await openHouse({ inbox: true });
  await addPublication(house.database.db);
});
afterEach(async () => {
  await house.remove();
  await receiver.close();
});

const hook = (events: readonly (typeof EVENT_TYPES)[number][] = EVENT_TYPES, newsletterIds: number[] | null = null) =>
  makeWebhook(
    parts(),
    { name: 'A hook', url: `${receiver.url}/hook`, isLocal: true, events: [...events], newsletterIds },
    'a test',
  );
const makeDue = () =>
  sql`update webhook_deliveries set due_at = now() where due_at is not null`.execute(house.database.db);
const only = async (webhookId: number) => (await listDeliveriesOf(house.database.db, webhookId, { limit: 10 }))[0]!;

test('an edition’s way is told as it goes, signed, each event once, to whoever asked for it', async () => {
  const { db } = house.database;
  const newsletter = await addNewsletter(db);
  const other = await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  await addReaders(db, newsletter.id, 3);
  const { secret, webhook } = await hook();
  const elsewhere = await hook(EVENT_TYPES, [other.id]);
  const one = await hook(['edition.sent']);
  const newsroom = await house.newsroom();
  await db.transaction().execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'Ana' }));
  await approveEdition(newsroom, 1, 'Ana');
  await sendEdition(newsroom, 1, 'Ana');
  await tick(newsroom);
  await leave(db, { newsletterId: newsletter.id, subscriberId: 1, editionId: 1 });
  await deliverBatch(house.dispatchDeps(), 1, 0);
  while ((await deliverDue(parts())) > 0);
  const mine = received.filter(({ headers }) => verifies(secret, headers, received));
  expect(mine.map(({ event }) => event.type).toSorted()).toEqual(
    [
      'edition.approved',
      'edition.proposed',
      'edition.released',
      'edition.sent',
      'edition.sums',
      'subscription.ended',
    ].toSorted(),
  );
  const sent = mine.find(({ event }) => event.type === 'edition.sent')!;
  expect(sent.event.data).toMatchObject({ editionId: 1, sums: { audience: 3, accepted: 2, withdrawn: 1 } });
  expect(sent.headers['webhook-id']).toMatch(/^msg_\w+$/);
  expect(received).toHaveLength(mine.length + 1);
  expect(await listDeliveriesOf(db, elsewhere.webhook.id, { limit: 10 })).toEqual([]);
  expect(await only(one.webhook.id)).toMatchObject({ type: 'edition.sent', status: 204, attempts: 1, dueAt: null });
  expect((await listDeliveriesOf(db, webhook.id, { limit: 10 })).every(({ deliveredAt }) => deliveredAt !== null)).toBe(
    true,
  );
  // Reader's addresses are nobody's business but the house's.
  expect(received.map(({ body }) => body).join()).not.toContain('@readers.example');
});

/** Does the secret verify this one of what was received? */
function verifies(secret: string, headers: Record<string, string>, all: Received[]): boolean {
  const { body } = all.find((one) => one.headers === headers)!;
  try {
    new Receiver(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

test('after a rotation both secrets verify for a day, then the new one alone', async () => {
  const { secret, webhook } = await hook(['test']);
  const fresh = await renewSecret(parts(), webhook.id, 'a test');
  await testWebhook(parts(), webhook.id, 'a test');
  await deliverDue(parts());
  const [{ headers }] = received as [Received];
  expect([verifies(secret, headers, received), verifies(fresh, headers, received)]).toEqual([true, true]);
  await sql`update webhooks set old_until = now() - interval '1 second'`.execute(house.database.db);
  await testWebhook(parts(), webhook.id, 'a test');
  await deliverDue(parts());
  const last = received.at(-1)!;
  expect([verifies(secret, last.headers, received), verifies(fresh, last.headers, received)]).toEqual([false, true]);
  const { rows } = await sql<{ secret: string }>`select secret from webhooks`.execute(house.database.db);
  expect(rows[0]!.secret).not.toContain(fresh);
});

test('what is not taken is tried again under the same id, later each time, and given up with the webhook paused', async () => {
  answer = () => ({ status: 500 });
  const { webhook } = await hook(['test']);
  await testWebhook(parts(), webhook.id, 'a test');
  const gaps: number[] = [];
  for (let tries = 1; tries <= 9; tries++) {
    expect(await deliverDue(parts())).toBe(1);
    const { attempts, dueAt, problem } = await only(webhook.id);
    expect(attempts).toBe(tries);
    expect(problem).toContain('the server answered 500');
    if (dueAt !== null) gaps.push(dueAt.getTime() - Date.now());
    await makeDue();
  }
  expect(gaps).toEqual(gaps.toSorted((a, b) => a - b));
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const [paused] = await listWebhooks(house.database.db, 0, 10);
  expect([paused!.pausedAt, paused!.pausedCause]).toEqual([expect.any(Date), 'it took nothing in 9 tries']);
  expect(await deliverDue(parts())).toBe(0);
  // Taken up again, and told once more.
  answer = () => ({ status: 200 });
  await changeWebhook(parts(), webhook.id, { paused: false }, 'a test');
  await replayEvent(parts(), { webhookId: webhook.id, deliveryId: (await only(webhook.id)).id }, 'a test');
  await deliverDue(parts());
  expect(await only(webhook.id)).toMatchObject({ status: 200, dueAt: null });
});

test('a server may ask for patience, and may say that it is gone', async () => {
  answer = () => ({ status: 429, headers: { 'retry-after': '7200' } });
  const { webhook } = await hook(['test']);
  await testWebhook(parts(), webhook.id, 'a test');
  await deliverDue(parts());
  expect((await only(webhook.id)).dueAt!.getTime() - Date.now()).toBeGreaterThan(7_000_000);
  answer = () => ({ status: 410 });
  await makeDue();
  await deliverDue(parts());
  expect((await listWebhooks(house.database.db, 0, 10))[0]!.pausedCause).toContain('gone (410)');
});

test('several processes tell each event once; one that dies over it leaves it to the others', async () => {
  const { webhook } = await hook(['test']);
  for (let count = 0; count < 40; count++) await testWebhook(parts(), webhook.id, 'a test');
  const all = async () => {
    let told = 0;
    for (let some = await deliverDue(parts()); some > 0; some = await deliverDue(parts())) told += some;
    return told;
  };
  const told = await Promise.all(Array.from({ length: 5 }, all));
  expect(told.reduce((sum, one) => sum + one, 0)).toBe(40);
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(40);
  // A process that took a delivery and died: it is due again when its lease is over.
  await testWebhook(parts(), webhook.id, 'a test');
  await sql`update webhook_deliveries set attempts = 1, due_at = now() - interval '1 second' where delivered_at is null`.execute(
    house.database.db,
  );
  expect(await deliverDue(parts())).toBe(1);
});

test('THREATS 9: a webhook reaches no private network, by name, by redirect or by what a name becomes', async () => {
  const wanted = { name: 'x', isLocal: false, events: ['test' as const], newsletterIds: null };
  for (const url of [
    receiver.url,
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest',
    'http://rebinds.example/',
  ]) {
    const { webhook } = await makeWebhook(parts(), { ...wanted, url }, 'a test');
    await testWebhook(parts(), webhook.id, 'a test');
    await deliverDue(parts(), { resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
    const { deliveredAt, problem } = await only(webhook.id);
    expect([url, deliveredAt]).toEqual([url, null]);
    expect(problem).toContain('private network');
  }
  answer = () => ({ status: 302, headers: { location: `${receiver.url}/other` } });
  const { webhook } = await hook(['test']);
  await testWebhook(parts(), webhook.id, 'a test');
  await deliverDue(parts());
  expect((await only(webhook.id)).problem).toContain('302');
  expect(received).toHaveLength(1);
});

test('pausing a send is told, by whoever did it', async () => {
  const { db } = house.database;
  const newsletter = await addNewsletter(db);
  await addPieces(db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
  await addReaders(db, newsletter.id, 1);
  const newsroom = await house.newsroom();
  await db.transaction().execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'Ana' }));
  await approveEdition(newsroom, 1, 'Ana');
  await sendEdition(newsroom, 1, 'Ana');
  await hook(['edition.paused']);
  await pauseEdition(newsroom, 1, 'Bo');
  await deliverDue(parts());
  expect(received[0]!.event).toMatchObject({ type: 'edition.paused', data: { editionId: 1, by: 'Bo' } });
});

test('a slow one keeps the others waiting for nothing', async () => {
  const slow = await startReceiver();
  const telling = parts();
  const wanted = { name: 'slow', isLocal: true, events: ['test' as const], newsletterIds: null };
  const { webhook: late } = await makeWebhook(parts(), { ...wanted, url: slow.url }, 'a test');
  const { webhook } = await hook(['test']);
  for (let count = 0; count < 30; count++) await testWebhook(parts(), late.id, 'a test');
  const first = deliverDue(telling);
  await slow.asked;
  await testWebhook(parts(), webhook.id, 'a test');
  expect(await deliverDue(telling)).toBe(1);
  expect(received).toHaveLength(1);
  // Four of its thirty are taken, no more.
  slow.answer();
  expect(await first).toBe(4);
  await slow.close();
});

test('what is replayed while it is under way is told once more, and what came late changes nothing', async () => {
  const slow = await startReceiver();
  const wanted = { name: 'slow', isLocal: true, events: ['test' as const], newsletterIds: null };
  const { webhook } = await makeWebhook(parts(), { ...wanted, url: slow.url }, 'a test');
  await testWebhook(parts(), webhook.id, 'a test');
  const first = deliverDue(parts());
  await slow.asked;
  await replayEvent(parts(), { webhookId: webhook.id, deliveryId: (await only(webhook.id)).id }, 'a test');
  slow.answer();
  await first;
  expect(await only(webhook.id)).toMatchObject({ attempts: 0, deliveredAt: null, dueAt: expect.any(Date) });
  await deliverDue(parts());
  expect(await only(webhook.id)).toMatchObject({ attempts: 1, status: 200, dueAt: null });
  await slow.close();
});

test('one that we have paused gets what happened meanwhile; one that a person has paused does not', async () => {
  const event = { type: 'edition.sums' as const, newsletterId: null, data: {} };
  const { webhook } = await hook(['edition.sums']);
  await sql`update webhooks set paused_at = now(), paused_cause = 'it is away'`.execute(house.database.db);
  await announce(house.database.db, event);
  await changeWebhook(parts(), webhook.id, { paused: false }, 'a test');
  await deliverDue(parts());
  expect(received).toHaveLength(1);
  await changeWebhook(parts(), webhook.id, { paused: true }, 'a test');
  await announce(house.database.db, event);
  await changeWebhook(parts(), webhook.id, { paused: false }, 'a test');
  await deliverDue(parts());
  expect(received).toHaveLength(1);
});

/** One that answers when it is told to, and at once from then on. */
async function startReceiver() {
  let came!: () => void;
  let answer!: () => void;
  const asked = new Promise<void>((resolve) => (came = resolve));
  const told = new Promise<void>((resolve) => (answer = resolve));
  const { url, close } = await startWebServer((_request, response) => {
    came();
    void told.then(() => response.end());
  });
  return { url, asked, answer, close };
}
