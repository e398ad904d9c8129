import { type ComposeInput, compose, newsletterSettingsSchema } from '../../src/editions/index.ts';
import type { Mark, Piece } from '../../src/pieces/index.ts';
import { poolPiece } from '../support/piece.ts';

// What the composer does by its rules, each alone: quotas, fill-up, order, criteria, diversity, marks.

const now = new Date('2026-11-20T00:00:00Z');
const piece = (id: number, over: Partial<Piece> = {}) =>
  poolPiece(id, { publishedAt: new Date(now.getTime() - id * 3_600_000), ...over });
const mark = (pieceId: number, over: Partial<Mark>): Mark => ({
  pieceId,
  newsletterId: 1,
  mark: 'pin',
  editionNumber: null,
  section: null,
  madeBy: 'Vera',
  madeAt: now,
  ...over,
});

function run(pieces: Piece[], sections: object[], over: Partial<ComposeInput> & { limits?: object } = {}) {
  const { limits = { perAuthor: null, minRegions: 1 }, ...rest } = over;
  const settings = newsletterSettingsSchema.parse({
    sender: { name: 'X', address: 'x@example.org' },
    sections: sections.map((section, n) => ({ key: `s${n}`, title: `S${n}`, layout: 'list', max: 3, ...section })),
    diversity: limits,
  });
  const result = compose({
    sections: settings.sections,
    diversity: settings.diversity,
    pieces,
    now,
    number: 5,
    timeZone: 'UTC',
    ranIn: new Map(),
    sourceNames: new Map([
      [1, 'Main'],
      [2, 'Blog'],
    ]),
    ...rest,
  });
  const ids = Object.fromEntries(
    result.content.sections.map(({ key, pieces: own }) => [key, own.map(({ pieceId }) => pieceId)]),
  );
  const why = Object.fromEntries(
    result.choices.map(({ pieceId, code, sentence }) => [pieceId, `${code}: ${sentence}`]),
  );
  return { ids, why };
}

test('a minimum of a later section comes before the maximum of an earlier one', () => {
  const { ids } = run([piece(1), piece(2), piece(3)], [{ max: 3 }, { min: 1 }]);
  expect(ids).toEqual({ s0: [2, 3], s1: [1] });
});

test('what fills up a section fills it to its minimum, and says so', () => {
  const opinion = { kind: 'Opinion' };
  const { ids, why } = run(
    [piece(1, opinion), piece(2, opinion), piece(3)],
    [{ rule: { kinds: ['Analysis'] }, min: 2, fillUp: { kinds: ['Opinion'] } }, { rule: { kinds: ['Opinion'] } }],
  );
  expect(ids).toEqual({ s0: [1, 3], s1: [2] });
  expect(why[1]).toBe('filled-up: Fills up “S0”, which wants 2 and had fewer of its own.');
});

test('a section that stays short is left out where it should be, and its pieces are free', () => {
  const short = { rule: { kinds: ['Video'] }, min: 2, whenShort: 'drop' };
  const video = piece(1, { kind: 'Video' });
  expect(run([video], [short, {}]).ids).toEqual({ s1: [1] });
  expect(run([video], [short]).why[1]).toBe('section-dropped: “S0” wants 2 and had fewer, so it is left out.');
});

test.each([
  ['newest', [1, 2, 3]],
  ['oldest', [3, 2, 1]],
  ['longest', [2, 3, 1]],
  ['shortest', [1, 3, 2]],
])('in the order %s', (order, ids) => {
  const lengths = [1, 9, 5];
  expect(
    run(
      lengths.map((readingMinutes, n) => piece(n + 1, { readingMinutes })),
      [{ order }],
    ).ids.s0,
  ).toEqual(ids);
});

test('a lead by its criteria, the weightiest first', () => {
  const pieces = [
    piece(1, { image: null }),
    piece(2, { deck: '' }),
    piece(3, { kind: 'Reporting' }),
    piece(4, { kind: 'Analysis', readingMinutes: 1 }),
  ];
  const lead = (criteria: string[]) =>
    run(pieces, [{ layout: 'lead', max: 1, criteria, rule: { kinds: ['Analysis', 'Reporting'] } }]);
  expect(lead(['photo', 'deck']).ids.s0).toEqual([3]);
  expect(lead(['kind', 'photo', 'deck']).ids.s0).toEqual([4]);
  expect(lead([]).ids.s0).toEqual([1]);
  expect(lead(['photo', 'deck']).why[3]).toBe('lead: The newest Reporting with a photo and a deck leads.');
});

test('rules by author, age and words of the headline', () => {
  const pieces = [piece(1, { authors: ['Zoë Łukasik'] }), piece(2, { title: 'On the grain deal, again' }), piece(60)];
  const ids = (rule: object) => run(pieces, [{ rule }]).ids.s0 ?? [];
  expect(ids({ authors: ['zoë łukasik'] })).toEqual([1]);
  expect(ids({ titleWords: ['Grain Deal'] })).toEqual([2]);
  expect(ids({ titleWords: ['rain'] })).toEqual([]);
  expect(ids({ maxAgeDays: 2 })).toEqual([1, 2]);
  expect(run(pieces, [{ rule: { maxAgeDays: 2 } }]).why[60]).toBe('too-old: “S0” takes nothing older than 2 days.');
});

test('not three by one author, whatever the case of the name', () => {
  const by = (id: number, ...authors: string[]) => piece(id, { authors });
  const { ids, why } = run([by(1, 'Ana'), by(2, 'ANA', 'Ben'), by(3, 'ana'), by(4, 'Ben')], [{ max: 9 }], {
    limits: { perAuthor: 2, minRegions: 1 },
  });
  expect(ids.s0).toEqual([1, 2, 4]);
  expect(why[3]).toBe("author-limit: ana has 2 in it already, and that is the newsletter's limit.");
});

test('not more than so many of a region, and not one region only', () => {
  const of = (id: number, region: string) => piece(id, { region });
  expect(
    run([of(1, 'Asia'), of(2, 'Asia'), of(3, 'Africa')], [{}], { limits: { perRegion: 1, minRegions: 1 } }).ids.s0,
  ).toEqual([1, 3]);
  const { ids, why } = run([of(1, 'Asia'), of(2, 'Asia'), of(3, 'Asia'), of(4, 'Africa')], [{}], {
    limits: { minRegions: 2 },
  });
  expect(ids.s0).toEqual([1, 2, 4]);
  expect(why[3]).toBe('one-region: It gives its place to “Piece 4”, so that not all is Asia.');
  expect(why[4]).toMatch(/^for-diversity: /);
  // Where there is no other, all of one region is better than nothing.
  expect(run([of(1, 'Asia'), of(2, 'Asia')], [{}], { limits: { minRegions: 2 } }).ids.s0).toEqual([1, 2]);
});

test('pinned, held, never, embargoed, gone, retracted, the same story', () => {
  const pieces = [
    piece(1),
    piece(2),
    piece(3),
    piece(4, { embargoUntil: new Date('2026-12-01T09:00:00Z') }),
    piece(5, { goneAt: now }),
    piece(6, { retractedAt: now }),
    piece(7, { sameAs: 1 }),
    piece(8, { kind: 'Recipe' }),
  ];
  const marks = [mark(2, { mark: 'hold', editionNumber: 5 }), mark(3, { mark: 'never' }), mark(8, {})];
  const { ids, why } = run(pieces, [{ rule: { kinds: ['Analysis'] } }], { marks });
  expect(ids.s0).toEqual([8, 1]);
  expect(why).toMatchObject({
    2: 'held: Vera held it for the next edition.',
    3: 'never: Vera said never to run it.',
    4: 'embargoed: It is under embargo until Tue, 1 Dec 2026, 09:00 UTC.',
    5: 'gone: Its page is gone.',
    6: 'retracted: It has been retracted.',
    7: 'same-story: It is the same story as “Piece 1”.',
    8: 'pinned: Vera pinned it to “S0”.',
  });
  // What was held out of the edition before may run.
  expect(run([piece(2)], [{}], { marks: [mark(2, { mark: 'hold', editionNumber: 4 })] }).ids.s0).toEqual([2]);
});

test('of two that look like one story the first tells it, if it may run', () => {
  const pair = [{ pieceId: 1, otherId: 2, reason: 'their headlines are the same', title: 'Piece 1', source: 'Main' }];
  const out = run([piece(1), piece(2)], [{}], { pairs: pair });
  expect(out.why[2]).toBe(
    'near-duplicate: It looks like the same story as “Piece 1” from Main: their headlines are the same.',
  );
  expect(run([piece(2)], [{}], { pairs: pair, ranIn: new Map([[1, 3]]) }).ids.s0).toBeUndefined();
  expect(run([piece(1, { retractedAt: now }), piece(2)], [{}], { pairs: pair }).ids.s0).toEqual([2]);
});
