import { decideLikeness, listPieces } from '../../src/pieces/index.ts';
import { proposeLikeness } from '../../src/pieces/likenessStore.ts';
import { sql } from '../../src/platform/database/index.ts';
import { visitor } from '../support/desk.ts';
import { type Draft, openDraft } from '../support/draft.ts';
import { addNewsletter, addPieces } from '../support/house.ts';

// What the desk says without being asked: on its first page what wants somebody, in the pool what is known of a piece.

let draft: Draft;
let house: Draft['house'];
let web: Draft['web'];

const ago = (hours: number) => new Date(Date.now() - hours * 3.6e6).toISOString();

beforeEach(async () => {
  draft = await openDraft({ titles: ['Piece 1', 'Piece 2', 'Piece 3'] });
  ({ house, web } = draft);
});
afterEach(() => draft.close());

test('the first page says what wants somebody, however much has gone out since', async () => {
  const { db } = house.database;
  await sql`insert into editions (newsletter_id, number, window_from, window_to, state, created_at)
    select 1, 100 + n, now(), now(), 'sent', now() from generate_series(1, 30) n`.execute(db);
  await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at, change)
    select id, 1, '{"subject":"x","preheader":"","note":"","sections":[]}', 'a test', now(), 'made' from editions where number > 100`.execute(
    db,
  );
  const editor = await visitor(house, web, { role: 'editor' });
  const wanted = async () =>
    /id="wanted"[\s\S]*?<\/section>/.exec((await editor.get('/')).html)?.[0].replaceAll(/<[^>]+>/g, ' ') ?? '';
  expect(await wanted()).toBe('');
  await sql`update editions set state = 'in_review' where number = 1`.execute(db);
  expect(await wanted()).toContain('The Weekly no. 1 waits for a review');
  await sql`update editions set missed_at = now() where number = 1`.execute(db);
  expect(await wanted()).toContain('is late: its slot passed without an approval');
  await sql`update editions set state = 'paused', missed_at = null where number = 1`.execute(db);
  expect(await wanted()).toContain('is paused in the middle of its send');
  await sql`update editions set state = 'approved' where number = 1`.execute(db);
  expect(await wanted()).toContain('is approved, and not scheduled');
  await sql`update sources set failing_since = now() - interval '2 days', last_problem = 'HTTP 503'`.execute(db);
  expect(await wanted()).toContain('Test source: HTTP 503');
  await sql`insert into pacing (key, held_until, held_cause, held_reason)
    values ('slow.example', now() + interval '3 hours', 'policy', '421 too many')`.execute(db);
  expect(await wanted()).toContain('slow.example takes no mail of ours now: 421 too many');
  const { html } = await editor.get('/');
  expect(html).toMatch(/Next <strong data-until="\d{4}-[^"]+Z">in \d+ (day|hour|minute)s?<\/strong>/);
  expect(html).toContain('<a href="/sources/1">Test source: HTTP 503</a>');
  // Whoever is for another newsletter, made from other sources, hears of none of it.
  await addNewsletter(db, {}, undefined, 'other');
  const { rows } = await sql<{ id: number }>`
    insert into sources (name, url) values ('Another', 'https://other.example/feed') returning id`.execute(db);
  await sql`insert into newsletter_sources (newsletter_id, source_id) values (2, ${rows[0]!.id})`.execute(db);
  const elsewhere = await visitor(house, web, {
    role: 'author',
    name: 'Bo',
    address: 'bo@review.example',
    newsletterIds: [2],
  });
  const theirs = (await elsewhere.get('/')).html;
  expect(theirs).not.toContain('Test source');
  expect(theirs).not.toContain('no. 1');
});

test('the pool says what is known of a piece: its twins, its story, where it is, and whether it may run', async () => {
  const { db } = house.database;
  const now = new Date();
  await addPieces(
    db,
    ['twin', 'story', 'held', 'retracted', 'later', 'ran'].map((slug, n) => ({
      slug,
      title: `The ${slug}`,
      publishedAt: ago(n + 5),
    })),
  );
  const pieces = await listPieces(db, {
    sourceIds: [],
    publishedAfter: new Date(0),
    publishedUntil: now,
    lateSince: new Date(0),
    alsoIds: [],
  });
  const idOf = (title: string) => pieces.find((piece) => piece.title === title)!.id;
  const pair = (a: number, b: number) => ({ pieceId: Math.min(a, b), otherId: Math.max(a, b) });
  await proposeLikeness(db, [{ ...pair(idOf('Piece 1'), idOf('The twin')), score: 0.9, reason: 'x' }], now);
  await decideLikeness(db, pair(idOf('Piece 2'), idOf('The story')), 'same', { name: 'Ed', at: now });
  await sql`insert into piece_marks (piece_id, newsletter_id, mark, made_by, made_at)
    values (${idOf('The held')}, 1, 'hold', 'Ed', now())`.execute(db);
  await sql`update pieces set retracted_at = now() where id = ${idOf('The retracted')}`.execute(db);
  await sql`update pieces set embargo_until = now() + interval '1 day' where id = ${idOf('The later')}`.execute(db);
  const editor = await visitor(house, web, { role: 'editor' });
  await editor.post('/editions/1/add', { revision: '1', piece: String(idOf('The ran')), section: 'analysis' });
  await editor.post('/newsletters/1/editions', {});
  const rows = async (query = '') => {
    const { html } = await editor.get(`/editions/2/pool${query}`);
    const lines = html
      .split('<li>')
      .map((one) => one.replaceAll(/<(select|button)[\s\S]*?<\/\1>|<[^>]+>/g, ' ').replaceAll(/\s+/g, ' '));
    return (title: string) => lines.find((line) => line.includes(` ${title} `)) ?? '';
  };
  const { html } = await editor.get('/editions/1/pool');
  expect(html).toContain(`Like “<a href="/pieces/${idOf('Piece 1')}">Piece 1</a>”, which is in it`);
  expect(html).toMatch(/the story of a piece in it/);
  const of = await rows();
  expect(of('The held')).toContain('hold');
  expect(of('The retracted')).toContain('retracted');
  expect(of('The later')).toContain('embargo until');
  expect(of('The ran')).toContain('in no. 1');
  const held = await rows('?which=hold');
  expect([held('The held') === '', held('The later')]).toEqual([false, '']);
});
