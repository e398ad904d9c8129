import {
  completePiece,
  countPieces,
  decideLikeness,
  findPieceByUrl,
  listHistory,
  listPieces,
  recordPage,
  recordPieces,
  undecidedPairs,
} from '../../src/pieces/index.ts';
import type { FoundPiece } from '../../src/sources/index.ts';
import { insertSource, sourceByHand } from '../../src/sources/index.ts';
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
  // Where both are listed, the present address has the say; where only the old one is, it has moved back.
  await record([piece('old', { guid: 'g1' }), piece('old', { url: 'https://a.example/new' })]);
  expect((await at('https://a.example/old')).url).toBe('https://a.example/new');
  await record([piece('old', { guid: 'g1' })]);
  expect((await at('https://a.example/new')).url).toBe('https://a.example/old');
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

test('an address that another story has now is that story’s, and the one that was there keeps its own', async () => {
  await record([piece('live', { guid: 'g1' })]);
  await record([piece('live', { guid: 'g1', url: 'https://a.example/archive' })]);
  const day = { publishedAt: new Date('2026-11-21T12:00:00Z') };
  const other = piece('other', {
    guid: 'g2',
    url: 'https://a.example/live',
    title: 'Something else altogether',
    ...day,
  });
  expect(await record([other])).toMatchObject({ new: 1, changed: 0 });
  expect(await record([other, piece('live', { guid: 'g1', url: 'https://a.example/archive' })])).toMatchObject({
    new: 0,
    changed: 0,
  });
  expect((await at('https://a.example/live')).title).toBe('Something else altogether');
  expect((await at('https://a.example/archive')).title).toBe(piece('live').title);
});

test('that a feed lists a piece does not mean that its page is there', async () => {
  await record([piece('g')]);
  const { id } = await at('https://a.example/g');
  await recordPage(database.db, id, 'gone', now);
  expect(await record([piece('g', { tags: ['new'] })])).toMatchObject({ changed: 0 });
  expect((await at('https://a.example/g')).goneAt).toEqual(now);
});

test('a piece is of every source that brings it; one that was added by hand is taken over', async () => {
  const byHand = await sourceByHand(database.db);
  await record([piece('p', { deck: 'As a person found it.' })], byHand);
  await record([piece('p', { deck: 'As its own feed has it.' })], sourceId);
  await record([piece('p', { deck: 'As another has it.' })], otherId);
  expect(await at('https://a.example/p')).toMatchObject({
    sourceId,
    deck: 'As its own feed has it.',
    sourceIds: [sourceId, otherId, byHand],
  });
  const window = {
    publishedAfter: new Date(0),
    publishedUntil: new Date('2027-01-01T00:00:00Z'),
    lateSince: new Date(0),
  };
  for (const one of [sourceId, otherId])
    expect(await listPieces(database.db, { sourceIds: [one], ...window })).toHaveLength(1);
});

test('different undoes same, and leaves what else was said', async () => {
  await record(['1', '2', '3', '4'].map((slug) => piece(slug)));
  const ids = await Promise.all(['1', '2', '3', '4'].map(async (slug) => (await at(`https://a.example/${slug}`)).id));
  const by = { name: 'an editor', at: now };
  const decide = (a: number, b: number, verdict: 'same' | 'different') =>
    decideLikeness(database.db, { pieceId: ids[a]!, otherId: ids[b]! }, verdict, by);
  const groups = async () =>
    Promise.all(['1', '2', '3', '4'].map(async (slug) => (await at(`https://a.example/${slug}`)).sameAs));
  await decide(1, 2, 'same');
  await decide(2, 3, 'same');
  expect(await groups()).toEqual([null, null, ids[1], ids[1]]);
  await decide(2, 3, 'different');
  expect(await groups()).toEqual([null, null, ids[1], null]);
  await decide(0, 1, 'same');
  expect(await groups()).toEqual([null, ids[0], ids[0], null]);
  // A page's word does not go over an editor's.
  await completePiece(database.db, ids[3]!, piece('4', { url: 'https://a.example/3' }), now);
  expect((await groups())[3]).toBeNull();
});

test('completing and collecting at the same time lose nothing and do not stand in each other’s way', async () => {
  const bare = (n: number) => piece(`c${n}`, { deck: '', deckIsGiven: false, authors: [] });
  const all = Array.from({ length: 12 }, (_, n) => bare(n));
  await record(all);
  for (let round = 0; round < 4; round++)
    await Promise.all([
      record(all.map((one) => ({ ...one, tags: [`r${round}`] }))),
      record(all, otherId),
      ...all.map(async ({ url }, n) =>
        completePiece(database.db, (await at(url)).id, piece(`c${n}`, { deck: 'The deck.', authors: ['Ana'] }), now),
      ),
    ]);
  for (const { url } of all) expect(await at(url)).toMatchObject({ deck: 'The deck.', authors: ['Ana'] });
});
