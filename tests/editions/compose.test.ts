import fc from 'fast-check';
import { DEFAULT_SECTIONS, PLAIN_SECTIONS, compose, newsletterSettingsSchema } from '../../src/editions/index.ts';
import type { Piece } from '../../src/pieces/index.ts';
import { poolPiece } from '../support/piece.ts';

const piece = (id: number, over: Partial<Piece> = {}) =>
  poolPiece(id, { authors: [], publishedAt: new Date(Date.UTC(2026, 10, 20) - id * 3_600_000), ...over });
const sectionsOf = (sections: object[]) =>
  newsletterSettingsSchema.parse({ sender: { name: 'X', address: 'x@example.org' }, sections }).sections;
const rules = {
  sections: DEFAULT_SECTIONS,
  diversity: { perAuthor: null, perRegion: null, minRegions: 1 },
  now: new Date(Date.UTC(2026, 10, 20)),
  number: 2,
  timeZone: 'UTC',
  ranIn: new Map<number, number>(),
  sourceNames: new Map([[1, 'Main']]),
};
const run = (pieces: Piece[], ran: [number, number][] = []) => compose({ ...rules, pieces, ranIn: new Map(ran) });
const codes = (result: ReturnType<typeof run>) =>
  Object.fromEntries(result.choices.map(({ pieceId, code }) => [pieceId, code]));

test('the lead is the newest that has a photo and a deck', () => {
  const { content } = run([piece(1, { image: null }), piece(2, { deck: '' }), piece(3), piece(4)]);
  expect(content.sections[0]).toMatchObject({ key: 'lead', pieces: [{ pieceId: 3 }] });
  expect(content.subject).toBe('Piece 3');
});

test('sections take what meets their rule, newest first, up to their quota', () => {
  const result = run([1, 2, 3, 4, 5, 6].map((id) => piece(id)));
  expect(result.content.sections.map(({ key, pieces }) => [key, pieces.map(({ pieceId }) => pieceId)])).toEqual([
    ['lead', [1]],
    ['analysis', [2, 3, 4]],
  ]);
  expect(codes(result)).toMatchObject({ 5: 'section-full', 6: 'section-full' });
});

test('a piece that ran before is left out, with the edition that ran it', () => {
  const result = run([piece(1), piece(2)], [[1, 7]]);
  expect(result.choices.find(({ pieceId }) => pieceId === 1)).toEqual({
    pieceId: 1,
    included: false,
    code: 'ran-before',
    sentence: 'It ran in edition 7.',
  });
});

test('a piece of a kind that no section takes says so', () => {
  expect(codes(run([piece(1), piece(2, { kind: 'Recipe' })]))).toMatchObject({ 2: 'no-section' });
});

test('sections go by source, region and tag as well', () => {
  const section = (rule: object) => sectionsOf([{ key: 's', title: 'S', layout: 'list', rule, max: 9 }]);
  const pieces = [piece(1, { region: 'Africa' }), piece(2, { tags: ['Ships'] }), piece(3, { sourceId: 2 })];
  const ids = (rule: object) =>
    compose({
      ...rules,
      sections: section(rule),
      pieces,
      sourceNames: new Map([[2, 'Blog']]),
    }).content.sections.flatMap((one) => one.pieces.map(({ pieceId }) => pieceId));
  expect([ids({ regions: ['africa'] }), ids({ tags: ['ships'] }), ids({ sources: ['Blog'] }), ids({})]).toEqual([
    [1],
    [2],
    [3],
    [1, 2, 3],
  ]);
});

test('whatever the pieces: each has one choice, none is in twice, and the same input gives the same edition', () => {
  const arbitrary = fc.uniqueArray(
    fc.record({
      id: fc.nat(500),
      kind: fc.constantFrom('Analysis', 'Opinion', 'Dispatch', 'Video', '', 'Recipe'),
      hours: fc.nat(200),
      plain: fc.boolean(),
    }),
    { selector: ({ id }) => id, maxLength: 60 },
  );
  fc.assert(
    fc.property(arbitrary, fc.boolean(), (hints, magazine) => {
      const pieces = hints.map(({ id, kind, hours, plain }) =>
        piece(id, { kind, publishedAt: new Date(1e12 + hours * 3.6e6), ...(plain ? { image: null } : {}) }),
      );
      const input = {
        ...rules,
        sections: magazine ? DEFAULT_SECTIONS : PLAIN_SECTIONS,
        ranIn: new Map(pieces.slice(0, 3).map(({ id }) => [id, 1])),
        sourceNames: new Map(),
      };
      const result = compose({ ...input, pieces });
      const run = result.content.sections.flatMap((section) => section.pieces.map(({ pieceId }) => pieceId));
      expect(new Set(run).size).toBe(run.length);
      expect(result.choices.map(({ pieceId }) => pieceId).toSorted()).toEqual(pieces.map(({ id }) => id).toSorted());
      expect(
        result.choices
          .filter(({ included }) => included)
          .map(({ pieceId }) => pieceId)
          .toSorted(),
      ).toEqual(run.toSorted());
      expect(compose({ ...input, pieces: pieces.toReversed() })).toEqual(result);
    }),
  );
});
