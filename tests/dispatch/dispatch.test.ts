import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../../src/app.ts';
import { type Sums, deliverBatch, reconcile, sumsOf } from '../../src/dispatch/index.ts';
import type { Newsletter } from '../../src/editions/index.ts';
import {
  approveEdition,
  cancelEdition,
  getEdition,
  pauseEdition,
  proposeEdition,
  resumeEdition,
  sendEdition,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { endSubscription } from '../../src/subscribers/index.ts';
import { clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SinkBehaviour, type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

let app: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let newsletter: Newsletter;
let editionId: number;

async function setup(
  readers: number,
  behaviour: SinkBehaviour = {},
  settings: Record<string, unknown> = {},
  config = {},
): Promise<void> {
  sink = await startSmtpSink(behaviour);
  app = await openHouse({ relay: sink.relay, clock: clockAt('2026-11-26T08:00:00Z'), config });
  const { db } = app.database;
  await addPublication(db);
  newsletter = await addNewsletter(db, settings);
  await addPieces(
    db,
    [1, 2, 3].map((n) => ({ slug: `p${n}`, publishedAt: '2026-11-25T08:00:00Z' })),
  );
  await addReaders(db, newsletter.id, readers);
  const { edition } = await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: app.clock.now(), by: 'a test' }));
  editionId = edition.id;
  const newsroom = await app.newsroom();
  await approveEdition(newsroom, editionId, 'an editor');
  await sendEdition(newsroom, editionId, 'an editor');
}

afterEach(async () => {
  await app.remove();
  await sink.close();
});

const sums = (): Promise<Sums> => sumsOf(app.database.db, editionId);
const total = ({ audience, ...states }: Sums) => [
  Object.values(states).reduce((sum, count) => sum + count, 0),
  audience,
];
const deliverAll = async (house: App = app) => {
  const { rows } = await sql<{
    batch: number;
  }>`select distinct batch from deliveries where edition_id = ${editionId} order by 1`.execute(house.database.db);
  for (const { batch } of rows) await deliverBatch(house.dispatchDeps(), editionId, batch);
};
/** Whoever was put off is due. */
const dueNow = async () => {
  await sql`update deliveries set due_at = now() where due_at is not null`.execute(app.database.db);
  await sql`update batches set due_at = now() where due_at is not null`.execute(app.database.db);
};
const state = async () => (await getEdition(app.database.db, editionId)).state;
const look = async () => reconcile(app.database.db, (await app.newsroom()).dispatchQueue, app.clock);

test('every reader gets one mail, at the address of the ledger, and the edition is sent', async () => {
  await setup(600);
  await deliverAll();
  expect(await sums()).toMatchObject({ audience: 600, accepted: 600 });
  expect(new Set(sink.mails.map(({ to }) => to)).size).toBe(600);
  expect(sink.mails).toHaveLength(600);
  expect(await state()).toBe('sent');
});

test('a batch that is run twice, or by two at once, mails nobody twice', async () => {
  await setup(100);
  await Promise.all([deliverBatch(app.dispatchDeps(), editionId, 0), deliverBatch(app.dispatchDeps(), editionId, 0)]);
  await deliverBatch(app.dispatchDeps(), editionId, 0);
  expect(sink.mails).toHaveLength(100);
});

test('unsubscribed, unconfirmed and suppressed readers are not in the audience', async () => {
  await setup(1);
  const { db } = app.database;
  const again = await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  await sql`insert into subscribers (address, address_key, domain) values ('out@x.example', 'out@x.example', 'x.example'), ('new@x.example', 'new@x.example', 'x.example'), ('bad@x.example', 'bad@x.example', 'x.example'), ('in@x.example', 'in@x.example', 'x.example')`.execute(
    db,
  );
  await sql`insert into subscriptions (newsletter_id, subscriber_id, state) select ${again.id}, id, case address when 'out@x.example' then 'unsubscribed' when 'new@x.example' then 'pending' else 'active' end::subscription_state from subscribers where domain = 'x.example'`.execute(
    db,
  );
  await sql`insert into suppressions (address_key, reason) values ('bad@x.example', 'manual')`.execute(db);
  await addPieces(db, [{ slug: 'q', publishedAt: '2026-11-25T08:00:00Z' }]);
  const newsroom = await app.newsroom();
  const { edition } = await db
    .transaction()
    .execute((tx) => proposeEdition(tx, again, { slotAt: null, now: app.clock.now(), by: 'a test' }));
  await approveEdition(newsroom, edition.id, 'an editor');
  expect(await sendEdition(newsroom, edition.id, 'an editor')).toBe(1);
});

test('who leaves after the audience was frozen gets no mail any more', async () => {
  await setup(3);
  const { rows } = await sql<{ id: number }>`select id from subscribers order by id`.execute(app.database.db);
  await endSubscription(app.database.db, newsletter.id, rows[0]!.id, 'a test');
  await sql`insert into suppressions (address_key, reason) values ('reader.2@readers.example', 'manual')`.execute(
    app.database.db,
  );
  await deliverAll();
  expect(sink.mails.map(({ to }) => to)).toEqual(['reader.3@readers.example']);
  expect(await sums()).toMatchObject({ accepted: 1, withdrawn: 2 });
});

test('a mailbox that is unknown at the door is refused, suppressed, and never mailed again', async () => {
  await setup(5, { rcpt: (to) => (to === 'reader.2@readers.example' ? '550 5.1.1 no such user' : undefined) });
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 4, refused: 1 });
  const { rows } = await sql`select address_key, reason, detail from suppressions`.execute(app.database.db);
  expect(rows).toEqual([
    { address_key: 'reader.2@readers.example', reason: 'unknown-mailbox', detail: '550 5.1.1 no such user' },
  ]);
});

test('a refusal about us strikes nobody off and waits', async () => {
  await setup(2, { rcpt: () => '550 5.7.1 your server is listed' });
  await deliverAll();
  expect(await sums()).toMatchObject({ deferred: 2 });
  const { rows } = await sql`select 1 from suppressions`.execute(app.database.db);
  expect(rows).toEqual([]);
  expect(await state()).toBe('sending');
});

test('a 4xx is waited out and then tried again, with the very same bytes', async () => {
  let first = true;
  const tries: string[] = [];
  await setup(1, {
    accepted: (mail) => {
      tries.push(mail.message.toString());
      if (!first) return undefined;
      first = false;
      return '451 4.2.0 greylisted';
    },
  });
  await deliverAll();
  expect(await sums()).toMatchObject({ deferred: 1 });
  await deliverAll();
  expect(tries).toHaveLength(1);
  await dueNow();
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 1 });
  expect(tries[1]).toBe(tries[0]);
});

test('after the longest time a deferred reader is given up, and shown as expired', async () => {
  await setup(1, { rcpt: () => '450 4.2.1 later' });
  await deliverAll();
  const { db } = app.database;
  await sql`update editions set started_at = ${new Date(app.clock.now().getTime() - 49 * 3_600_000)}`.execute(db);
  await look();
  expect(await sums()).toMatchObject({ deferred: 1 });
  await sql`update deliveries set tried_at = now() - interval '49 hours'`.execute(db);
  expect((await look()).map(({ id }) => id)).toEqual([editionId]);
  expect(await sums()).toMatchObject({ expired: 1 });
  expect(await state()).toBe('sent');
});

test('a connection cut after the dot is in doubt, and by default the mail goes out once more', async () => {
  let cuts = 1;
  await setup(4, { accepted: () => (cuts-- > 0 ? 'cut' : undefined) });
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 3, uncertain: 1 });
  expect(await state()).toBe('sending');
  await look();
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 4 });
  expect(sink.mails).toHaveLength(5);
  expect(new Set(sink.mails.map(({ message }) => /Message-ID: (\S+)/.exec(message.toString())?.[1])).size).toBe(4);
  const { rows } = await sql<{ doubts: number }>`select sum(doubts)::int as doubts from deliveries`.execute(
    app.database.db,
  );
  expect(rows[0]?.doubts).toBe(1);
});

test('where the newsletter says so, a mail in doubt is held, and the edition is sent with it', async () => {
  let cuts = 1;
  await setup(3, { accepted: () => (cuts-- > 0 ? 'cut' : undefined) }, { onUncertain: 'hold' });
  await deliverAll();
  await look();
  expect(await sums()).toMatchObject({ accepted: 2, uncertain: 1 });
  expect(await state()).toBe('sent');
  expect(sink.mails).toHaveLength(3);
});

test('rows that a silent worker held are in doubt only if it was handing them over', async () => {
  await setup(10);
  const { db } = app.database;
  await sql`update batches set claim = 99, lease_until = now() - interval '1 second'`.execute(db);
  await sql`update deliveries set claim = 99, state = 'handing' where subscriber_id % 5 = 0`.execute(db);
  await look();
  const { rows } = await sql<{ doubts: number; count: number }>`
    select doubts, count(*)::int as count from deliveries group by 1 order by 1`.execute(db);
  expect(rows).toEqual([
    { doubts: 0, count: 8 },
    { doubts: 1, count: 2 },
  ]);
  expect(await sums()).toMatchObject({ planned: 8, uncertain: 2 });
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 10 });
});

test('a worker whose rows were taken over can change nothing any more', async () => {
  await setup(1);
  const { db } = app.database;
  sink.behaviour.accepted = async () => {
    await sql`update deliveries set claim = 12345, state = 'handing'`.execute(db);
    await sql`update batches set claim = 12345, lease_until = now() + interval '1 minute'`.execute(db);
    return undefined;
  };
  await deliverBatch(app.dispatchDeps(), editionId, 0);
  const { rows } = await sql`select state, claim from deliveries`.execute(db);
  expect(rows).toEqual([{ state: 'handing', claim: 12345 }]);
});

test('pausing stops between two mails, and resuming goes on where it stopped', async () => {
  await setup(200);
  let seen = 0;
  sink.behaviour.accepted = () => {
    if (++seen === 20) void app.newsroom().then((newsroom) => pauseEdition(newsroom, editionId, 'an editor'));
    return undefined;
  };
  await deliverAll();
  expect(await state()).toBe('paused');
  const held = await sums();
  expect(held.planned).toBeGreaterThan(0);
  expect(held.handing).toBe(0);
  expect(total(held)).toEqual([200, 200]);
  await resumeEdition(await app.newsroom(), editionId, 'an editor');
  await deliverAll();
  expect(await sums()).toMatchObject({ accepted: 200 });
  expect(sink.mails).toHaveLength(200);
});

test('stopping withdraws whoever is left, and the sums still are the audience', async () => {
  await setup(200);
  let seen = 0;
  sink.behaviour.accepted = () => {
    if (++seen === 20) void app.newsroom().then((newsroom) => cancelEdition(newsroom, editionId, 'an editor'));
    return undefined;
  };
  await deliverAll();
  await look();
  expect(await state()).toBe('stopped');
  const end = await sums();
  expect(end.accepted + end.withdrawn).toBe(200);
  expect(end.withdrawn).toBeGreaterThan(0);
  expect(sink.mails).toHaveLength(end.accepted);
});

test('no process ever has more than twice its connections in the state handing', async () => {
  await setup(300);
  let most = 0;
  const done = new AbortController();
  const watch = (async () => {
    while (!done.signal.aborted) {
      most = Math.max(most, (await sums()).handing);
      await sleep(2);
    }
  })();
  await Promise.all([deliverBatch(app.dispatchDeps(), editionId, 0), deliverBatch(app.dispatchDeps(), editionId, 1)]);
  done.abort();
  await watch;
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2 * sink.relay.connections);
});

test('with a return path each mail has its own, and it fits in an address', async () => {
  await setup(2, {}, {}, { returnPath: 'bounces@news.example.org' });
  await deliverAll();
  const paths = sink.mails.map(({ from }) => from);
  expect(new Set(paths).size).toBe(2);
  for (const path of paths) {
    expect(path).toMatch(/^bounces\+k1\.[0-9a-z.]+@news\.example\.org$/);
    expect(path.indexOf('@')).toBeLessThanOrEqual(64);
  }
});

test('while the mail server is away nothing is lost, nobody is struck off, and not everybody is tried', async () => {
  await setup(10);
  await sink.close();
  await deliverAll();
  const { deferred, planned } = await sums();
  expect(deferred + planned).toBe(10);
  expect(deferred).toBeLessThanOrEqual(sink.relay.connections);
  const { rows } = await sql<{ attempts: number }>`select max(attempts) as attempts from deliveries`.execute(
    app.database.db,
  );
  expect(rows[0]?.attempts).toBe(0);
});

test('when the process is asked to stop, no further mail is begun, and the rest is given back', async () => {
  await setup(100);
  let seen = 0;
  sink.behaviour.accepted = () => {
    if (++seen === 10) app.stopSending();
    return undefined;
  };
  await deliverBatch(app.dispatchDeps(), editionId, 0);
  const left = await sums();
  expect(left).toMatchObject({ accepted: sink.mails.length, handing: 0, uncertain: 0 });
  expect(left.planned).toBeGreaterThan(80);
  const { rows } = await sql`select 1 from batches where claim is not null`.execute(app.database.db);
  expect(rows).toEqual([]);
});

test('a worker that was cut off from the books past its lease still has its say', async () => {
  await setup(1);
  const { db } = app.database;
  sink.behaviour.accepted = async () => {
    await sql`update batches set lease_until = now() - interval '1 second'`.execute(db);
    await look();
    return undefined;
  };
  await deliverBatch(app.dispatchDeps(), editionId, 0);
  expect(await sums()).toMatchObject({ accepted: 1 });
  expect(sink.mails).toHaveLength(1);
});

test('a sender that is refused at RCPT is no verdict on any reader', async () => {
  await setup(3, { rcpt: () => '550 Verification failed for <news@example.org> No Such User Here' });
  await deliverAll();
  expect(await sums()).toMatchObject({ deferred: 3 });
  expect((await sql`select 1 from suppressions`.execute(app.database.db)).rows).toEqual([]);
});

test('what the queue forgot, the reaper finds', async () => {
  await setup(10);
  const { dispatchQueue } = await app.newsroom();
  await sql`delete from bullmq.job`.execute(app.database.db);
  expect((await dispatchQueue.counts()).waiting).toBe(0);
  await look();
  expect((await dispatchQueue.counts()).waiting).toBe(1);
});
