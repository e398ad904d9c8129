import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BIN, type Ran, runRoundup } from '../support/cli.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'roundup-cli-'));
let database: TestDatabase;
let site: WebServer;

const items = Array.from(
  { length: 6 },
  (_, n) =>
    `<item><title>Story ${n}</title><link>https://example.org/${n}</link><pubDate>${new Date(Date.now() - n * 3.6e6 - 6e4).toUTCString()}</pubDate><description>About story ${n}.</description></item>`,
);

beforeAll(async () => {
  database = await freshDatabase();
  site = await startWebServer((_request, response) =>
    response.end(`<rss version="2.0"><channel><title>The Feed</title>${items.join('')}</channel></rss>`),
  );
});
afterAll(async () => {
  await site.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const roundup = (args: string, env: Record<string, string> = {}): Promise<Ran> =>
  runRoundup(args, {
    cwd: folder,
    env: { DATABASE_URL: database.url, DATA_DIR: path.join(folder, 'data'), ...env },
  });

const json = async (args: string) => {
  const { out, err, code } = await roundup(`${args} --json`);
  if (code !== 0) throw new Error(`roundup ${args}: ${err}`);
  return JSON.parse(out.trim().split('\n').at(-1)!);
};

test('there is help at every level', async () => {
  for (const command of [
    '',
    'newsletter',
    'newsletter add',
    'source',
    'edition',
    'edition send',
    'subscribers import',
    'demo',
    'up',
    'doctor',
  ]) {
    const { code, out } = await roundup(`${command} --help`);
    expect(code).toBe(0);
    expect(out).toContain('Usage: roundup');
  }
}, 60_000);

test('what is wrong is said in a sentence, with what to do, and its own exit code', async () => {
  expect(await roundup('fly')).toMatchObject({ code: 2, err: expect.stringContaining("unknown command 'fly'") });
  expect(await roundup('edition show 99')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/There is no edition 99[\s\S]*roundup edition list/),
  });
  expect(await roundup('edition show x')).toMatchObject({ code: 2 });
  expect(await roundup('compose nothing')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no newsletter "nothing"'),
  });
  expect(await roundup('source add http://127.0.0.1:1/ --name x')).toMatchObject({
    code: 4,
    err: expect.stringContaining('private network'),
  });
  expect(await roundup('status', { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x' })).toMatchObject({
    code: 4,
    err: expect.stringMatching(/127\.0\.0\.1:1 \(database x\) does not answer/),
  });
  const { err, code } = await roundup('status', { PORT: 'x', BASE_URL: 'y' });
  expect(code).toBe(2);
  expect(err).toMatch(/PORT holds "x"[\s\S]*BASE_URL holds "y"/);
}, 60_000);

test('from an empty installation to a sent edition, command by command', async () => {
  await json('publication --name "The Paper" --home https://example.org/ --postal-address "1 Street"');
  expect(await json(`source add ${site.url}/feed --local`)).toMatchObject({ name: 'The Feed', pieces: 6 });
  expect((await json('source check')).sources).toEqual([
    { name: 'The Feed', url: `${site.url}/feed`, outcome: 'read', pieces: 6, skipped: 0 },
  ]);
  expect((await json('collect')).sources[0]).toMatchObject({ outcome: 'read', new: 6 });
  expect(
    await json(
      'newsletter add weekly --name "The Weekly" --sender "The Paper <news@example.org>" --cron "0 9 * * 4" --time-zone Europe/London',
    ),
  ).toMatchObject({ slug: 'weekly', schedule: { cron: '0 9 * * 4', leadMinutes: 1440 } });
  expect(await json('newsletter edit weekly --minimum 2')).toMatchObject({
    minimumPieces: 2,
    timeZone: 'Europe/London',
  });
  writeFileSync(path.join(folder, 'readers.csv'), 'email,name\na@example.org,Ana\nb@example.org,Bo\nnot one,\n');
  expect(await json('subscribers import weekly readers.csv')).toMatchObject({
    subscribed: 2,
    invalid: 1,
    problems: [{ line: 4 }],
  });
  const { edition } = await json('compose weekly');
  const { files } = await json(`edition preview ${edition}`);
  expect(readFileSync(files.html, 'utf8')).toContain('Story 0');
  expect(readFileSync(files.eml, 'utf8')).toMatch(/^From: The Paper <news@example\.org>\r\n/);
  expect(await roundup(`edition send ${edition}`)).toMatchObject({
    code: 3,
    err: expect.stringContaining(`roundup edition approve ${edition}`),
  });
  expect(await json(`edition approve ${edition} --by Ana`)).toMatchObject({ approvedBy: 'Ana' });
  const sent = await roundup(`edition send ${edition}`);
  expect(sent).toMatchObject({
    code: 0,
    err: expect.stringMatching(/goes out to 2 readers[\s\S]*No worker is running[\s\S]*roundup up/),
  });
  const up = spawn(process.execPath, [BIN, 'up'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      NO_COLOR: '1',
      DATABASE_URL: database.url,
      DATA_DIR: path.join(folder, 'data'),
      PORT: '0',
      DESK_PORT: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  up.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (
    let tries = 0;
    tries < 100 && !/"accepted":2/.test(JSON.stringify(await json(`edition show ${edition}`)));
    tries++
  );
  expect((await json(`edition show ${edition}`)).edition.state).toBe('sent');
  expect(said).toMatch(/no SMTP_URL is set: mail goes to the local inbox/);
  expect(said).toMatch(/http:\/\/127\.0\.0\.1:\d+\/join\/\w+/);
  expect((await json('status')).workers).toBe(1);
  expect(await json('send-test 1 me@example.net')).toMatchObject({ address: 'me@example.net' });
  const { checks } = await json('doctor');
  expect(checks.find(({ name }: { name: string }) => name === 'database')).toMatchObject({ level: 'ok' });
  up.kill('SIGTERM');
  const [code] = (await once(up, 'exit')) as [number];
  expect(code).toBe(0);
}, 120_000);
