import {
  completePiece,
  countPieces,
  decideLikeness,
  findPieceByUrl,
  listHistory,
  recordPage,
  recordPieces,
  undecidedPairs,
} from '../../src/pieces/index.ts';
import type { FoundPiece } from '../../src/sources/index.ts';
import { insertSource } from '../../src/sources/index.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { foundPiece } from '../support/found.ts';

// One story is one piece: by its address, by its source's id of it, by its likeness; and what is only alike is proposed.

let database: TestDatabase;
let sourceId: number;
let otherId: number;
const now = new Date('2026-11-20T12:00:00Z');
const text = (seed: string) => Array.from({ length: 120 }, (_, n) => `${seed}${n}`).join(' ');
const piece = (slug: string, over: Partial<FoundPiece> = {}) =>
  foundPiece({
    url: `https://a.example/${slug}`,
    title: `What ${slug} means for all of us`,
    body: text(slug),
    publishedAt: now,
    ...over,
  });
const record = (found: FoundPiece[], source = sourceId) => recordPieces(database.db, source, found, now);
const at = async (url: string) => (await findPieceByUrl(database.db, url))!;
const historyOf = async (url: string) =>
  (await listHistory(database.db, (await at(url)).id)).map(({ change }) => change);

beforeEach(async () => {
  database = await freshDatabase();
  sourceId = (await insertSource(database.db, { name: 'A', url: 'https://a.example/feed', isLocal: false }))!.id;
  otherId = (await insertSource(database.db, { name: 'B', url: 'https://b.example/feed', isLocal: false }))!.id;
});
afterEach(() => database.drop());

test('moved: the same id at another address is the same piece, under both', async () => {
  await record([piece('old', { guid: 'g1' })]);
  expect(await record([piece('old', { guid: 'g1', url: 'https://a.example/new' })])).toMatchObject({
    new: 0,
    changed: 1,
  });
  expect((await at('https://a.example/old')).id).toBe((await at('https://a.example/new')).id);
  expect((await at('https://a.example/old')).url).toBe('https://a.example/new');
  expect(await historyOf('https://a.example/new')).toEqual(['first', 'moved']);
  // Seen at the old address once more, by a cached copy: it does not go back.
  await record([piece('old', { guid: 'g1' })]);
  expect((await at('https://a.example/old')).url).toBe('https://a.example/new');
});

test('moved without an id: the same headline and text at another address of the same source', async () => {
  await record([piece('old')]);
  expect(await record([piece('old', { url: 'https://a.example/new' })])).toMatchObject({ new: 0, changed: 1 });
  expect(await countPieces(database.db)).toBe(1);
  // Both at once are two: a source that lists both means both.
  await record([piece('twin', { url: 'https://a.example/x' }), piece('twin', { url: 'https://a.example/y' })]);
  expect(await countPieces(database.db)).toBe(3);
});

test('an id that a source gives to everything is none', async () => {
  await record([piece('one', { guid: 'same' }), piece('two', { guid: 'same' })]);
  expect(await record([piece('three', { guid: 'same' })])).toMatchObject({ new: 1 });
  // One after the other, with nothing else in common.
  await record([piece('four', { guid: 'reused', publishedAt: new Date('2026-11-01T00:00:00Z') })]);
  expect(await record([piece('five', { guid: 'reused' })])).toMatchObject({ new: 1, changed: 0 });
});

test('retitled, corrected and retracted: one piece, with what it was', async () => {
  await record([piece('a')]);
  await record([piece('a', { title: 'Another headline', deck: 'Another deck.' })]);
  await record([
    piece('a', { title: 'Another headline', deck: 'Another deck.', correction: 'Correction: it was ten.' }),
  ]);
  await record([piece('a', { title: 'RETRACTED: Another headline', isRetracted: true })]);
  expect(await historyOf('https://a.example/a')).toEqual([
    'first',
    'retitled',
    'deck',
    'corrected',
    'retracted',
    'retitled',
    'deck',
  ]);
  expect((await at('https://a.example/a')).version).toBe(4);
  expect((await at('https://a.example/a')).correction).toBe('Correction: it was ten.');
});

test('syndicated: proposed as one story, two until somebody says so, whatever the headline', async () => {
  await record([piece('story')]);
  await record([piece('story', { url: 'https://b.example/theirs', title: 'Quite another headline over it' })], otherId);
  expect(await countPieces(database.db)).toBe(2);
  const [pair] = await undecidedPairs(database.db, undefined);
  expect(pair).toMatchObject({
    source: 'A',
    otherSource: 'B',
    reason: expect.stringMatching(/^about \d+ % of their texts are the same$/),
  });
  const by = { name: 'an editor', at: now };
  await decideLikeness(database.db, pair!, 'same', by);
  expect((await at('https://b.example/theirs')).sameAs).toBe((await at('https://a.example/story')).id);
  expect(await undecidedPairs(database.db, undefined)).toEqual([]);
  await decideLikeness(database.db, pair!, 'different', by);
  expect((await at('https://b.example/theirs')).sameAs).toBeNull();
  expect(await undecidedPairs(database.db, undefined)).toEqual([]);
});

test('a series with headlines alike is no story told twice; a page that names another as its own is', async () => {
  await record([piece('monday', { title: 'The week in five charts: monday' })]);
  await record([piece('tuesday', { title: 'The week in five charts: tuesday' })], otherId);
  expect(await undecidedPairs(database.db, undefined)).toEqual([]);
  const tuesday = await at('https://a.example/tuesday');
  await completePiece(database.db, tuesday.id, piece('tuesday', { url: 'https://a.example/monday' }), now);
  expect((await at('https://a.example/tuesday')).sameAs).toBe((await at('https://a.example/monday')).id);
  expect(await historyOf('https://a.example/tuesday')).toEqual(['first', 'syndicated']);
});

test('headlines alone decide where a source gives no text', async () => {
  const bare = { body: '', deck: '' };
  await record([piece('x', { ...bare, title: 'Ministers agree on a new grain corridor' })]);
  await record(
    [
      piece('y', { ...bare, title: 'Ministers agree on new grain corridor' }),
      piece('z', { ...bare, title: 'Ministers disagree about fish' }),
    ],
    otherId,
  );
  expect((await undecidedPairs(database.db, undefined)).map(({ otherTitle }) => otherTitle)).toEqual([
    'Ministers agree on new grain corridor',
  ]);
});

test('a page fills in what the feed left out, and nothing else; the feed does not take it away again', async () => {
  const bare = piece('p', {
    deck: 'The beginning of the text.',
    deckIsGiven: false,
    authors: [],
    image: undefined,
    kind: '',
    region: '',
  });
  await record([bare]);
  const id = (await at('https://a.example/p')).id;
  const page = piece('p', {
    title: 'The page’s own headline',
    deck: 'The real deck.',
    authors: ['Ana Author'],
    image: { url: 'https://a.example/p.jpg', alt: 'A port', credit: 'Jane Doe' },
    kind: 'Analysis',
    region: 'Africa',
  });
  await completePiece(database.db, id, page, now);
  const completed = {
    title: bare.title,
    deck: 'The real deck.',
    authors: ['Ana Author'],
    kind: 'Analysis',
    region: 'Africa',
    image: { credit: 'Jane Doe' },
  };
  expect(await at('https://a.example/p')).toMatchObject(completed);
  expect(await record([bare])).toMatchObject({ new: 0, changed: 0 });
  expect(await at('https://a.example/p')).toMatchObject(completed);
  expect((await at('https://a.example/p')).version).toBe(1);
});

test('another signature of the same picture is no change, and the fresh address is kept', async () => {
  const image = (n: number) => ({ url: `https://a.example/i.jpg?sig=${n}&expires=${n}`, alt: 'A', credit: 'C' });
  await record([piece('i', { image: image(1) })]);
  expect(await record([piece('i', { image: image(2) })])).toMatchObject({ changed: 0 });
  expect((await at('https://a.example/i')).image?.url).toContain('sig=2');
});

test('a page that is gone and comes back', async () => {
  await record([piece('g')]);
  const { id } = await at('https://a.example/g');
  expect(await recordPage(database.db, id, 'gone', now)).toBe(true);
  expect(await recordPage(database.db, id, 'gone', now)).toBe(false);
  expect((await at('https://a.example/g')).goneAt).toEqual(now);
  expect(await recordPage(database.db, id, piece('g'), now)).toBe(true);
  expect(await historyOf('https://a.example/g')).toEqual(['first', 'gone', 'back']);
});

test('two collectors at once make one piece of one address', async () => {
  const results = await Promise.all(
    [sourceId, otherId, sourceId, otherId].map((source) => record([piece('race')], source)),
  );
  expect(results.reduce((sum, one) => sum + one.new, 0)).toBe(1);
  expect(await countPieces(database.db)).toBe(1);
});
