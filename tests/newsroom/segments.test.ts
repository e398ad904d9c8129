import { deliverBatch } from '../../src/dispatch/index.ts';
import { getNewsletter } from '../../src/editions/index.ts';
import {
  addressEdition,
  approveEdition,
  audienceOf,
  getEdition,
  keepSegment,
  proposeCorrection,
  proposeEdition,
  recomposeEdition,
  reopenStopped,
  reviseEdition,
  sendEdition,
  sendTestTo,
  stopEdition,
  tick,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let clock: MovableClock;

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-25T09:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, { archive: 'public' });
  await addReaders(db, 1, 30);
  await sql`update subscribers set attributes = '{"role": "staff"}' where id <= 3`.execute(db);
  await addPieces(db, [{ slug: 'a', publishedAt: '2026-11-25T08:00:00Z' }]);
  const newsletter = await getNewsletter(db, 'weekly');
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'a test' }));
  await keepSegment({ db, clock }, 1, { name: 'Staff', filter: 'attributes.role is staff' }, 'a test');
});
afterEach(async () => {
  await house.remove();
  await sink.close();
});

const received = () => sink.mails.map(({ to }) => to).toSorted();
const STAFF = [1, 2, 3].map((n) => `reader.${n}@readers.example`);

test('an edition for a segment goes to those who are in it when it is sent, and to nobody else, whatever becomes of the segment', async () => {
  const newsroom = await house.newsroom();
  const { db } = house.database;
  await approveEdition(newsroom, 1, 'a test');
  const { approvalWithdrawn, content } = await addressEdition(newsroom, 1, { wanted: 'staff' }, 'a test');
  expect([approvalWithdrawn, content.audience]).toEqual([true, { name: 'Staff', filter: 'attributes.role is staff' }]);
  await recomposeEdition(newsroom, 1, 'a test');
  await approveEdition(newsroom, 1, 'a test');
  await keepSegment({ db, clock }, 1, { name: 'Staff', filter: 'name is set' }, 'a test');
  await sql`update subscribers set attributes = '{"role": "staff"}' where id = 7`.execute(db);
  await sql`update subscribers set attributes = '{}' where id = 2`.execute(db);
  expect(await sendEdition(newsroom, 1, 'a test')).toBe(3);
  await deliverBatch(house.dispatchDeps(), 1, 0);
  expect(received()).toEqual([1, 3, 7].map((n) => `reader.${n}@readers.example`));
  await sql`update editions set state = 'sent', finished_at = now()`.execute(db);
  // What was for a few is in no archive; and a correction is for whom it reached.
  await tick(newsroom);
  expect((await sql`select from archive`.execute(db)).rows).toEqual([]);
  const correction = await proposeCorrection(newsroom, 1, 'a test');
  await expect(addressEdition(newsroom, correction.id, { wanted: null }, 'a test')).rejects.toMatchObject({
    code: 'state-refused',
  });
  await approveEdition(newsroom, correction.id, 'a test');
  expect(await sendEdition(newsroom, correction.id, 'a test')).toBe(3);
});

test('for everybody again, it goes to everybody; for nobody there is, it says so', async () => {
  const newsroom = await house.newsroom();
  await expect(addressEdition(newsroom, 1, { wanted: 'Staf' }, 'a test')).rejects.toMatchObject({
    code: 'input-invalid',
  });
  expect((await getEdition(newsroom.db, 1)).revision).toBe(1);
  await addressEdition(newsroom, 1, { wanted: 'name is set' }, 'a test');
  await addressEdition(newsroom, 1, { wanted: null }, 'a test');
  await approveEdition(newsroom, 1, 'a test');
  expect(await sendEdition(newsroom, 1, 'a test')).toBe(30);
});

test('a test goes to a small segment; what one address refuses stops no other, and a large one is an edition', async () => {
  const newsroom = await house.newsroom();
  sink.behaviour.rcpt = (to) => (to.startsWith('reader.2@') ? '550 5.1.1 no such user' : undefined);
  const sent = await sendTestTo(newsroom, 1, { segment: 'staff' }, 'a test');
  expect(sent.map(({ address, reply }) => [address, reply !== null])).toEqual([
    [STAFF[0], true],
    [STAFF[1], false],
    [STAFF[2], true],
  ]);
  expect(received()).toEqual([STAFF[0], STAFF[2]]);
  expect(sink.mails[0]!.message.toString()).toContain('[Test]');
  await expect(sendTestTo(newsroom, 1, { segment: 'name is set' }, 'a test')).rejects.toMatchObject({
    code: 'input-invalid',
  });
  await expect(sendTestTo(newsroom, 1, { segment: 'name is nobody' }, 'a test')).rejects.toMatchObject({
    code: 'input-invalid',
  });
});

test('an edition that has gone to some stays for whom it was', async () => {
  const newsroom = await house.newsroom();
  await approveEdition(newsroom, 1, 'a test');
  await sendEdition(newsroom, 1, 'a test');
  await stopEdition(newsroom, 1, 'a test');
  await reopenStopped(newsroom, 1, 'a test');
  await expect(addressEdition(newsroom, 1, { wanted: 'staff' }, 'a test')).rejects.toMatchObject({
    code: 'state-refused',
  });
  await reviseEdition(newsroom, 1, { subject: 'Another' }, 'a test');
});

test('a test goes to nobody who has left, whatever the filter asks for, and is counted before any is sent', async () => {
  const newsroom = await house.newsroom();
  await sql`update subscriptions set state = 'unsubscribed' where subscriber_id = 2`.execute(newsroom.db);
  await expect(sendTestTo(newsroom, 1, { segment: 'status is unsubscribed' }, 'a test')).rejects.toMatchObject({
    code: 'input-invalid',
  });
  await sendTestTo(newsroom, 1, { segment: 'status in (active, unsubscribed) and attributes.role is staff' }, 'a test');
  expect(received()).toEqual([STAFF[0], STAFF[2]]);
});

test('a newsletter that an account does not see is not there for its filters', async () => {
  const { db } = house.database;
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'secret');
  await expect(audienceOf(db, 1, 'newsletter is secret', [1])).rejects.toMatchObject({ hint: 'There are: weekly' });
  expect((await audienceOf(db, 1, 'newsletter is secret')).filter).toBe('newsletter is secret');
  await expect(
    keepSegment({ db, clock }, 1, { name: 'x', filter: `name in (${'a,'.repeat(2_500)}a)` }, 'x'),
  ).rejects.toMatchObject({
    code: 'input-invalid',
  });
});
