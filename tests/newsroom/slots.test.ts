import { type OpenedSlot, openSlots } from '../../src/newsroom/openSlots.ts';
import { tellAlerts } from '../../src/newsroom/tellAlerts.ts';
import { listEditions, updateNewsletter } from '../../src/editions/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let clock: MovableClock;
const schedule = { cron: '0 9 * * 4', leadMinutes: 0, reminderMinutes: 0, toleranceMinutes: 120 };
const thursday = '2026-11-26T09:00:00Z';

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-24T12:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  await addPublication(house.database.db);
});
afterEach(async () => {
  await house.remove();
  await sink.close();
});

const newsletter = (settings = {}) =>
  addNewsletter(house.database.db, { schedule, editors: ['editor@example.org'], ...settings }, '2026-11-24T12:00:00Z');
const news = (count = 3) =>
  addPieces(
    house.database.db,
    Array.from({ length: count }, (_, n) => ({ slug: `p${n}`, publishedAt: '2026-11-25T08:00:00Z' })),
  );
const outcomes = async (): Promise<OpenedSlot['outcome'][]> => {
  const parts = { db: house.database.db, clock, log: silentLog, relay: house.relay, deskUrl: 'http://localhost:8081' };
  const opened = await openSlots(parts);
  await tellAlerts(parts);
  return opened.map(({ outcome }) => outcome);
};
const letters = () => sink.mails.map(({ to, message }) => [to, /Subject: (.*)/.exec(message.toString())?.[1]]);

test('a slot opens when its time has come, not before, and the editors get a letter', async () => {
  await newsletter();
  await news();
  clock.moveTo('2026-11-26T08:59:59Z');
  expect(await outcomes()).toEqual([]);
  clock.moveTo(thursday);
  expect(await outcomes()).toEqual(['opened']);
  expect(await outcomes()).toEqual([]);
  expect((await listEditions(house.database.db, { limit: 9 })).map(({ slotAt, state }) => [slotAt, state])).toEqual([
    [new Date(thursday), 'draft'],
  ]);
  expect(letters()).toEqual([['editor@example.org', 'The Weekly no. 1 is ready to be looked at']]);
  expect(sink.mails[0]!.message.toString()).toContain('roundup edition approve 1');
});

test('a slot that passed while nothing ran opens late within the tolerance', async () => {
  await newsletter();
  await news();
  clock.moveTo('2026-11-26T11:00:00Z');
  expect(await outcomes()).toEqual(['opened']);
});

test('beyond the tolerance it is missed, with a notice, and stays so', async () => {
  await newsletter();
  await news();
  clock.moveTo('2026-11-26T11:00:01Z');
  expect(await outcomes()).toEqual(['missed']);
  expect(await outcomes()).toEqual([]);
  expect(await listEditions(house.database.db, { limit: 9 })).toEqual([]);
  expect(letters()).toHaveLength(1);
  expect(letters()[0]![1]).toContain('the edition due Thu, 26 Nov 2026, 09:00 UTC was not');
});

test('too little news makes no edition and says so', async () => {
  await newsletter({ minimumPieces: 5 });
  await news(2);
  clock.moveTo(thursday);
  expect(await outcomes()).toEqual(['too_little_news']);
  expect(await listEditions(house.database.db, { limit: 9 })).toEqual([]);
  expect(sink.mails[0]!.message.toString().replace(/=\r\n/g, '')).toContain(
    '2 pieces since 2026-11-19 are too little for The Weekly, which wants 5 at least.',
  );
});

test('the first slot of a new newsletter opens at once where its time to open is past', async () => {
  await newsletter({ schedule: { ...schedule, leadMinutes: 7 * 24 * 60 } });
  await addPieces(house.database.db, [{ slug: 'p', publishedAt: '2026-11-24T08:00:00Z' }]);
  expect(await outcomes()).toEqual(['opened']);
  expect((await listEditions(house.database.db, { limit: 9 })).map(({ slotAt }) => slotAt)).toEqual([
    new Date(thursday),
  ]);
});

test('a slot of a schedule that did not hold at the time is none', async () => {
  const { id, name, slug: _slug, sourceIds: _ids, scheduleSince: _since, ...settings } = await newsletter();
  await news();
  clock.moveTo('2026-11-26T10:00:00Z');
  await updateNewsletter(
    house.database.db,
    id,
    { name, settings: { ...settings, schedule: { ...schedule, cron: '30 9 * * 4' } } },
    clock.now(),
  );
  expect(await outcomes()).toEqual([]);
});

test('a mail server that is away keeps no edition from being made', async () => {
  await newsletter();
  await news();
  await sink.close();
  clock.moveTo(thursday);
  expect(await outcomes()).toEqual(['opened']);
});
