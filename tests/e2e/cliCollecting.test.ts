import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Ran, runRoundup } from '../support/cli.ts';
import { type TestDatabase, freshDatabase } from '../support/database.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// From a site's address to an edition that an editor has changed, command by command.

const folder = mkdtempSync(path.join(tmpdir(), 'roundup-cli-'));
let database: TestDatabase;
let site: WebServer;
let titleOfOne = 'Story number one of the week';

const words = (n: number) => Array.from({ length: 120 }, (_, at) => `s${n}w${at}`).join(' ');
const page = (n: number) =>
  `<html lang="en"><head><meta property="og:description" content="The deck of story ${n}, from its page."><meta name="author" content="Ana Abel"></head>
  <body><div class="kicker">Analysis | Europe</div><h1>Story ${n}</h1><article>${`<p>${words(n)}.</p>`.repeat(6)}</article></body></html>`;

beforeAll(async () => {
  database = await freshDatabase();
  site = await startWebServer((request, response) => {
    const url = request.url ?? '/';
    const story = /^\/story-(\d)$/.exec(url)?.[1];
    if (url === '/')
      return void response
        .setHeader('content-type', 'text/html')
        .end(
          '<html><head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body></body></html>',
        );
    if (story !== undefined) return void response.setHeader('content-type', 'text/html').end(page(Number(story)));
    if (url !== '/feed.xml') return void response.writeHead(404).end();
    const items = [1, 2, 3, 4].map(
      (n) =>
        `<item><title>${n === 1 ? titleOfOne : `Story number ${n} of the week`}</title><link>${site.url}/story-${n}</link><guid isPermaLink="false">${n}</guid><pubDate>${new Date(Date.now() - n * 3.6e6).toUTCString()}</pubDate><description><![CDATA[<p>${words(n)}</p>]]></description></item>`,
    );
    response.end(`<rss version="2.0"><channel><title>The Site</title>${items.join('')}</channel></rss>`);
  });
});
afterAll(async () => {
  await site.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const roundup = (args: string): Promise<Ran> =>
  runRoundup(args, { cwd: folder, env: { DATABASE_URL: database.url, DATA_DIR: path.join(folder, 'data') } });
const json = async (args: string) => {
  const { out, err, code } = await roundup(`${args} --json`);
  if (code !== 0) throw new Error(`roundup ${args}: ${err}`);
  return JSON.parse(out.trim().split('\n').at(-1)!);
};
const sections = async () =>
  Object.fromEntries(
    (await json('edition show 1')).content.sections.map(
      ({ key, pieces }: { key: string; pieces: { pieceId: number }[] }) => [key, pieces.map(({ pieceId }) => pieceId)],
    ),
  );

test('a site, its sources, its pieces', async () => {
  await json('publication --name "The Site" --home https://example.org/ --postal-address "1 Street"');
  const found = await roundup(`source find ${site.url} --local`);
  expect(found.out).toMatch(/1\s+The Site\s+feed, 4 pieces/);
  expect(await json(`source add ${site.url} --local`)).toMatchObject({ name: 'The Site', kind: 'feed', pieces: 4 });
  expect((await roundup(`source add ${site.url} --local`)).err).toContain('already');
  writeFileSync(
    path.join(folder, 'subs.opml'),
    `<opml version="2.0"><body><outline text="Folder"><outline text="Again" xmlUrl="${site.url}/feed.xml"/><outline text="Other" xmlUrl="https://other.example/feed"/></outline></body></opml>`,
  );
  expect((await json('source import subs.opml')).feeds.map(({ added }: { added: boolean }) => added)).toEqual([
    false,
    true,
  ]);
  await json('source pause Other');
  const collected = await json('collect');
  expect(collected).toMatchObject({
    sources: [{ name: 'The Site', outcome: 'read', new: 4 }],
    pages: { read: 4, failed: 0 },
  });
  const { out } = await roundup('source list');
  expect(out).toMatch(/The Site\s+feed\s+.*well: 4 pieces in seven days/);
  expect(out).toMatch(/Other\s+feed\s+–\s+paused/);
  const { pieces } = await json('piece list --search number');
  expect(pieces[0]).toMatchObject({
    kind: 'Analysis',
    region: 'Europe',
    authors: ['Ana Abel'],
    deck: 'The deck of story 1, from its page.',
  });
}, 120_000);

test('an edition, what editors do to it, and what its pieces do', async () => {
  await json(
    'newsletter add weekly --sender "The Site <news@example.org>" --every "thursday 09:00" --per-author 0 --minimum 1 --standing-approval Vera',
  );
  expect(await json('newsletter show weekly')).toMatchObject({
    schedule: { cron: '0 9 * * 4' },
    standingApproval: 'Vera',
    diversity: { perAuthor: null },
  });
  await json('piece hold 4');
  await json('piece never 3');
  await json('compose weekly');
  expect(await sections()).toEqual({ lead: [1], more: [2] });
  expect((await roundup('edition show 1')).out).toMatch(/held: .* held it for the next edition/);
  await json('edition add 1 3 --section more --position 1');
  await json('edition move 1 2 --section shorts');
  await json('edition write 1 3 --title "Another headline" --author "Ben Bara"');
  await json('edition recompose 1');
  expect(await sections()).toEqual({ lead: [1], more: [3], shorts: [2] });
  titleOfOne = 'Story number one, retitled';
  await json('collect');
  expect((await roundup('edition changes 1')).out).toContain(
    'its headline was “Story number one of the week” and is “Story number one, retitled” now',
  );
  expect((await roundup('edition approve 1')).err).toContain('has changed since');
  const taken = await json('edition take 1');
  expect(JSON.stringify(taken.content)).toContain('Story number one, retitled');
  expect((await roundup('edition compare 1 1')).out).toMatch(
    /subject[\s\S]*retitled[\s\S]*\+ Another headline, More this week, number 1/,
  );
  expect((await json('edition revisions 1')).revisions.map(({ change }: { change: string }) => change)).toEqual([
    'proposed',
    expect.stringMatching(/^added/),
    expect.stringMatching(/^moved/),
    'wrote title, authors of “Story number 3 of the week”',
    'composed again',
    'took over what changed',
  ]);
  await json('edition restore 1 1');
  expect(await sections()).toEqual({ lead: [1], more: [2] });
  const shown = (await roundup('piece show 1')).out;
  expect(shown).toContain('in edition 1 (weekly no. 1, lead, draft)');
  expect(await roundup('edition drop 1 99')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Piece 99 is not in this edition'),
  });
  expect((await json(`piece add ${site.url}/story-4 --local`)).isNew).toBe(false);
  expect(await json('piece alike')).toEqual({ pairs: [] });
}, 180_000);
