import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {
  listChoices,
  listEditions,
  newsletterSettingsSchema,
  piecesOf,
  readContent,
} from '../../src/editions/index.ts';
import { escapeHtml } from '../../src/lib/escape.ts';
import { HOUR_MS } from '../../src/lib/time.ts';
import {
  approveEdition,
  collectAll,
  completePieces,
  dropFromEdition,
  getEdition,
  holdFromEdition,
  lookAround,
  openSlots,
  recomposeEdition,
  renderNow,
  scheduleEdition,
  takeChanges,
  tick,
} from '../../src/newsroom/index.ts';
import { countPieces, findPieceByUrl, listHistory, setEmbargo } from '../../src/pieces/index.ts';
import { insertSource } from '../../src/sources/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { addNewsletter, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// A month of a publication, collected day by day from its feeds, with late, corrected, retracted, syndicated, embargoed, held,
// moved and vanished pieces. What each edition has to be stands in fixtures, written from the rules by hand before any of it ran.

interface Scripted {
  slug: string;
  source?: string;
  title?: string;
  kind: string;
  region: string;
  by: string;
  at: string;
  inFeedFrom?: string;
  photo?: boolean;
  textOf?: string;
}

interface Expected {
  number: number;
  sections: Record<string, string[]>;
  in: Record<string, string>;
  out: Record<string, string>;
  afterHolding?: Record<string, Record<string, string[]>>;
  afterDropping?: Record<string, Record<string, string[]>>;
}

const folder = path.join(import.meta.dirname, '../fixtures/month');
const read = <T>(file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as T;
const script = read<Scripted[]>('pieces.json');
const { editions: expected } = read<{ editions: Expected[] }>('expected.json');

const sections = [
  { key: 'lead', title: '', layout: 'lead', rule: { kinds: ['Analysis', 'Reporting'] }, min: 1, max: 1 },
  { key: 'analysis', title: 'Analysis', layout: 'cards', rule: { kinds: ['Analysis'] }, max: 2 },
  {
    key: 'reporting',
    title: 'Reporting',
    layout: 'list',
    rule: { kinds: ['Reporting'] },
    min: 1,
    max: 2,
    fillUp: { kinds: ['Opinion'] },
  },
  { key: 'opinion', title: 'Opinion', layout: 'list', rule: { kinds: ['Opinion'] }, max: 1 },
  { key: 'shorts', title: 'In brief', layout: 'shorts', rule: { kinds: ['Dispatch'] }, max: 3 },
];

let site: WebServer;
let sink: SmtpSink;
let house: Awaited<ReturnType<typeof openHouse>>;
let clock: MovableClock;
/** What the publication has changed: slug → title, or another address, or nothing left. */
const titles = new Map<string, string>();
const moved = new Map<string, string>();
const gone = new Set<string>();

beforeAll(async () => {
  const photo = await sharp({ create: { width: 1400, height: 800, channels: 3, background: '#557' } })
    .jpeg()
    .toBuffer();
  site = await startWebServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    if (name === 'photo.jpg') return void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(photo);
    if (name.endsWith('.rss'))
      return void response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(feedOf(name));
    const piece = script.find(({ slug }) => (moved.get(slug) ?? slug) === name);
    if (piece === undefined || gone.has(piece.slug)) return void response.writeHead(404).end();
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<html><body><article><h1>${titleOf(piece)}</h1>${textOf(piece)}</article></body></html>`);
  });
  sink = await startSmtpSink();
  clock = clockAt('2026-10-28T08:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  const { db } = house.database;
  await addPublication(db);
  const schedule = { cron: '0 9 * * 4', leadMinutes: 24 * 60 };
  const settings = { sections, schedule, timeZone: 'Europe/London', minimumPieces: 3, editors: ['editor@example.org'] };
  newsletterSettingsSchema.shape.sections.parse(sections);
  const newsletter = await addNewsletter(db, settings, '2026-10-30T00:00:00Z');
  await addReaders(db, newsletter.id, 3);
  for (const name of ['Articles', 'Partner'])
    await insertSource(db, { name, url: `${site.url}/${name}.rss`, isLocal: true });
});
afterAll(async () => {
  await house.remove();
  await sink.close();
  await site.close();
});

function titleOf(piece: Scripted): string {
  return titles.get(piece.slug) ?? piece.title ?? `What ${piece.slug.replaceAll('-', ' ')} tell us this week`;
}

/** Each piece has words of its own, those that were syndicated the words of another. */
function textOf({ slug, textOf: other }: Scripted): string {
  const own = (other ?? slug).replaceAll('-', '');
  const words = (n: number) => Array.from({ length: 14 }, (_, m) => `${own}${n * 14 + m}`).join(' ');
  return Array.from({ length: 12 }, (_, n) => `<p>About it: ${words(n)}.</p>`).join('');
}

function feedOf(file: string): string {
  const now = clock.now();
  const items = script
    .filter(({ source = 'Articles' }) => `${source}.rss` === file)
    .filter(
      ({ at, inFeedFrom = at }) => new Date(inFeedFrom) <= now && now.getTime() - Date.parse(at) < 21 * 24 * HOUR_MS,
    )
    .map((piece) => {
      const { slug, kind, region, by, at } = piece;
      const media = piece.photo
        ? `<media:content url="${site.url}/photo.jpg?${slug}" medium="image"><media:credit>C. Redit</media:credit><media:description>A photo</media:description></media:content>`
        : '';
      return `<item><title>${escapeHtml(titleOf(piece))}</title><link>${site.url}/${moved.get(slug) ?? slug}</link><guid isPermaLink="false">${slug}</guid>
        <pubDate>${new Date(at).toUTCString()}</pubDate><dc:creator>${by}</dc:creator><category>${kind}</category><category>${region}</category>
        <description>The deck of ${slug}, in one sentence.</description><content:encoded><![CDATA[${textOf(piece)}]]></content:encoded>${media}</item>`;
    });
  return `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>${file}</title>${items.join('')}</channel></rss>`;
}

const db = () => house.database.db;
const pieceAt = async (slug: string) => (await findPieceByUrl(db(), `${site.url}/${slug}`))!;
const slugs = async () => {
  const ids = await Promise.all(script.map(async ({ slug }) => [(await pieceAt(slug))?.id, slug] as const));
  return new Map(ids);
};

/** Day by day up to a time: the feeds are read, and what time asks for is done. */
async function liveUntil(time: string): Promise<void> {
  const newsroom = await house.newsroom();
  while (clock.now() < new Date(time)) {
    clock.moveTo(new Date(Math.min(clock.now().getTime() + 12 * HOUR_MS, Date.parse(time))).toISOString());
    await collectAll(newsroom);
    await completePieces(newsroom);
    await lookAround(newsroom);
    await tick(newsroom);
  }
}

async function sectionsOf(editionId: number): Promise<Record<string, string[]>> {
  const names = await slugs();
  const content = await readContent(db(), await getEdition(db(), editionId));
  return Object.fromEntries(
    content.sections
      .filter(({ pieces }) => pieces.length > 0)
      .map(({ key, pieces }) => [key, pieces.map(({ pieceId }) => names.get(pieceId) ?? String(pieceId))]),
  );
}

async function expectProposal(want: Expected): Promise<number> {
  const [edition] = await listEditions(db(), { limit: 1 });
  expect(edition?.number).toBe(want.number);
  expect(await sectionsOf(edition!.id)).toEqual(want.sections);
  const names = await slugs();
  const choices = await listChoices(db(), edition!.id);
  const codes = (included: boolean) =>
    Object.fromEntries(
      choices.filter((one) => one.included === included).map(({ pieceId, code }) => [names.get(pieceId), code]),
    );
  expect(codes(true)).toEqual(want.in);
  expect(codes(false)).toEqual(want.out);
  for (const { sentence } of choices) expect(sentence).toMatch(/^[A-Z“].{8,}\.$/);
  return edition!.id;
}

const states = async () =>
  Object.fromEntries((await listEditions(db(), { limit: 9 })).map(({ number, state }) => [number, state]));
const subjects = () =>
  sink.mails
    .filter(({ to }) => to === 'editor@example.org')
    .map(({ message }) => /Subject: (.*)/.exec(message.toString())?.[1]);

async function approveAndSchedule(editionId: number): Promise<void> {
  const newsroom = await house.newsroom();
  await approveEdition(newsroom, editionId, 'an editor');
  await scheduleEdition(newsroom, editionId, undefined, 'an editor');
}

test('the month meets what was written down', async () => {
  const newsroom = await house.newsroom();

  await liveUntil('2026-11-04T09:00:00Z');
  const first = await expectProposal(expected[0]!);
  const again = await openSlots(newsroom);
  expect(again).toEqual([]);
  await approveAndSchedule(first);
  // Nothing of an edition that has gone out is changed by what its pieces become.
  await liveUntil('2026-11-06T12:30:00Z');
  titles.set('ports', 'What ports tell us, corrected');
  expect((await states())[1]).toBe('sending');
  await setEmbargo(db(), (await pieceAt('secret')).id, new Date('2026-11-12T12:00:00Z'));

  await liveUntil('2026-11-11T09:00:00Z');
  const second = await expectProposal(expected[1]!);
  expect((await states())[1]).toBe('sending');
  await approveAndSchedule(second);
  titles.set('cables', 'What cables tell us, once it was corrected');
  await liveUntil('2026-11-11T20:00:00Z');
  expect((await states())[2]).toBe('in_review');
  expect(subjects().at(-1)).toBe('The Weekly no. 2: its approval is withdrawn');
  const letter = sink.mails.at(-1)!.message.toString().replace(/=\r\n/g, '');
  expect(letter).toContain('What cables tell us, once it was corrected');
  const { findings } = await renderNow(newsroom, await getEdition(db(), second));
  expect(findings[0]).toMatchObject({ level: 'error', code: 'piece-changed' });
  await expect(approveEdition(newsroom, second, 'an editor')).rejects.toThrow('has changed since');
  await takeChanges(newsroom, second, undefined, 'an editor');
  await approveAndSchedule(second);

  await liveUntil('2026-11-16T12:00:00Z');
  expect((await states())[2]).toBe('sending');
  titles.set('wrong', 'RETRACTED: What wrong tell us this week');
  await liveUntil('2026-11-18T09:00:00Z');
  const third = await expectProposal(expected[2]!);
  const patience = await pieceAt('patience');
  await holdFromEdition(newsroom, third, patience.id, 'an editor');
  await recomposeEdition(newsroom, third, 'an editor');
  expect(await sectionsOf(third)).toEqual(expected[2]!.afterHolding!.patience);
  expect((await listChoices(db(), third)).find(({ pieceId }) => pieceId === patience.id)).toMatchObject({
    included: false,
    code: 'in-section',
    overridden: 'dropped',
    overriddenBy: 'an editor',
  });
  await approveAndSchedule(third);

  await liveUntil('2026-11-20T09:00:00Z');
  const before = await countPieces(db());
  moved.set('budget', 'budget-at-another-address');
  await liveUntil('2026-11-20T10:30:00Z');
  expect(await countPieces(db())).toBe(before + 1);
  expect((await pieceAt('budget-at-another-address')).id).toBe((await pieceAt('budget')).id);
  expect((await listHistory(db(), (await pieceAt('budget')).id)).map(({ change }) => change)).toEqual([
    'first',
    'moved',
  ]);

  await liveUntil('2026-11-25T09:00:00Z');
  const fourth = await expectProposal(expected[3]!);
  gone.add('vanishing');
  await liveUntil('2026-11-25T15:00:00Z');
  const { findings: flagged } = await renderNow(newsroom, await getEdition(db(), fourth));
  expect(flagged[0]?.sentence).toContain('its page is gone');
  await dropFromEdition(newsroom, fourth, (await pieceAt('vanishing')).id, 'an editor');
  await recomposeEdition(newsroom, fourth, 'an editor');
  expect(await sectionsOf(fourth)).toEqual(expected[3]!.afterDropping!.vanishing);

  // Nobody approves it: a reminder, and when it is due it is held.
  await liveUntil('2026-11-26T07:00:00Z');
  await liveUntil('2026-11-26T10:00:00Z');
  expect((await states())[4]).toBe('draft');
  expect(subjects().slice(-2)).toEqual([
    expect.stringMatching(/^The Weekly no\. 4 is due/),
    'The Weekly no. 4 was due and is held',
  ]);
  const ran = await Promise.all(
    [first, second, third, fourth].map(async (id) => piecesOf(await readContent(db(), await getEdition(db(), id)))),
  );
  const ids = ran.flat().map(({ pieceId }) => pieceId);
  expect(new Set(ids).size).toBe(ids.length);
}, 120_000);
