import { isInTime, nextSlot, slotsOpening } from '../../src/editions/index.ts';
import { newsletterSettingsSchema } from '../../src/editions/newsletter.ts';
import { cronProblem } from '../../src/editions/slots.ts';

const schedule = (cron: string, leadMinutes = 0, toleranceMinutes = 60) => ({ cron, leadMinutes, toleranceMinutes });
const dues = (cron: string, zone: string, from: string, to: string, lead = 0) =>
  slotsOpening(schedule(cron, lead), zone, new Date(from), new Date(to)).map(({ dueAt }) => dueAt.toISOString());

test('a weekly slot stays at its hour of the day when the clocks change', () => {
  expect(dues('0 9 * * 4', 'Europe/London', '2026-10-15T00:00:00Z', '2026-11-06T00:00:00Z')).toEqual([
    '2026-10-15T08:00:00.000Z',
    '2026-10-22T08:00:00.000Z',
    '2026-10-29T09:00:00.000Z',
    '2026-11-05T09:00:00.000Z',
  ]);
});

test('an hour that comes twice in a night is one slot, an hour that does not come is one too', () => {
  expect(dues('30 1 * * 0', 'Europe/London', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toHaveLength(1);
  expect(dues('30 2 * * 0', 'America/New_York', '2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z')).toHaveLength(1);
});

test.each(['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'])(
  'a year in %s has as many slots as it has Thursdays',
  (zone) => {
    expect(dues('0 9 * * 4', zone, '2026-01-02T12:00:00Z', '2027-01-02T12:00:00Z')).toHaveLength(52);
    expect(dues('30 2 * * *', zone, '2026-01-02T12:00:00Z', '2027-01-02T12:00:00Z')).toHaveLength(365);
  },
);

test('a slot opens its lead before it is due, and each instant is asked about once', () => {
  const [slot] = slotsOpening(
    schedule('0 9 * * 4', 24 * 60),
    'UTC',
    new Date('2026-11-24T00:00:00Z'),
    new Date('2026-11-25T09:00:00Z'),
  );
  expect(slot).toEqual({ dueAt: new Date('2026-11-26T09:00:00Z'), opensAt: new Date('2026-11-25T09:00:00Z') });
  expect(
    slotsOpening(
      schedule('0 9 * * 4', 24 * 60),
      'UTC',
      new Date('2026-11-25T09:00:00Z'),
      new Date('2026-11-25T09:00:01Z'),
    ),
  ).toEqual([]);
});

test('in time is up to the tolerance and not a moment longer', () => {
  const slot = { dueAt: new Date('2026-11-26T09:00:00Z'), opensAt: new Date('2026-11-26T09:00:00Z') };
  expect(isInTime(slot, schedule('0 9 * * 4'), new Date(0), new Date('2026-11-26T10:00:00Z'))).toBe(true);
  expect(isInTime(slot, schedule('0 9 * * 4'), new Date(0), new Date('2026-11-26T10:00:00.001Z'))).toBe(false);
});

test('a pattern that never comes has no next slot', () => {
  expect(nextSlot(schedule('0 0 30 2 *'), 'UTC', new Date())).toBeUndefined();
});

test.each(['0 9 * *', '0 9 * * * *', '61 9 * * 4', 'every thursday', ''])('%p is refused', (pattern) => {
  expect(cronProblem(pattern)).toMatch(/cron pattern|five fields/);
});

test('settings that cannot be are refused, with what is wrong', () => {
  const result = newsletterSettingsSchema.safeParse({
    sender: { name: 'X', address: 'nobody' },
    timeZone: 'Mars/Olympus',
    schedule: { cron: '0 25 * * 4' },
    sections: [{ key: 'a', title: '', layout: 'list', min: 3, max: 2 }],
    surprise: 1,
  });
  const messages = result.error!.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
  for (const words of [
    '"nobody" is not a mail address',
    'timeZone: is not an IANA time zone',
    'schedule.cron',
    'min is greater than max',
    'surprise',
  ])
    expect(messages).toContain(words);
});
