import {
  type Newsletter,
  getNewsletter,
  listEditions,
  newsletterSettingsSchema,
  updateNewsletter,
} from '../../src/editions/index.ts';
import {
  approveEdition,
  cancelEdition,
  keepDespiteChanges,
  proposeCorrection,
  recomposeEdition,
  renderNow,
  reviseEdition,
  scheduleEdition,
  tick,
} from '../../src/newsroom/index.ts';
import { markPiece } from '../../src/newsroom/mark.ts';
import { withdrawChanged } from '../../src/newsroom/changes.ts';
import { getEdition } from '../../src/newsroom/find.ts';
import { proposeEdition } from '../../src/newsroom/propose.ts';
import { tellAlerts } from '../../src/newsroom/tellAlerts.ts';
import { raiseAlert } from '../../src/letters/index.ts';
import { findPieceByUrl, recordPage, recordPieces } from '../../src/pieces/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { foundPiece } from '../support/found.ts';
import { type PieceHint, addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// The last day of a slot, and what becomes of an approval when a piece does not stay what it was.

let house: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let clock: MovableClock;
const due = '2026-11-26T09:00:00Z';

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-25T08:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  await addPublication(house.database.db);
});
afterEach(async () => {
  await house.remove();
  await sink.close();
});

const db = () => house.database.db;
const letters = () => sink.mails.map(({ message }) => /Subject: (.*)/.exec(message.toString())?.[1]);
const bodyOf = (at = -1) => sink.mails.at(at)!.message.toString().replace(/=\r\n/g, '');
const edition = async () => (await listEditions(db(), { limit: 1 }))[0]!;
const at = async (time: string) => {
  clock.moveTo(time);
  await tick(await house.newsroom());
};

async function open(settings: object = {}, pieces: Partial<PieceHint>[] = [{}]): Promise<Newsletter> {
  const schedule = { cron: '0 9 * * 4', leadMinutes: 24 * 60, reminderMinutes: 180 };
  const newsletter = await addNewsletter(
    db(),
    { schedule, editors: ['editor@example.org'], diversity: { minRegions: 1 }, ...settings },
    '2026-11-24T00:00:00Z',
  );
  await addReaders(db(), newsletter.id, 2);
  await addPieces(
    db(),
    pieces.map((piece, n) => ({ slug: `p${n}`, publishedAt: '2026-11-24T08:00:00Z', ...piece })),
  );
  // Nothing to find fault with: a lead with a photo that has a name.
  await sql`update pieces set image = null`.execute(db());
  return newsletter;
}

test('a reminder before the deadline, once; then it is held, and the editors are told', async () => {
  await open();
  await at('2026-11-25T09:00:00Z');
  await at('2026-11-26T05:00:00Z');
  expect(letters()).toEqual(['The Weekly no. 1 is ready to be looked at']);
  expect(bodyOf()).toContain('http://localhost:8081/editions/1');
  await at('2026-11-26T06:30:00Z');
  await at('2026-11-26T07:00:00Z');
  expect(letters().slice(1)).toEqual(['The Weekly no. 1 is due Thu, 26 Nov 2026, 09:00 UTC']);
  expect(bodyOf()).toContain('Without an approval it is held');
  await at(due);
  await at('2026-11-26T09:00:05Z');
  expect(letters().slice(2)).toEqual(['The Weekly no. 1 was due and is held']);
  expect((await edition()).state).toBe('draft');
});

test('approved, but scheduled by nobody: the reminder says that', async () => {
  await open();
  await at('2026-11-25T09:00:00Z');
  await approveEdition(await house.newsroom(), 1, 'an editor');
  await at('2026-11-26T08:00:00Z');
  expect(bodyOf()).toContain('roundup edition schedule 1');
  await at(due);
  expect((await edition()).state).toBe('approved');
});

describe('a standing approval', () => {
  const settings = { standingApproval: 'Vera' };

  test('sends what no check finds fault with, by its name, and tells the editors', async () => {
    const newsletter = await open(settings);
    const { id, slug: _slug, sourceIds: _ids, scheduleSince: _since, name, ...rest } = newsletter;
    const plain = newsletterSettingsSchema.parse({
      ...rest,
      sections: [{ key: 'more', title: 'More', layout: 'list', max: 5 }],
    });
    await updateNewsletter(db(), id, { name, settings: plain }, clock.now());
    await at('2026-11-25T09:00:00Z');
    expect((await renderNow(await house.newsroom(), await edition())).findings).toEqual([]);
    await at(due);
    expect((await edition()).state).toBe('sending');
    await at('2026-11-26T09:00:05Z');
    expect(letters().at(-1)).toBe('The Weekly no. 1 goes out by standing approval');
    const { rows } = await sql<{ by: string }>`select approved_by as by from approvals`.execute(db());
    expect(rows).toEqual([{ by: 'the standing approval of Vera' }]);
  });

  test('is for what nobody has edited, where the newsletter wants two people', async () => {
    await open({ ...settings, requiresTwoPeople: true });
    await at('2026-11-25T09:00:00Z');
    await reviseEdition(await house.newsroom(), 1, { note: 'By one person alone.' }, 'an editor');
    await at(due);
    await at('2026-11-26T09:00:05Z');
    expect((await edition()).state).toBe('draft');
    expect(bodyOf()).toContain('wants a second person');
  });

  test('does not cover one with a finding', async () => {
    await open(settings, [{ deck: '' }]);
    await at('2026-11-25T09:00:00Z');
    await at(due);
    await at('2026-11-26T09:00:05Z');
    expect((await edition()).state).toBe('draft');
    expect(bodyOf()).toContain('covers editions with no finding');
  });

  test('is off by default, and does not stand in for an approval that a change has withdrawn', async () => {
    expect((await getNewsletter(db(), (await open(settings)).slug)).standingApproval).toBe('Vera');
    await at('2026-11-25T09:00:00Z');
    const newsroom = await house.newsroom();
    await approveEdition(newsroom, 1, 'an editor');
    await scheduleEdition(newsroom, 1, new Date('2026-11-27T09:00:00Z'), 'an editor');
    await at('2026-11-26T10:00:00Z');
    expect((await edition()).state).toBe('scheduled');
    await reviseEdition(newsroom, 1, { note: 'half a sen' }, 'an editor');
    await at('2026-11-26T15:00:00Z');
    expect((await edition()).state).toBe('draft');
    expect(letters().join()).not.toContain('standing');
  });

  test('is for the hour in which it is due, and for what somebody could have looked at', async () => {
    await open(settings);
    await at('2026-11-25T09:00:00Z');
    await at('2026-11-30T03:00:00Z');
    await at('2026-11-30T03:00:05Z');
    expect((await edition()).state).toBe('draft');
    expect(bodyOf()).toContain('too late for the standing approval of Vera');
  });
});

describe('a piece that does not stay what it was', () => {
  const retitle = (title: string) =>
    recordPieces(
      db(),
      1,
      [
        foundPiece({
          url: 'https://example.org/p0',
          title,
          authors: ['Writer of p0'],
          publishedAt: new Date('2026-11-24T08:00:00Z'),
        }),
      ],
      clock.now(),
    );
  const findings = async () =>
    (await renderNow(await house.newsroom(), await edition())).findings.map(({ code }) => code);

  beforeEach(async () => {
    await open();
    await at('2026-11-25T09:00:00Z');
    await approveEdition(await house.newsroom(), 1, 'an editor');
  });

  test('withdraws the approval; kept as it is, it can be approved again', async () => {
    const newsroom = await house.newsroom();
    await retitle('Another headline');
    await expect(
      scheduleEdition(newsroom, 1, undefined, 'an editor').then(() => at('2026-11-25T12:00:00Z')),
    ).resolves.toBeUndefined();
    expect((await edition()).state).toBe('in_review');
    expect(await findings()).toContain('piece-changed');
    await keepDespiteChanges(newsroom, 1, undefined, 'an editor');
    expect(await findings()).not.toContain('piece-changed');
    await approveEdition(newsroom, 1, 'an editor');
    expect(await withdrawChanged(newsroom)).toEqual([]);
  });

  test('and is what it was again: that is no change', async () => {
    await retitle('Another headline');
    await retitle('Piece p0');
    expect(await withdrawChanged(await house.newsroom())).toEqual([]);
    const { id } = (await findPieceByUrl(db(), 'https://example.org/p0'))!;
    await recordPage(db(), id, 'gone', clock.now());
    await recordPage(db(), id, foundPiece(), clock.now());
    expect(await withdrawChanged(await house.newsroom())).toEqual([]);
  });

  test('a retracted one is not composed away unseen', async () => {
    const newsroom = await house.newsroom();
    await reviseEdition(newsroom, 1, { note: 'A note.' }, 'an editor');
    const { id } = (await findPieceByUrl(db(), 'https://example.org/p0'))!;
    await recordPage(db(), id, foundPiece({ isRetracted: true }), clock.now());
    await recomposeEdition(newsroom, 1, 'an editor');
    expect((await edition()).state).toBe('draft');
    expect(await findings()).toEqual(['subject-missing', 'edition-empty']);
  });
});

test('what is held out of an edition may run in a later one, whatever its number', async () => {
  const newsletter = await open({ minimumPieces: 1 }, [{}, {}]);
  const newsroom = await house.newsroom();
  const propose = () =>
    db()
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'an editor' }));
  const held = (await findPieceByUrl(db(), 'https://example.org/p1'))!;
  await markPiece(newsroom, newsletter, held.id, { mark: 'hold', by: 'an editor' });
  const first = await propose();
  expect(first.composition.choices.find(({ pieceId }) => pieceId === held.id)?.code).toBe('held');
  await sql`update editions set started_at = now(), state = 'sent' where id = ${first.edition.id}`.execute(db());
  await proposeCorrection(newsroom, first.edition.id, 'an editor');
  clock.moveTo('2026-11-26T12:00:00Z');
  await addPieces(db(), [{ slug: 'p2', publishedAt: '2026-11-26T08:00:00Z' }]);
  const third = await propose();
  expect(third.edition.number).toBe(3);
  expect(third.composition.choices.find(({ pieceId }) => pieceId === held.id)?.included).toBe(true);
  await cancelEdition(newsroom, third.edition.id, 'an editor');
  expect((await propose()).composition.choices.find(({ pieceId }) => pieceId === held.id)?.included).toBe(true);
});

test('three processes write a letter once, and one that cannot be written keeps no other', async () => {
  const newsletter = await open();
  const broken = { newsletterId: newsletter.id, editionId: null, kind: 'source-silent', detail: {} } as const;
  await raiseAlert(db(), broken);
  const words = { slug: 'weekly', due: 'today', reason: '' };
  await raiseAlert(db(), { ...broken, kind: 'slot-missed', detail: words });
  const parts = await house.newsroom();
  await Promise.all([tellAlerts(parts), tellAlerts(parts), tellAlerts(parts)]);
  await tellAlerts(parts);
  expect(letters()).toEqual(['The Weekly: the edition due today was not made']);
  await sql`update alerts set raised_at = raised_at - interval '9 days'`.execute(db());
  await tellAlerts(parts);
  const { rows } = await sql`select from alerts where told_at is null`.execute(db());
  expect(rows).toEqual([]);
  expect(await getEdition(db(), 1).catch((error: Error) => error.message)).toContain('no edition 1');
});
