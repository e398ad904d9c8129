import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { type Web, startWeb } from '../../src/http/index.ts';
import { getNewsletter } from '../../src/editions/index.ts';
import {
  approveEdition,
  askForReview,
  dropBlockFromEdition,
  previewImport,
  proposeEdition,
  putBlockInEdition,
  reviseEdition,
  workOnTheme,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { getTheme } from '../../src/themes/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { deskLink } from '../support/desk.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { lookAt } from '../support/look.ts';
import { until } from '../support/until.ts';

// Every room of the desk in a real Chromium: how it looks on telephones and desktops, by day and by night, what axe-core finds, what it
// costs; a theme that follows what is typed; the sheet of shortcuts.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`the desk’s rooms${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    house = await openHouse({ inbox: true });
    web = await startWeb(house);
    const { db } = house.database;
    await addPublication(db);
    await addNewsletter(db, {
      schedule: { cron: '0 9 * * 4' },
      timeZone: 'Europe/London',
      topics: [{ key: 'asia', title: 'Asia' }],
    });
    await addReaders(db, 1, 60);
    await addPieces(
      db,
      [1, 2, 3, 4, 5, 6].map((n) => ({
        slug: `p${n}`,
        title: n < 3 ? `A long headline that is told twice, ${n}` : `Piece ${n}`,
        publishedAt: new Date(Date.now() - n * 3.6e6).toISOString(),
      })),
    );
    const newsletter = await getNewsletter(db, 'weekly');
    await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'the composer' }));
    await sql`insert into segments (newsletter_id, name, filter, made_by, changed_at) values (1, 'Asia', 'topic is asia', 'Ed', now())`.execute(
      db,
    );
    await sql`insert into suppressions (address_key, reason, detail) values ('no@readers.example', 'complaint', 'a complaint')`.execute(
      db,
    );
    const list = path.join(mkdtempSync(path.join(tmpdir(), 'roundup-list-')), 'people.csv');
    writeFileSync(list, 'email,name,plan\nann@readers.example,Ann,gold\nnonsense,,\n');
    // One that went out, a photograph, another program that is told.
    await sql`update pieces set image = ${JSON.stringify({ url: 'https://example.org/a.jpg', alt: 'A harbour', credit: 'C. Redit' })}::jsonb where id = 1`.execute(
      db,
    );
    await sql`update edition_revisions set content = jsonb_set(content, '{sections,0,pieces,0,image}',
      ${JSON.stringify({ url: 'https://example.org/a.jpg', alt: 'A harbour', credit: 'C. Redit' })}::jsonb)`.execute(
      db,
    );
    await sql`insert into editions (newsletter_id, number, state, revision, window_from, window_to, created_at, started_at, finished_at)
      values (1, 2, 'sent', 1, now(), now(), now(), now() - interval '2 minutes', now())`.execute(db);
    await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at, change)
      select 2, 1, content, 'Ed', now(), 'wrote it' from edition_revisions where edition_id = 1`.execute(db);
    await sql`create table deliveries_2 partition of deliveries for values in (2)`.execute(db);
    await sql`insert into deliveries (edition_id, batch, subscriber_id, address, name, state, cause, reason, settled_at)
      select 2, 0, id, address, '', (case when id % 7 = 0 then 'refused' else 'accepted' end)::delivery_state,
        case when id % 7 = 0 then 'mailbox' end, case when id % 7 = 0 then '552 5.2.2 mailbox full' end,
        now() - (id % 100) * interval '1 second' from subscribers`.execute(db);
    await sql`insert into webhooks (name, url, events, secret, created_at) values ('Archive', 'https://example.org/hook', array['edition.sent'], 'x', now())`.execute(
      db,
    );
    await previewImport({ db, clock: house.clock }, list, { newsletterId: 1, ground: '', name: 'people.csv' }, 'Ed');
    browser = await launchBrowser();
    const context = await browser.newContext({ bypassCSP: true });
    page = await context.newPage();
    await page.goto(await deskLink(house, web, '/', { name: 'Ana' }));
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await web?.close();
    await house?.remove();
  });

  const ROOMS: [name: string, path: string, heading: string | RegExp][] = [
    ['sources', '/sources', 'Sources'],
    ['source', '/sources/1', 'Test source'],
    ['pool', '/pieces', 'Pool'],
    ['piece', '/pieces/1', /headline/],
    ['newsletters', '/newsletters', 'Newsletters'],
    ['newsletter', '/newsletters/1', 'The Weekly'],
    ['themes', '/themes', 'Themes'],
    ['theme', '/themes/gazette', 'gazette'],
    ['trial', '/themes/gazette/trial', 'Trial of gazette'],
    ['subscribers', '/subscribers?newsletter=1', 'Subscribers'],
    ['subscriber', '/subscribers/1', 'reader.1@readers.example'],
    ['imports', '/imports', 'Imports'],
    ['import', '/imports/1', 'people.csv'],
    ['segments', '/segments', 'Segments'],
    ['suppressions', '/suppressions', 'Suppressions'],
    ['settings', '/settings', 'Settings'],
    ['senders', '/senders', 'Senders'],
    ['webhooks', '/webhooks', 'Webhooks'],
    ['queue', '/queue', 'Queue'],
    ['home', '/', 'Editions'],
    ['first-steps', '/start', 'First steps'],
    ['accounts', '/accounts', 'Accounts'],
    ['account', '/account', /.+/],
    ['audit', '/audit', /.+/],
    ['inbox', '/inbox', /.+/],
    ['webhook', '/webhooks/1', /.+/],
    ['edition-pool', '/editions/1/pool', 'Add a piece'],
    ['crop', '/editions/1/pieces/1/crop', /.+/],
    ['revisions', '/editions/1/revisions', 'Revisions'],
    ['deliveries', '/editions/2/deliveries', 'Who got it?'],
    ['ledger', '/editions/2/ledger', /no\. 2/],
    ['nowhere', '/editions/999', /.+/],
  ];

  test.each(ROOMS)(
    '%s looks well, and costs little',
    async (name, address, heading) => {
      const loaded: { url: string; bytes: number }[] = [];
      const keep = (response: { url(): string; body(): Promise<Buffer> }) =>
        void response.body().then(
          (body) => loaded.push({ url: response.url(), bytes: gzipSync(body).length }),
          () => {},
        );
      page.on('response', keep);
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.goto(`${web.deskUrl}${address}`, { waitUntil: 'load' });
      await page.waitForTimeout(400);
      page.off('response', keep);
      expect(await page.locator('h1').innerText()).toMatch(heading);
      expect(loaded.length).toBeLessThanOrEqual(15);
      const code = loaded.filter(({ url }) => /\.(js|css)$/.test(url)).reduce((sum, { bytes }) => sum + bytes, 0);
      expect(code).toBeLessThan(150_000);
      const shift = await page.evaluate(`new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
          .observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 200);
      })`);
      expect(shift).toBeLessThan(0.05);
      await lookAt(page, `room-${name}`, [360, 375, 1280]);
    },
    60_000,
  );

  test('what a theme’s change does is seen as a difference, and nothing where there is none', async () => {
    const compare = page.locator('.compare').first();
    const openTrial = async () => {
      await page.goto(`${web.deskUrl}/themes/gazette/trial`);
      await page.getByRole('radio', { name: 'Difference' }).first().check();
      await compare.scrollIntoViewIfNeeded();
    };
    const lit = async () => {
      const inside = { left: 4, top: 4, width: 400, height: 500 };
      // Figures of a picture are of all of it, whatever is to be cut out.
      const cut = await sharp(await compare.screenshot())
        .extract(inside)
        .png()
        .toBuffer();
      const { channels } = await sharp(cut).stats();
      return Math.max(...channels.slice(0, 3).map(({ max }) => max));
    };
    await page.setViewportSize({ width: 1280, height: 900 });
    await openTrial();
    await page.waitForTimeout(700);
    expect(await lit()).toBeLessThan(8);
    await page.getByText('stays the same, to the byte').first().waitFor();
    await page.goto(`${web.deskUrl}/themes/gazette`);
    await page.getByLabel('around the sheet, by day').fill('#0055aa');
    await page.getByText('It is kept, and in no mail').waitFor();
    await openTrial();
    await until(lit, (most) => most > 60);
    expect(await page.getByText('stays the same, to the byte').count()).toBe(0);
    await lookAt(page, 'trial-difference', [375, 1280]);
    await page.goto(`${web.deskUrl}/themes/gazette`);
    await page.getByRole('button', { name: 'Throw away what was changed' }).click();
    await page.getByText('Nothing is being changed').waitFor();
  }, 60_000);

  test('a theme is seen as it is typed, and what is wrong stands beside it', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${web.deskUrl}/themes/gazette`);
    await page.getByLabel('kickers, links, buttons, by day').fill('#0055aa');
    const accent = () =>
      page
        .frames()
        .find((frame) => frame.url().includes('/frame'))
        ?.evaluate(`getComputedStyle(document.querySelector('.more a')).color`)
        .catch(() => undefined);
    await becomes(accent, 'rgb(0, 85, 170)');
    await page.getByLabel('text, by day').fill('#eeeeee');
    await page.locator('[data-part="contrast"] .finding').first().waitFor();
    await page.goto(`${web.deskUrl}/themes/gazette?file=item.mjml.hbs`);
    const editor = page.locator('[data-editor]');
    await editor.fill((await editor.inputValue()).replace('<mj-text>', '<mj-text colour="red">'));
    await page.locator('[data-part="problems"] .finding', { hasText: 'Attribute colour is illegal' }).waitFor();
    await page.locator('[data-part="problems"] a').first().click();
    expect(
      await editor.evaluate((node: { value: string; selectionStart: number; selectionEnd: number }) =>
        node.value.slice(node.selectionStart, node.selectionEnd),
      ),
    ).toContain('colour="red"');
    await lookAt(page, 'theme-fault', [375, 1280]);
    await page.goto(`${web.deskUrl}/themes/gazette`);
    await page.getByRole('button', { name: 'Throw away what was changed' }).click();
    await page.getByText('Nothing is being changed').waitFor();
  }, 60_000);

  test('of a theme nothing is lost to a slow line, nor to somebody else who changes it', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    let come: () => void = () => {};
    const wait = new Promise<void>((resolve) => (come = resolve));
    await page.route('**/assets/theme.js', async (route) => wait.then(() => route.continue()));
    await page.goto(`${web.deskUrl}/themes/gazette`, { waitUntil: 'commit' });
    const footer = page.getByLabel('A word above the way out');
    await footer.fill('Typed on a train');
    come();
    await page.getByText('It is kept, and in no mail').waitFor();
    const working = async () => (await getTheme(house.database.db, 'gazette')).working;
    expect((await working())?.footer).toBe('Typed on a train');
    // Somebody else changes the footer: theirs stays until the button is pressed, and one is asked before one leaves.
    await workOnTheme({ db: house.database.db }, 'gazette', (design) => ({ ...design, footer: 'Theirs' }));
    await footer.fill('Mine, after all');
    await page.getByText('Somebody has changed this footer meanwhile').waitFor();
    await footer.pressSequentially('!');
    // Nor does it go by another's button.
    const asks = page.waitForEvent('dialog');
    const keeping = page.locator('form[action$="/colours"]').getByRole('button', { name: 'Keep' }).click();
    await (await asks).dismiss();
    await keeping;
    await page.waitForTimeout(1_500);
    expect((await working())?.footer).toBe('Theirs');
    const asked = page.waitForEvent('dialog');
    const leaving = page.getByRole('link', { name: 'All themes' }).click();
    await (await asked).dismiss();
    await leaving;
    const form = page.locator('form', { has: footer });
    await form.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('It is kept, and in no mail').waitFor();
    expect((await working())?.footer).toBe('Mine, after all!');
    // An answer that is lost is no quarrel with oneself.
    let isLost = false;
    await page.route('**/themes/gazette/footer', async (route) => {
      if (isLost) return route.continue();
      isLost = true;
      await route.fetch();
      return route.abort();
    });
    await footer.fill('Lost on its way');
    await page.getByText('No answer came from the desk').waitFor();
    await footer.pressSequentially(', and found');
    await page.getByText('It is kept, and in no mail').waitFor();
    expect((await working())?.footer).toBe('Lost on its way, and found');
    isLost = false;
    await footer.fill('Lost, and kept by its button');
    await page.getByText('No answer came from the desk').waitFor();
    await form.getByRole('button', { name: 'Keep' }).click();
    await page.getByText('It is kept, and in no mail').waitFor();
    expect(await page.getByText('Somebody has changed').count()).toBe(0);
    await page.getByRole('button', { name: 'Throw away what was changed' }).click();
    await page.getByText('Nothing is being changed').waitFor();
  }, 60_000);

  test('shortcuts lead to rooms and pieces, their sheet lists them, and they can be turned off', async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${web.deskUrl}/editions/1`);
    await page.keyboard.press('?');
    const sheet = page.locator('dialog.keys');
    await sheet.waitFor();
    expect(await sheet.innerText()).toContain('hold it for the next edition');
    await lookAt(page, 'shortcuts', [375, 1280]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.evaluate(`document.activeElement.classList.contains('piece')`)).toBe(true);
    await page.keyboard.press('e');
    expect(await page.evaluate('document.activeElement.name')).toBe('title');
    await page.keyboard.type('gp');
    expect(new URL(page.url()).pathname).toBe('/editions/1');
    await page.keyboard.press('Escape');
    await page.evaluate('document.activeElement.blur()');
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    await page.getByRole('heading', { level: 1, name: 'Pool' }).waitFor();
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await sheet.getByRole('checkbox').uncheck();
    await sheet.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('?');
    await page.waitForTimeout(200);
    expect(await sheet.count()).toBe(0);
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await sheet.getByRole('checkbox').check();
    await sheet.getByRole('button', { name: 'Close' }).click();
  }, 60_000);

  test('an edition looks well in whatever state it is', async () => {
    const { db } = house.database;
    const newsroom = await house.newsroom();
    const states = async (state: string) => {
      await sql`update editions set state = ${state}::edition_state, release_at = case when ${state} = 'scheduled' then now() + interval '40 seconds' end,
        started_at = case when ${state} in ('sending', 'paused', 'stopped') then now() - interval '1 minute' end where id = 1`.execute(
        db,
      );
      await page.goto(`${web.deskUrl}/editions/1`);
      expect(await page.locator(`.head .state.${state}`).count()).toBe(1);
      await lookAt(page, `edition-${state}`, [375, 1280]);
    };
    await putBlockInEdition(
      newsroom,
      1,
      { section: 'lead', block: { kind: 'note', id: 'a', after: 1, text: 'A **note** [TK]' } },
      'Ed',
    );
    await putBlockInEdition(
      newsroom,
      1,
      { section: 'lead', block: { kind: 'button', id: 'b', after: 1, label: 'Give', url: 'https://example.org/give' } },
      'Ed',
    );
    await askForReview(newsroom, 1, 'Please look at the lead.', 'Ed');
    await states('in_review');
    await dropBlockFromEdition(newsroom, 1, 'a', 'Ed');
    await approveEdition(newsroom, 1, 'Ana');
    for (const state of ['approved', 'scheduled', 'sending', 'paused', 'stopped']) await states(state);
    await sql`update editions set state = 'draft', started_at = null where id = 1`.execute(db);
    await sql`update approvals set withdrawn_at = now(), withdrawn_for = 'Ed wrote subject'`.execute(db);
    await page.goto(`${web.deskUrl}/editions/1`);
    await reviseEdition(newsroom, 1, { subject: 'Another’s' }, 'Ed');
    await page.locator('#subject').fill('Mine');
    await page.locator('.told.bad').waitFor();
    await lookAt(page, 'edition-meddled', [375, 1280]);
  }, 120_000);

  async function becomes(read: () => Promise<unknown> | undefined, wanted: unknown): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      if ((await read()) === wanted) return;
      await page.waitForTimeout(150);
    }
    expect(await read()).toBe(wanted);
  }
});
