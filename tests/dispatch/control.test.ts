import { setTimeout as sleep } from 'node:timers/promises';
import { archiveOneEdition, sumsOf } from '../../src/dispatch/index.ts';
import {
  approveEdition,
  getEdition,
  pauseEdition,
  proposeCorrection,
  reopenStopped,
  resumeEdition,
  retryEdition,
  reviseEdition,
  sendEdition,
  stopEdition,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { stateText } from '../../src/reports/index.ts';
import { endSubscription } from '../../src/subscribers/index.ts';
import { type Send, openSend } from '../support/send.ts';

let send: Send;
afterEach(() => send.close());

const subjectsOf = () =>
  send.sink.mails.map(({ to, message }) => [to, /^Subject: (.*)\r$/m.exec(message.toString())?.[1] ?? '']);

/** The mail server takes its time; what has begun within a second of an act may still come, nothing after it. */
const slowly = (ms: number, began: number[]) => ({
  data: () => {
    began.push(performance.now());
    return undefined;
  },
  accepted: async () => {
    await sleep(ms);
    return undefined;
  },
});

test.each([
  ['pause', pauseEdition, 'paused'],
  ['stop', stopEdition, 'stopped'],
] as const)('a %s takes hold within a second, also where a mail takes longer than that', async (_what, act, state) => {
  const began: number[] = [];
  send = await openSend(60, { behaviour: slowly(1_300, began) });
  const delivering = send.deliver();
  await sleep(700);
  await act(await send.app.newsroom(), send.editionId, 'an editor');
  const at = performance.now();
  await delivering;
  expect(began.filter((time) => time > at + 1_000)).toEqual([]);
  expect(await send.state()).toBe(state);
  const sums = await send.sums();
  expect(sums.handing).toBe(0);
  expect(sums.accepted).toBe(send.sink.mails.length);
});

test('who leaves during the send gets no mail that is begun a second later', async () => {
  const began: number[] = [];
  send = await openSend(30, { behaviour: slowly(1_300, began) });
  const delivering = send.deliver();
  await sleep(300);
  await sql`update subscriptions set state = 'unsubscribed'`.execute(send.app.database.db);
  const at = performance.now();
  await delivering;
  expect(began.filter((time) => time > at + 1_000)).toEqual([]);
  const sums = await send.sums();
  expect(sums.accepted + sums.withdrawn).toBe(30);
  expect(sums.withdrawn).toBeGreaterThan(20);
});

test('a stopped edition that is corrected goes on with those whom it had not reached, and each row has the hash that it got', async () => {
  send = await openSend(40);
  const newsroom = await send.app.newsroom();
  const { db } = send.app.database;
  let seen = 0;
  send.sink.behaviour.accepted = async () => {
    if (++seen === 10) await stopEdition(newsroom, send.editionId, 'an editor');
    return undefined;
  };
  await send.deliver();
  const wrong = new Set(send.sink.mails.map(({ to }) => to));
  expect(await send.state()).toBe('stopped');
  await expect(sendEdition(newsroom, send.editionId, 'an editor')).rejects.toMatchObject({ code: 'state-refused' });

  const before = (await getEdition(db, send.editionId)).revision;
  await reopenStopped(newsroom, send.editionId, 'an editor');
  await reviseEdition(newsroom, send.editionId, { subject: 'Put right' }, 'an editor');
  await expect(sendEdition(newsroom, send.editionId, 'an editor')).rejects.toMatchObject({ code: 'not-approved' });
  const { approval } = await approveEdition(newsroom, send.editionId, 'an editor');
  expect(await sendEdition(newsroom, send.editionId, 'an editor')).toBe(40 - wrong.size);
  await send.untilSent();

  expect((await getEdition(db, send.editionId)).revision).toBe(before + 2);
  expect(await send.sums()).toMatchObject({ audience: 40, accepted: 40 });
  expect(send.sink.mails).toHaveLength(40);
  const right = subjectsOf().filter(([, subject]) => subject === 'Put right');
  expect(right).toHaveLength(40 - wrong.size);
  expect(right.some(([to]) => wrong.has(to as string))).toBe(false);
  const { rows } = await sql<{ right: number }>`
    select count(*)::int as right from deliveries where hash = ${approval.hash}`.execute(db);
  expect(rows[0]?.right).toBe(40 - wrong.size);

  const correction = await proposeCorrection(newsroom, send.editionId, 'an editor');
  expect(correction).toMatchObject({ correctsEditionId: send.editionId, state: 'draft' });
  await approveEdition(newsroom, correction.id, 'an editor');
  send.sink.mails.length = 0;
  expect(await sendEdition(newsroom, correction.id, 'an editor')).toBe(wrong.size);
  await send.look();
  const { deliverBatch } = await import('../../src/dispatch/index.ts');
  await deliverBatch(send.app.dispatchDeps(), correction.id, 0);
  expect(new Set(subjectsOf().map(([to]) => to))).toEqual(wrong);
  for (const [, subject] of subjectsOf()) expect(subject).toMatch(/^Correction: /);
});

test('while PostgreSQL does not answer nothing new is begun, and it goes on by itself', async () => {
  const began: number[] = [];
  send = await openSend(150, { behaviour: slowly(60, began) });
  const delivering = send.deliver();
  await sleep(400);
  // Nobody can write the ledger.
  const { db } = send.app.database;
  const blocked = db.transaction().execute(async (tx) => {
    await sql`lock table deliveries, batches in access exclusive mode`.execute(tx);
    const at = performance.now();
    await sleep(2_500);
    return { at, until: performance.now() };
  });
  const { at, until } = await blocked;
  expect(began.filter((time) => time > at + 1_000 && time < until)).toEqual([]);
  await delivering;
  await send.untilSent();
  expect(await send.sums()).toMatchObject({ accepted: 150 });
  expect(send.sink.mails).toHaveLength(150);
});

test('only the failed are tried again, by cause; who is suppressed is not', async () => {
  const replies: Record<string, string> = {
    'reader.1@readers.example': '550 5.1.1 no such user',
    'reader.2@readers.example': '552 5.2.2 mailbox full',
    'reader.3@readers.example': '554 5.6.0 we do not like it',
  };
  send = await openSend(6, { behaviour: { rcpt: (to) => replies[to] } });
  await send.untilSent();
  expect(await send.sums()).toMatchObject({ accepted: 3, refused: 3 });
  expect(await send.state()).toBe('sent');
  const { db } = send.app.database;
  const newsroom = await send.app.newsroom();
  send.sink.behaviour.rcpt = undefined;
  send.sink.mails.length = 0;
  const again = (causes: ('mailbox' | 'refused')[] | undefined) =>
    retryEdition(newsroom, send.editionId, { states: ['refused'], causes }, 'an editor');
  expect(await again(['mailbox'])).toBe(1);
  await send.untilSent();
  expect(send.sink.mails.map(({ to }) => to)).toEqual(['reader.2@readers.example']);
  expect(await again(undefined)).toBe(1);
  await send.untilSent();
  expect(send.sink.mails).toHaveLength(2);
  expect(await send.sums()).toMatchObject({ accepted: 5, refused: 1 });
  expect((await sql`select 1 from suppressions`.execute(db)).rows).toHaveLength(1);
});

test('mails in doubt that are held are shown with their count and cause, and an editor can have them sent', async () => {
  let cuts = 2;
  send = await openSend(5, {
    settings: { onUncertain: 'hold' },
    behaviour: { accepted: () => (cuts-- > 0 ? 'cut-unkept' : undefined) },
  });
  await send.untilSent();
  const { db } = send.app.database;
  const edition = await getEdition(db, send.editionId);
  expect(stateText(edition, await send.sums())).toBe('sent, 2 uncertain');
  const { rows } =
    await sql`select cause, count(*)::int as count from deliveries where state = 'uncertain' group by 1`.execute(db);
  expect(rows).toEqual([{ cause: 'connection-lost', count: 2 }]);
  const again = { states: ['uncertain' as const], causes: undefined };
  expect(await retryEdition(await send.app.newsroom(), send.editionId, again, 'an editor')).toBe(2);
  await send.untilSent();
  expect(await send.sums()).toMatchObject({ accepted: 5, uncertain: 0 });
  expect(stateText(await getEdition(db, send.editionId), await send.sums())).toBe('sent');
});

test('a pause is not held against those who were put off: their time begins anew', async () => {
  send = await openSend(2, { behaviour: { rcpt: () => '450 4.2.1 later' } });
  await send.deliver();
  const newsroom = await send.app.newsroom();
  const { db } = send.app.database;
  await pauseEdition(newsroom, send.editionId, 'an editor');
  await sql`update editions set started_at = started_at - interval '3 days'`.execute(db);
  await resumeEdition(newsroom, send.editionId, 'an editor');
  await send.look();
  expect(await send.sums()).toMatchObject({ deferred: 2, expired: 0 });
});

test('after the retention an edition keeps its sums and nothing else; a look that was cut short is finished by the next', async () => {
  send = await openSend(3);
  const { db } = send.app.database;
  await endSubscription(db, send.newsletter.id, 1, 'a test');
  await send.untilSent();
  const sums = await send.sums();
  expect(await archiveOneEdition(db, new Date('2026-11-26T07:00:00Z'))).toBeUndefined();
  await sql`insert into ledger_archive (edition_id, sums) values (${send.editionId}, ${JSON.stringify(sums)}::jsonb)`.execute(
    db,
  );
  expect(await archiveOneEdition(db, new Date('2027-11-26T07:00:00Z'))).toBe(send.editionId);
  expect((await sql`select 1 from deliveries`.execute(db)).rows).toEqual([]);
  expect(await sumsOf(db, send.editionId)).toEqual(sums);
  expect(await archiveOneEdition(db, new Date('2027-11-26T07:00:00Z'))).toBeUndefined();
});
