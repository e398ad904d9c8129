import { editionsIn } from '../../src/editions/index.ts';
import { openSlots } from '../../src/newsroom/index.ts';
import { connect, sql } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/lib/time.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';

// A year of three weekly newsletters, in time zones whose clocks change on different days, with two schedulers that look at
// the same time, restarts, and nights in which nothing runs. The clock is moved; the database is real.

const ZONES = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe'];
const START = Date.UTC(2026, 0, 4, 12);
const DAYS = 365;

/** A small repeatable generator (mulberry32), so that a failure can be had again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('a year in three time zones: exactly one edition for each slot', async () => {
  const house = await openHouse();
  const { db } = house.database;
  await addPublication(db);
  const random = seeded(7);
  const newsletters = [];
  for (const [index, timeZone] of ZONES.entries()) {
    const schedule = { cron: '30 1 * * 0', leadMinutes: 60 * index, toleranceMinutes: 12 * 60 };
    newsletters.push(
      await addNewsletter(db, { timeZone, schedule }, new Date(START).toISOString(), `in-zone-${index}`),
    );
  }
  await addPieces(
    db,
    Array.from({ length: DAYS }, (_, day) => ({
      slug: `day-${day}`,
      publishedAt: new Date(START + day * DAY_MS).toISOString(),
    })),
  );
  let now = new Date(START);
  const clock: Clock = { now: () => now };
  const second = connect(house.config.databaseUrl!, silentLog, 4);
  const look = (database: typeof db) => openSlots({ db: database, clock, log: silentLog });
  const end = START + DAYS * DAY_MS;
  while (now.getTime() < end) {
    await Promise.all([look(db), look(second)]);
    const down = random() < 0.02;
    now = new Date(now.getTime() + (down ? 10 * HOUR_MS : 3 * HOUR_MS + Math.floor(random() * 90) * MINUTE_MS));
  }
  for (const newsletter of newsletters) {
    const { rows } = await sql<{ slotAt: Date; outcome: string; editionId: number | null }>`
      select slot_at as "slotAt", outcome, edition_id as "editionId" from slots where newsletter_id = ${newsletter.id} order by 1`.execute(
      db,
    );
    expect(rows.map(({ outcome }) => outcome)).toEqual(rows.map(() => 'opened'));
    expect(rows.length).toBeGreaterThanOrEqual(51);
    expect(rows.length).toBeLessThanOrEqual(53);
    const wall = new Intl.DateTimeFormat('en-GB', { timeZone: newsletter.timeZone, weekday: 'short' });
    expect(new Set(rows.map(({ slotAt }) => wall.format(slotAt)))).toEqual(new Set(['Sun']));
    for (const [index, { slotAt }] of rows.slice(1).entries()) {
      expect(Math.abs(slotAt.getTime() - rows[index]!.slotAt.getTime() - 7 * DAY_MS)).toBeLessThanOrEqual(HOUR_MS);
    }
    const mine = (await editionsIn(db, ['draft'])).filter((edition) => edition.newsletterId === newsletter.id);
    expect(mine.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1));
    expect(mine.map(({ slotAt }) => slotAt?.getTime())).toEqual(rows.map(({ slotAt }) => slotAt.getTime()));
  }
  const { rows: twice } =
    await sql`select piece_id from edition_pieces group by newsletter_id, piece_id having count(*) > 1`.execute(db);
  expect(twice).toEqual([]);
  await second.destroy();
  await house.remove();
}, 120_000);
