import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getNewsletter, listEditions } from '../../src/editions/index.ts';
import { newsOf, recomposeEdition } from '../../src/newsroom/index.ts';
import { tick } from '../../src/newsroom/index.ts';
import { findPieceByUrl, listPieces, recordPieces } from '../../src/pieces/index.ts';
import { migrate, sql } from '../../src/platform/database/index.ts';
import { clockAt } from '../support/clock.ts';
import { foundPiece } from '../support/found.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { openHouse } from '../support/house.ts';

// An installation of the schema before sources of every kind, with what it had: it goes on, and nobody gets a letter about
// slots of long ago.

const MIGRATIONS = path.resolve(import.meta.dirname, '../../src/platform/database/migrations');
const UP_TO = 2;

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  const folder = mkdtempSync(path.join(tmpdir(), 'roundup-migrations-'));
  for (const file of readdirSync(MIGRATIONS).filter((name) => Number(name.slice(0, 4)) <= UP_TO))
    cpSync(path.join(MIGRATIONS, file), path.join(folder, file));
  const { db } = database;
  await sql`drop schema public cascade`.execute(db);
  await sql`create schema public`.execute(db);
  await migrate(db as never, folder);
  rmSync(folder, { recursive: true, force: true });
  await sql`insert into publication (name, home_url, postal_address) values ('P', 'https://example.org', '1 Street')`.execute(
    db,
  );
  await sql`insert into sources (name, url) values ('Old', 'https://example.org/feed')`.execute(db);
  await sql`insert into pieces (url_key, url, guid, source_id, title, kind, published_at, first_seen_at, changed_at, content_hash)
    select 'example.org/' || n, 'https://example.org/' || n, case when n < 3 then 'same' else n::text end, 1, 'Old ' || n, 'Analysis',
      '2026-11-18T08:00:00Z', '2026-11-18T08:00:00Z', '2026-11-18T08:00:00Z', 'x' from generate_series(1, 5) n`.execute(
    db,
  );
  const section = { key: 'all', title: 'All', layout: 'list', rule: { kinds: [] }, min: 0, max: 9 };
  const settings = {
    sender: { name: 'P', address: 'p@example.org' },
    replyTo: null,
    language: 'en',
    timeZone: 'UTC',
    schedule: { cron: '0 9 * * 4', leadMinutes: 60, toleranceMinutes: 60 },
    windowDays: 7,
    minimumPieces: 1,
    sections: [section],
    editors: ['editor@example.org'],
    theme: 'gazette',
    why: '',
    onUncertain: 'resend',
    maxAgeHours: 48,
  };
  await sql`insert into newsletters (slug, name, settings, schedule_since) values ('weekly', 'W', ${JSON.stringify(settings)}::jsonb, '2026-01-01')`.execute(
    db,
  );
  const piece = {
    pieceId: 3,
    url: 'https://example.org/3',
    title: 'Old 3',
    deck: '',
    kind: 'Analysis',
    region: '',
    authors: [],
    image: null,
    readingMinutes: 0,
    language: '',
  };
  const content = {
    subject: 'Old 3',
    preheader: '',
    note: '',
    sections: [{ key: 'all', title: 'All', layout: 'list', pieces: [piece] }],
  };
  await sql`insert into editions (newsletter_id, number, state, slot_at, window_from, window_to, created_at)
    values (1, 1, 'draft', '2026-11-12T09:00:00Z', '2026-11-05', '2026-11-12', '2026-11-11'), (1, 2, 'scheduled', '2027-01-01T09:00:00Z', '2026-11-12', '2026-11-19', '2026-11-18')`.execute(
    db,
  );
  for (const id of [1, 2])
    await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at) values (${id}, 1, ${JSON.stringify(content)}::jsonb, 'x', now())`.execute(
      db,
    );
  await sql`insert into edition_pieces (edition_id, newsletter_id, piece_id, section) values (2, 1, 3, 'all')`.execute(
    db,
  );
});
afterAll(() => database.drop());

test('the upgrade keeps what was there, and the program goes on with it', async () => {
  const { db, url } = database;
  await migrate(db as never);
  const house = await openHouse({ clock: clockAt('2026-11-20T12:00:00Z'), config: { databaseUrl: url } });
  const newsroom = await house.newsroom();
  expect((await getNewsletter(db, 'weekly')).diversity).toEqual({ perAuthor: 2, perRegion: null, minRegions: 2 });
  const window = { publishedAfter: new Date(0), publishedUntil: new Date('2027-01-01'), lateSince: new Date(0) };
  expect(await listPieces(db, { sourceIds: [1], ...window })).toHaveLength(5);
  // A piece of an edition from before is watched like any other.
  const retitled = foundPiece({
    url: 'https://example.org/3',
    title: 'New 3',
    deck: '',
    authors: [],
    publishedAt: new Date('2026-11-18T08:00:00Z'),
  });
  expect(await recordPieces(db, 1, [retitled], new Date('2026-11-20T12:00:00Z'))).toMatchObject({ new: 0, changed: 1 });
  expect((await findPieceByUrl(db, 'https://example.org/3'))?.title).toBe('New 3');
  await tick(newsroom);
  expect((await listEditions(db, { limit: 9 })).map(({ number, state }) => [number, state])).toEqual([
    [2, 'in_review'],
    [1, 'draft'],
  ]);
  const { rows } = await sql<{ kind: string }>`select kind from alerts`.execute(db);
  expect(rows.map(({ kind }) => kind)).not.toContain('approval-missed');
  expect(rows.map(({ kind }) => kind)).toContain('approval-withdrawn');
  await expect(recomposeEdition(newsroom, 2, 'x')).rejects.toThrow('was not composed from the pool');
  expect((await newsOf(db, { subject: '', preheader: '', note: '', sections: [] })).length).toBe(0);
  await house.remove();
});
