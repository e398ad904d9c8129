import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { changeNewsletter, getEdition, renderNow } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { getTheme } from '../../src/themes/index.ts';
import { visitor } from '../support/desk.ts';
import { type Draft, openDraft } from '../support/draft.ts';
import { getNewsletter } from '../../src/editions/index.ts';

// Themes, over HTTP: their colours, logo, footer and templates, from what is worked on to what is in use.

let draft: Draft;
let house: Draft['house'];
let web: Draft['web'];

beforeEach(async () => {
  draft = await openDraft();
  ({ house, web } = draft);
});
afterEach(() => draft.close());

const card = readFileSync('templates/themes/gazette/card.mjml.hbs', 'utf8');
const colours = async (over: Record<string, string> = {}) => {
  const { design } = await getTheme(house.database.db, 'gazette');
  const flat = (['light', 'dark'] as const).flatMap((scheme) =>
    Object.entries(design.colours[scheme]).map(([key, value]) => [`${scheme}-${key}`, value]),
  );
  return { ...(Object.fromEntries(flat) as Record<string, string>), ...over };
};

/** What a form of a theme's page says that there was before. */
const seenIn = (html: string, form: string) =>
  new RegExp(`action="[^"]*${form}"[^]*?name="seen" value="([^"]+)"`).exec(html)?.[1] ?? '';

const mail = async () => (await renderNow(await house.newsroom(), await getEdition(house.database.db, 1))).sample;

test('what is worked on is seen and in no mail; in use it is in every draft, and can be taken back', async () => {
  const admin = await visitor(house, web);
  const { html: page } = await admin.get('/themes/gazette');
  const footer = 'Written by **people**, [support them](https://example.org/give).';
  await admin.post('/themes/gazette/colours', {
    ...(await colours({ 'light-accent': '#0055AA' })),
    seen: seenIn(page, '/colours'),
  });
  await admin.post('/themes/gazette/footer', { footer, seen: seenIn(page, '/footer') });
  expect((await admin.get('/themes/gazette/frame')).html).toContain('#0055aa');
  expect((await admin.get('/themes/gazette/frame?state=used')).html).not.toContain('#0055aa');
  expect((await mail()).html).not.toContain('#0055aa');
  expect((await admin.get('/themes/gazette/trial')).html).toContain('The Weekly no. 1');
  expect((await admin.post('/themes/gazette/use', { change: 'blue' })).html).toContain('Revision 1 is in use');
  const { html, text } = await mail();
  expect(html).toContain('#0055aa');
  expect(html).toContain('<strong>people</strong>');
  expect(text).toContain('support them [https://example.org/give]');
  expect((await admin.post('/themes/gazette/use', {})).status).toBe(409);
  await admin.post('/themes/gazette/restore', { revision: '0' });
  await admin.post('/themes/gazette/use', { change: 'as it was' });
  expect((await mail()).html).not.toContain('#0055aa');
  const { rows } = await sql<{ act: string }>`select act from audit_log where act like 'theme%'`.execute(
    house.database.db,
  );
  expect(rows).toHaveLength(2);
});

test('faults of a template are named by file and line, and keep it from being used', async () => {
  const admin = await visitor(house, web);
  const keep = async (text: string, file = 'card.mjml.hbs') => {
    const { html } = await admin.get(`/themes/gazette?file=${file}`);
    return admin.post(`/themes/gazette/files/${file}`, { text, seen: seenIn(html, `/files/${file}`) });
  };
  const line = (text: string) => card.split('\n').findIndex((one) => one.includes(text)) + 1;
  const illegal = await keep(card.replace('<mj-column width="62%">', '<mj-column width="62%" colour="red">'));
  expect(illegal.html).toContain(
    `card.mjml.hbs, line ${line('width="62%"')}</a>: &lt;mj-column&gt;: Attribute colour is illegal`,
  );
  expect((await admin.post('/themes/gazette/use', {})).status).toBe(422);
  const open = await keep(card.replace('{{/unless}}', ''));
  expect(open.html).toMatch(/card\.mjml\.hbs, line \d+<\/a>: /);
  const never = await keep(card.replace('</mj-text>\n        </mj-column>', '</mj-column>'));
  expect(never.html).toMatch(/card\.mjml\.hbs, line \d+<\/a>: &lt;\/mj-column&gt; closes what is not open/);
  const helper = await keep(card.replace('{{#unless first}}', '{{#unless (lookup this "constructor")}}'));
  expect(helper.html).toContain('card.mjml.hbs, line 1');
  await admin.post('/themes/gazette/files/card.mjml.hbs/original');
  // A mail without its way out is none.
  const footer = readFileSync('templates/themes/gazette/footer.mjml.hbs', 'utf8');
  await keep(footer.replace('{{unsubscribeUrl}}', 'https://example.org/'), 'footer.mjml.hbs');
  const exit = await admin.post('/themes/gazette/use', {});
  expect([exit.status, exit.html]).toEqual([422, expect.stringContaining('no unsubscribe link')]);
  expect((await admin.post('/themes/gazette/files/passwd', { text: 'x', seen: '' })).status).toBe(404);
  await admin.post('/themes/gazette/discard');
  expect((await admin.get('/themes/gazette')).html).toContain('Nothing is being changed');
});

test('of two who change the colours or the footer at once, the later one is told, and writes over nothing unknowingly', async () => {
  const admin = await visitor(house, web);
  const { html: page } = await admin.get('/themes/gazette');
  for (const [form, mine, theirs] of [
    ['colours', await colours({ 'light-accent': '#0055aa' }), await colours({ 'light-ink': '#aa0055' })],
    ['footer', { footer: 'Mine' }, { footer: 'Theirs' }],
  ] as const) {
    const seen = seenIn(page, `/${form}`);
    expect((await admin.post(`/themes/gazette/${form}`, { ...theirs, seen })).status).toBe(200);
    const late = await admin.post(`/themes/gazette/${form}`, { ...mine, seen });
    expect([late.status, late.html]).toEqual([412, expect.stringContaining('Somebody has changed')]);
    expect((await admin.post(`/themes/gazette/${form}`, mine)).status).toBe(412);
    const { working: theirWork } = await getTheme(house.database.db, 'gazette');
    expect([theirWork?.footer, theirWork?.colours.light.ink]).toContain(form === 'footer' ? 'Theirs' : '#aa0055');
    // What was typed is there, of what there is by now: knowingly it goes over.
    const again = { ...mine, seen: seenIn(late.html, `/${form}`) };
    expect((await admin.post(`/themes/gazette/${form}`, again)).status).toBe(200);
  }
  const { working } = await getTheme(house.database.db, 'gazette');
  expect([working?.footer, working?.colours.light.accent]).toEqual(['Mine', '#0055aa']);
});

test('a copy, a logo of its own, and colours that cannot be read are told', async () => {
  const admin = await visitor(house, web);
  expect((await admin.post('/themes/gazette/copy', { copy: 'evening' })).url).toBe('/themes/evening');
  expect((await admin.post('/themes/gazette/copy', { copy: 'evening' })).status).toBe(409);
  expect((await admin.post('/themes/gazette/copy', { copy: '../x' })).status).toBe(400);
  // What has never been put in use is no newsletter's.
  const newsletter = await getNewsletter(house.database.db, 'weekly');
  await expect(
    changeNewsletter(
      { db: house.database.db, clock: house.clock },
      newsletter.id,
      ({ name, sourceIds, ...settings }) => ({ name, sourceIds, settings: { ...settings, theme: 'evening' } }),
      'a test',
    ),
  ).rejects.toThrow('has not been put in use yet');
  const paint = async (over: Record<string, string>) => {
    const seen = seenIn((await admin.get('/themes/evening')).html, '/colours');
    return admin.post('/themes/evening/colours', { ...(await colours(over)), seen });
  };
  const faint = await paint({ 'light-text': '#eeeeee' });
  expect(faint.html).toMatch(/By day, text on the sheet: a contrast of 1\.\d/);
  expect((await paint({ 'light-text': 'red; }' })).status).toBe(400);
  const bytes = Uint8Array.from(
    await sharp({ create: { width: 300, height: 100, channels: 3, background: '#123456' } })
      .png()
      .toBuffer(),
  );
  const logo = await admin.upload(
    '/themes/evening/logo',
    { from: 'upload', width: '120' },
    { name: 'logo.png', bytes },
  );
  expect(logo.html).toMatch(/src="\/media\/\w{40}\.(png|jpg)"/);
  const no = await admin.upload(
    '/themes/evening/logo',
    { from: 'upload', width: '120' },
    { name: 'logo.svg', bytes: new TextEncoder().encode('<svg onload=alert(1)>') },
  );
  expect([no.status, no.html]).toEqual([415, expect.stringContaining('The picture cannot be taken')]);
  await admin.post('/themes/evening/use', {});
  await sql`update newsletters set settings = jsonb_set(settings, '{theme}', '"evening"')`.execute(house.database.db);
  const { html } = await mail();
  expect(html).toMatch(/https:\/\/news\.example\.org\/media\/\w{40}/);
  const findings = await admin.get('/editions/1');
  expect(findings.html).toContain('have a contrast of');
  const editor = await visitor(house, web, { role: 'editor' });
  for (const path of ['/themes', '/themes/gazette', '/themes/gazette/frame', '/themes/gazette/trial'])
    expect((await editor.get(path)).status).toBe(403);
});
