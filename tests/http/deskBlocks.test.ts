import sharp from 'sharp';
import { type EditionPiece, getNewsletter, piecesOf, readContent } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import {
  checkEditionLinks,
  getEdition,
  proposeEdition,
  recomposeEdition,
  renderNow,
} from '../../src/newsroom/index.ts';
import { marksFor, recordPieces } from '../../src/pieces/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { csrfOf, enterDesk, submitForm } from '../support/desk.ts';
import { foundPiece } from '../support/found.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// What an editor puts between pieces and makes of a piece: blocks, crops, pins; and what the findings say of gaps and links.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;
let site: WebServer;
let cookie: string;
let _csrf: string;

beforeEach(async () => {
  const halves = await sharp({ create: { width: 800, height: 400, channels: 3, background: '#f00' } })
    .composite([{ input: { create: { width: 400, height: 400, channels: 3, background: '#00f' } }, left: 400, top: 0 }])
    .png()
    .toBuffer();
  site = await startWebServer((request, response) => {
    const { url = '/' } = request;
    if (url.startsWith('/halves')) return response.setHeader('content-type', 'image/png').end(halves);
    // An answer that never comes.
    if (url.startsWith('/hang')) return undefined;
    if (url === '/gone') return response.writeHead(404).end();
    if (url === '/old') return response.writeHead(301, { location: '/new' }).end();
    if (url === '/lost') return response.writeHead(302, { location: '/' }).end();
    if (url === '/busy') return response.writeHead(503).end();
    return response.end('<p>here</p>');
  });
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  const now = Date.now();
  await addPieces(
    db,
    [1, 2, 3, 4].map((n) => ({
      slug: `p${n}`,
      title: `Piece ${n}`,
      publishedAt: new Date(now - n * 3.6e6).toISOString(),
      image: { url: `${site.url}/halves-${n}.png`, alt: 'Two halves', credit: 'C. Redit' },
    })),
  );
  await sql`update sources set is_local = true`.execute(db);
  const newsletter = await getNewsletter(db, 'weekly');
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'the composer' }));
  cookie = await enterDesk(house, web, { role: 'editor' });
  _csrf = await csrfOf(web, cookie);
});
afterEach(async () => {
  await web.close();
  await house.remove();
  await site.close();
});

const edition = () => getEdition(house.database.db, 1);
const content = async () => readContent(house.database.db, await edition());
const post = async (path: string, fields: Record<string, string> = {}) =>
  submitForm(web, `/editions/1/${path}`, { _csrf, revision: String((await edition()).revision), ...fields }, cookie);
const get = async (path: string) => (await fetch(web.deskUrl + path, { headers: { cookie } })).text();
const sample = async () => (await renderNow(await house.newsroom(), await edition())).sample;

test('nobody who types waits for a photograph whose server does not answer', async () => {
  await sql`update edition_revisions set content = replace(content::text, '/halves-', '/hang-')::jsonb`.execute(
    house.database.db,
  );
  const body = new URLSearchParams({ _csrf, revision: '1', subject: 'Typed', preheader: '', note: '', unasked: 'yes' });
  const signal = AbortSignal.timeout(15_000);
  const headers = { cookie, origin: web.deskUrl };
  const answer = await fetch(`${web.deskUrl}/editions/1/texts`, { method: 'POST', body, headers, signal });
  expect(await answer.text()).toContain('data-revision="2"');
});

test('what is refused as of an older revision says which words somebody wrote, and no more', async () => {
  const { key } = (await content()).sections.find(({ layout }) => layout === 'cards')!;
  const late = (fields: Record<string, string>) =>
    post('block', { revision: '7', section: key, after: '0', ...fields });
  const wrote = 'What you wrote is not saved';
  const divider = await late({ kind: 'divider' });
  expect([divider.status, divider.html]).toEqual([412, expect.not.stringContaining(wrote)]);
  const note = await late({ kind: 'note', text: 'A thought' });
  expect(note.html).toMatch(new RegExp(`${wrote}[^]*<dt>text</dt><dd>A thought</dd></div></dl>`));
  expect((await post('send', { revision: '7', sure: 'yes' })).html).not.toContain(wrote);
});

test('notes, buttons and dividers stand between pieces, follow them, and are in the mail and its text', async () => {
  const analysis = (await content()).sections.find(({ layout }) => layout === 'cards')!;
  const { key, pieces } = analysis;
  const note = { section: key, kind: 'note', after: '1', text: 'Read **this** first <script>x</script>' };
  expect((await post('block', note)).html).toContain('is saved');
  expect(
    (
      await post('block', {
        section: key,
        kind: 'button',
        after: '0',
        label: 'Donate',
        url: 'https://example.org/give',
      })
    ).status,
  ).toBe(200);
  await post('block', { section: key, kind: 'divider', after: '9' });
  const { html, text } = await sample();
  expect(html).toContain('<strong>this</strong>');
  expect(html).not.toContain('<script>');
  expect(html).toMatch(/href="https:\/\/example.org\/give"[^>]*>\s*Donate/);
  expect(text).toContain('Donate:\nhttps://example.org/give');
  expect(text).toContain('* * *');
  const at = [`Donate`, pieces[0]!.title, 'Read this first', pieces[1]!.title].map((words) =>
    text.indexOf(words, text.indexOf('Analysis\n-')),
  );
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  // The note stands behind the first piece, and before whatever is first when that is gone.
  await post(`pieces/${pieces[0]!.pieceId}/drop`);
  const after = (await content()).sections.find((section) => section.key === key)!;
  expect(after.blocks!.map(({ kind, after: place }) => `${kind} ${place}`)).toEqual([
    'button 0',
    'note 0',
    'divider 2',
  ]);
  const { id } = after.blocks!.find(({ kind }) => kind === 'note')!;
  await post('block-move', { block: id, after: '1' });
  await post('block', { ...note, id, after: '1', text: 'Other words' });
  expect((await content()).sections.find((section) => section.key === key)!.blocks).toContainEqual({
    kind: 'note',
    id,
    after: 1,
    text: 'Other words',
  });
  // Composing again leaves what an editor put there.
  await recomposeEdition(await house.newsroom(), 1, 'a test');
  expect((await content()).sections.find((section) => section.key === key)!.blocks).toHaveLength(3);
  await post('block-drop', { block: id });
  expect((await content()).sections.find((section) => section.key === key)!.blocks).toHaveLength(2);
  expect(await get('/editions/1/revisions')).toContain('Other words');
});

test.each([
  ['no such section', { section: 'nowhere', kind: 'divider', after: '0' }, 400],
  [
    'a script as an address',
    { section: 'analysis', kind: 'button', after: '0', label: 'x', url: 'javascript:alert(1)' },
    400,
  ],
  ['nothing said', { section: 'analysis', kind: 'note', after: '0', text: '  ' }, 400],
  ['a place that is none', { section: 'analysis', kind: 'divider', after: '-1' }, 400],
  ['a kind that is none', { section: 'analysis', kind: 'video', after: '0' }, 400],
])('a block with %s is refused, and nothing changes', async (_, fields, status) => {
  expect((await post('block', fields as Record<string, string>)).status).toBe(status);
  expect((await edition()).revision).toBe(1);
});

test('a photograph is cut where an editor says, for this edition, and by the program again', async () => {
  const [piece] = piecesOf(await content());
  const colours = async () => {
    const { html } = await sample();
    const [, hash] = /\/media\/(\w+)\.(?:jpg|png)/.exec(html)!;
    const file = await fetch(`${web.deskUrl}/media/${hash}.jpg`, { headers: { cookie } });
    const { channels } = await sharp(Buffer.from(await file.arrayBuffer())).stats();
    return channels.map(({ mean }) => Math.round(mean / 85));
  };
  const page = await get(`/editions/1/pieces/${piece!.pieceId}/crop`);
  expect(page).toMatch(/src="\/media\/\w+\.jpg"/);
  await post(`pieces/${piece!.pieceId}/crop`, { x: '0', y: '50', zoom: '2' });
  expect(await colours()).toEqual([3, 0, 0]);
  await post(`pieces/${piece!.pieceId}/crop`, { x: '100', y: '50', zoom: '2' });
  expect(await colours()).toEqual([0, 0, 3]);
  await post(`pieces/${piece!.pieceId}/crop`, { auto: 'yes' });
  expect(piecesOf(await content())[0]!.image).not.toHaveProperty('crop');
  const { revision } = await edition();
  for (const fields of [
    { x: '101', y: '0', zoom: '1' },
    { x: '0', y: '0', zoom: '9' },
    { x: 'left', y: '0', zoom: '1' },
  ])
    expect((await post(`pieces/${piece!.pieceId}/crop`, fields)).status).toBe(400);
  expect((await edition()).revision).toBe(revision);
});

test('a pin is kept for composing again; what was held and is brought back is held no more', async () => {
  const { db } = house.database;
  const [piece] = piecesOf(await content());
  const { pieceId } = piece!;
  const marks = async () => (await marksFor(db, 1, 1)).map(({ pieceId: id, mark, section }) => [id, mark, section]);
  await post(`pieces/${pieceId}/pin`);
  expect(await marks()).toEqual([[pieceId, 'pin', 'lead']]);
  expect((await post(`pieces/${pieceId}/unpin`)).html).toContain('pinned no more');
  expect(await marks()).toEqual([]);
  await post(`pieces/${pieceId}/hold`);
  expect(await marks()).toEqual([[pieceId, 'hold', null]]);
  await post('restore', { to: '1' });
  expect(await marks()).toEqual([]);
  // What was pinned before it was held is pinned again.
  await post(`pieces/${pieceId}/pin`);
  await post(`pieces/${pieceId}/hold`);
  await post('restore', { to: '1' });
  expect(await marks()).toEqual([[pieceId, 'pin', 'lead']]);
  const { rows } = await sql<{
    overridden: string | null;
  }>`select overridden from edition_choices where piece_id = ${pieceId}`.execute(db);
  expect(rows).toEqual([{ overridden: null }]);
});

test('what composing again brought, and was undone, is brought by composing once more', async () => {
  const { db } = house.database;
  const titles = async () => piecesOf(await content()).map(({ title }) => title);
  const recompose = async () => recomposeEdition({ db, clock: house.clock }, 1, 'Ed');
  await post('texts', { subject: 'By hand', preheader: '', note: '' });
  const { revision, windowTo } = await edition();
  const publishedAt = new Date(Date.now() - 6e4).toISOString();
  await addPieces(db, [{ slug: 'late', title: 'Late', publishedAt }]);
  await recompose();
  expect(await titles()).toContain('Late');
  await post('restore', { to: String(revision) });
  expect(await titles()).not.toContain('Late');
  // The next edition looks at it, too, where this one does not want it after all.
  expect((await edition()).windowTo).toEqual(windowTo);
  await recompose();
  expect(await titles()).toContain('Late');
  expect((await content()).subject).toBe('By hand');
});

test('gaps that nobody filled and links that lead nowhere are among the findings', async () => {
  const { db } = house.database;
  await post('texts', { subject: 'Dear {{name}}', preheader: '', note: `[TK: a line] [a](${site.url}/gone)` });
  const ids = piecesOf(await content()).map(({ pieceId }) => pieceId);
  for (const [at, path] of ['/gone', '/old', '/lost', '/busy'].entries())
    await sql`update edition_revisions set content = replace(content::text, ${`https://example.org/p${at + 1}"`}, ${`${site.url}${path}"`})::jsonb`.execute(
      db,
    );
  const newsroom = await house.newsroom();
  expect(await checkEditionLinks(newsroom, 1)).toBeGreaterThan(3);
  const { findings } = await renderNow(newsroom, await edition());
  const found = findings.map(({ code }) => code).filter((code) => /^(link|placeholder)/.test(code));
  expect(found.toSorted()).toEqual(['link-dead', 'link-lost', 'link-moved', 'placeholder', 'placeholder']);
  expect(ids).toHaveLength(4);
  // What is well, or was looked at just now, is not asked for again.
  expect(await checkEditionLinks(newsroom, 1)).toBe(0);
  expect(await get('/editions/1')).toContain('is dead');
});

test('what changed of a piece is taken over or left, at the piece; then it can be approved', async () => {
  const { db } = house.database;
  const changed = (slug: string, title: string) =>
    recordPieces(
      db,
      1,
      [foundPiece({ url: `https://example.org/${slug}`, title, authors: [`Writer of ${slug}`] })],
      new Date(),
    );
  const approve = async () => {
    const html = await get('/editions/1');
    const fields = [...html.matchAll(/name="(seen-\w+|hash)" value="(\w+)"/g)].map(([, name, value]) => [
      name!,
      value!,
    ]);
    return post('approve', Object.fromEntries(fields));
  };
  await post('texts', { subject: 'By hand', preheader: '', note: '' });
  await changed('p1', 'Another one');
  await changed('p2', 'Another two');
  const [one, two] = ['p1', 'p2'].map(
    (slug) => async () => piecesOf(await content()).find(({ url }) => url.endsWith(slug))!,
  ) as [() => Promise<EditionPiece>, () => Promise<EditionPiece>];
  expect((await approve()).status).toBe(422);
  expect(await get('/editions/1')).toContain('its headline was “Piece 1” and is “Another one” now');
  expect((await post(`pieces/${(await one()).pieceId}/take`)).status).toBe(200);
  expect((await post(`pieces/${(await two()).pieceId}/keep`)).status).toBe(200);
  expect([(await one()).title, (await two()).title]).toEqual(['Another one', 'Piece 2']);
  expect(await get('/editions/1')).not.toContain('Changed since');
  expect((await approve()).status).toBe(200);
  expect((await edition()).state).toBe('approved');
});

test('each thing that is written over goes back by itself, and the others stay', async () => {
  const [{ pieceId }] = piecesOf(await content()) as [EditionPiece];
  const piece = async () => piecesOf(await content()).find((one) => one.pieceId === pieceId)!;
  const original = await piece();
  const words = { title: 'T', deck: 'D', kind: 'K', region: 'R', authors: 'A, B', alt: 'L', credit: 'C' };
  await post(`pieces/${pieceId}/write`, words);
  await post(`pieces/${pieceId}/crop`, { x: '10', y: '20', zoom: '2' });
  const html = await get('/editions/1');
  expect(html.match(/>Put it back</g)).toHaveLength(8);
  expect(html).toContain(`The headline was “${original.title}”.`);
  const differences = async () => (await get('/editions/1/revisions?from=1&to=2')).match(/<ins>/g)?.length;
  expect(await differences()).toBe(7);
  for (const field of ['title', 'deck', 'kind', 'region', 'authors', 'alt', 'credit', 'crop'] as const) {
    const before = await piece();
    await post(`pieces/${pieceId}/original`, { field });
    const after = await piece();
    const { image, ...rest } = before;
    const { crop: _crop, ...plain } = image!;
    const wanted =
      field === 'crop'
        ? { ...before, image: plain }
        : field === 'alt' || field === 'credit'
          ? { ...before, image: { ...image, [field]: original.image![field] } }
          : { ...rest, image, [field]: original[field] };
    expect(after).toEqual(wanted);
  }
  expect(await piece()).toEqual(original);
  expect(await get('/editions/1')).not.toContain('Put it back');
});
