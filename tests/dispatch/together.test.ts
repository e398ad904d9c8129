import { setTimeout as sleep } from 'node:timers/promises';
import { saveDomainLimit } from '../../src/dispatch/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { startWorkers } from '../../workers/start.ts';
import { type Send, openBeside, openSend } from '../support/send.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// What several parts have to get right together: nothing waits for ever, and nobody waits for somebody else without need.

let send: Send;
let second: SmtpSink | undefined;
afterEach(async () => {
  await send.close();
  await second?.close();
  second = undefined;
});

test('a mail that is in doubt again and again is sent three times, and then waits for somebody', async () => {
  send = await openSend(3, { behaviour: { accepted: ({ to }) => (to.startsWith('reader.1@') ? 'cut' : undefined) } });
  for (let pass = 0; pass < 8 && (await send.state()) === 'sending'; pass++) {
    await send.look();
    await send.deliver();
    await send.passTime();
  }
  expect(await send.state()).toBe('sent');
  expect(await send.sums()).toMatchObject({ accepted: 2, uncertain: 1 });
  expect(send.sink.mails.filter(({ to }) => to.startsWith('reader.1@'))).toHaveLength(3);
});

test('a small edition does not wait behind a large one', async () => {
  send = await openSend(3);
  const { db } = send.app.database;
  const { dispatchQueue } = await send.app.newsroom();
  await sql`delete from bullmq.job`.execute(db);
  await sql`insert into batches (edition_id, batch, due_at) select ${send.editionId}, n, now() from generate_series(1, 5000) n`.execute(
    db,
  );
  await send.look();
  const { waiting } = await dispatchQueue.counts();
  expect(waiting).toBeGreaterThan(10);
  expect(waiting).toBeLessThan(100);
});

test('a batch is announced again although the queue has a job of it: its worker may have been killed', async () => {
  send = await openSend(3);
  const { dispatchQueue } = await send.app.newsroom();
  await sql`delete from bullmq.job`.execute(send.app.database.db);
  await send.look();
  await send.look();
  expect((await dispatchQueue.counts()).waiting).toBe(2);
});

test('a relay that has had its quota does not hold up the other', async () => {
  second = await startSmtpSink();
  send = await openSend(300, { relay: { name: 'first', perDay: 10 } });
  send.app.config.relays.push({ ...second.relay, name: 'second' });
  const began = performance.now();
  await send.untilSent();
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(send.sink.mails).toHaveLength(10);
  expect(second.mails).toHaveLength(290);
});

test('limited domains do not lock two processes against each other', async () => {
  const domains = Array.from({ length: 12 }, (_, n) => `d${n}.example`);
  send = await openSend(600, {
    domains,
    before: async ({ database: { db } }) =>
      saveDomainLimit(db, { domain: '*', perSecond: null, connections: 1, perConnection: null }),
  });
  const beside = await openBeside(send);
  const workers = [await startWorkers(send.app), await startWorkers(beside)];
  while ((await send.state()) === 'sending') await sleep(50);
  await Promise.all(workers.map((worker) => worker.close()));
  await beside.close();
  expect(await send.sums()).toMatchObject({ accepted: 600 });
  expect(send.sink.mails).toHaveLength(600);
});

test('a server that takes its time before the message does not get one that was stopped meanwhile', async () => {
  send = await openSend(6, {
    behaviour: {
      rcpt: async () => {
        await sleep(1_800);
        return undefined;
      },
    },
  });
  const delivering = send.deliver();
  await sleep(500);
  await sql`update editions set state = 'paused'`.execute(send.app.database.db);
  await delivering;
  expect(send.sink.mails).toHaveLength(0);
  expect(await send.sums()).toMatchObject({ planned: 6 });
});

test('workers carry a send on without being nudged: the queue may forget everything', async () => {
  send = await openSend(30);
  const workers = await startWorkers(send.app);
  await sql`delete from bullmq.job`.execute(send.app.database.db);
  while ((await send.state()) === 'sending') await sleep(50);
  await workers.close();
  expect(await send.sums()).toMatchObject({ accepted: 30 });
});
