import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runRoundup } from '../support/cli.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { addNewsletter, addPieces, addPublication } from '../support/house.ts';

// What an operator does with the list, as commands.

const folder = mkdtempSync(path.join(tmpdir(), 'roundup-readers-'));
let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
  await addPublication(database.db);
  await addNewsletter(database.db);
  await addPieces(database.db, [{ slug: 'a', publishedAt: new Date(Date.now() - 1e6).toISOString() }]);
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const roundup = (args: string) =>
  runRoundup(args, { cwd: folder, env: { DATABASE_URL: database.url, DATA_DIR: path.join(folder, 'data') } });
const out = async (args: string) => {
  const ran = await roundup(args);
  if (ran.code !== 0) throw new Error(`roundup ${args}: ${ran.err}`);
  return ran.out;
};

test('a list is looked at, taken in with its columns, counted by segments, and taken back', async () => {
  writeFileSync(
    path.join(folder, 'list.csv'),
    'Email,Name,Plan,IP\nana@example.org,Ana,gold,192.0.2.1\nbo@example.org,Bo,silver,\nana@example.org,Ana,gold,\nnonsense,,,\n',
  );
  const looked = await out('subscribers import weekly list.csv --dry-run --keep plan');
  expect(looked).toContain('2 would be subscribed, from a CSV');
  expect(looked).toContain('line 5: this is no mail address: "nonsense"');
  expect(looked).toContain('nothing was made of: IP');
  expect(await out('subscribers imports')).toContain('No import yet.');
  expect(await out('subscribers import weekly list.csv --keep plan')).toContain('2 subscribed');
  expect(await out('segment save weekly Gold "attributes.plan = GOLD and name is set"')).toContain(
    'Gold: attributes.plan is GOLD and name is set (1 of The Weekly)',
  );
  expect(await out('segment list weekly')).toMatch(/Gold\s+1\s+attributes\.plan/);
  expect(await out('segment count weekly "not attributes.plan is gold" --people 5')).toMatch(
    /1 reader[\s\S]*bo@example\.org/,
  );
  const slip = await roundup('segment count weekly "plan is gold"');
  expect([slip.code, slip.err]).toEqual([
    2,
    expect.stringMatching(/at character 1, “plan”: expected a field[\s\S]*attributes\./),
  ]);

  await out('compose weekly');
  expect(await out('edition audience 1 gold')).toContain('it is for Gold: attributes.plan is GOLD and name is set');
  expect(await out('edition show 1')).toContain('for Gold: attributes.plan');
  expect((await roundup('edition audience 1')).err).toContain('--everybody');
  expect(await out('edition audience 1 --everybody')).toContain('it is for all readers');
  expect((await roundup('send-test 1')).err).toContain('--segment');

  expect((await roundup('newsletter form weekly')).err).toContain('newsletter edit weekly --public');
  await out('newsletter edit weekly --public --description "What it is"');
  expect(await out('newsletter form weekly --lang es')).toMatch(
    /^<form action="http[\s\S]*Suscribirse[\s\S]*<\/form>\n$/,
  );
  expect(await out('segment remove weekly GOLD')).toContain('is forgotten');
  expect(await out('subscribers undo-import 2')).toContain(
    '2 subscriptions, 2 subscribers and 0 suppressions taken back',
  );
}, 120_000);
