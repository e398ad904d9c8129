import { listPieces, recordPieces } from '../../src/pieces/index.ts';
import { insertSource } from '../../src/sources/index.ts';
import { foundPiece } from '../support/found.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';

let database: TestDatabase;
let sourceId: number;
let otherId: number;
const now = new Date('2026-11-20T12:00:00Z');

beforeEach(async () => {
  database = await freshDatabase();
  sourceId = (await insertSource(database.db, { name: 'A', url: 'https://example.org/feed', isLocal: false }))!.id;
  otherId = (await insertSource(database.db, { name: 'B', url: 'https://example.net/feed', isLocal: false }))!.id;
});
afterEach(() => database.drop());

const report = (url: string, title = 'A title') =>
  foundPiece({
    url,
    title,
    deck: 'Deck with "quotes", \\backslash and 雪.',
    authors: ['Zoë, Jr.', 'Ω'],
    tags: ['a', 'b'],
    image: { url: 'https://example.org/i.jpg', alt: 'alt', credit: 'credit' },
    readingMinutes: 3,
    language: 'en',
    publishedAt: new Date('2026-11-19T08:00:00Z'),
  });
const all = { sourceIds: [], publishedAfter: new Date(0), publishedUntil: now, lateSince: new Date(0) };

test('one piece for each canonical URL, however it is written', async () => {
  const change = await recordPieces(
    database.db,
    sourceId,
    ['https://example.org/a', 'http://www.example.org/a/?utm_source=x', 'https://example.org/b'].map((url) =>
      report(url),
    ),
    now,
  );
  expect(change).toMatchObject({ found: 2, new: 2, changed: 0 });
  expect(await recordPieces(database.db, sourceId, [report('https://www.example.org/a')], now)).toMatchObject({
    new: 0,
  });
});

test('what was kept is what was said', async () => {
  await recordPieces(database.db, sourceId, [report('https://example.org/a')], now);
  const [piece] = await listPieces(database.db, all);
  const { title, deck, kind, region, authors, tags, image, readingMinutes, language } = report('https://example.org/a');
  expect(piece).toMatchObject({ title, deck, kind, region, authors, tags, image, readingMinutes, language });
});

test('the same again changes nothing, another headline does', async () => {
  await recordPieces(database.db, sourceId, [report('https://example.org/a')], now);
  expect(await recordPieces(database.db, sourceId, [report('https://example.org/a')], now)).toMatchObject({
    found: 1,
    new: 0,
    changed: 0,
  });
  expect(await recordPieces(database.db, sourceId, [report('https://example.org/a', 'Corrected')], now)).toMatchObject({
    found: 1,
    new: 0,
    changed: 1,
  });
});

test('a second source does not overwrite the first', async () => {
  await recordPieces(database.db, sourceId, [report('https://example.org/a')], now);
  await recordPieces(database.db, otherId, [report('https://example.org/a', 'As syndicated')], now);
  expect((await listPieces(database.db, all)).map(({ title }) => title)).toEqual(['A title']);
});

test('a piece without a date counts from when it was first seen', async () => {
  await recordPieces(database.db, sourceId, [{ ...report('https://example.org/a'), publishedAt: undefined }], now);
  expect((await listPieces(database.db, all))[0]?.publishedAt).toEqual(now);
});
