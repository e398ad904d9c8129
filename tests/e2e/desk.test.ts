import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { readContent } from '../../src/editions/index.ts';
import { dropFromEdition, getEdition, reviseEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { deskLink } from '../support/desk.ts';
import { type Draft, openDraft } from '../support/draft.ts';
import { lookAt } from '../support/look.ts';

// An edition at the desk, from draft to scheduled, in a real Chromium, with script and without.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`an edition at the desk${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let draft: Draft;
  let house: Draft['house'];
  let web: Draft['web'];
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    draft = await openDraft();
    ({ house, web } = draft);
  });
  afterEach(() => draft.close());

  const come = (role: 'author' | 'editor', script: boolean) => draft.come(browser, role, script);
  const order = () => draft.order();
  const titlesOf = async () => (await order()).join('\n');

  test.each([true, false])(
    'the way from a draft to a schedule, script %s',
    async (script) => {
      const { page, context } = await come('author', script);
      const said = async (words: string | RegExp) => {
        await page.locator('[data-live-region] .told', { hasText: words }).waitFor({ timeout: 10_000 });
      };
      const before = await titlesOf();
      // Texts, and an undo.
      await page.getByLabel('Subject').fill('A week of fog');
      await page.getByLabel('Preheader').fill('And what it hides');
      if (script) await said('Revision 2 is saved');
      else await page.getByRole('button', { name: 'Save', exact: true }).click();
      await said('Revision 2 is saved');
      expect((await readContent(house.database.db, await getEdition(house.database.db, 1))).subject).toBe(
        'A week of fog',
      );
      // Down by its button, away, back by undo.
      const [first] = await page.locator('.section:has(.piece + .piece) .piece strong').allInnerTexts();
      await page.getByRole('button', { name: `Down: ${first}` }).click();
      await said('Revision 3');
      expect(await titlesOf()).not.toBe(before);
      await page.getByRole('button', { name: `Drop: ${first}` }).click();
      await said('Revision 4');
      expect(await titlesOf()).not.toContain(first);
      await page.getByRole('button', { name: 'Undo' }).click();
      await said('Revision 5');
      expect(await titlesOf()).toContain(first);
      // Over its words, and back to the original.
      const piece = page.locator('.piece', { hasText: first! });
      await piece.getByText('Write over its words').click();
      await piece.getByRole('textbox', { name: 'Headline' }).fill('Another headline');
      await piece.getByRole('button', { name: 'Save for this edition' }).click();
      await said('Revision 6');
      expect(await titlesOf()).toContain('Another headline');
      const written = page.locator('.piece', { hasText: 'Another headline' });
      await written.getByRole('button', { name: 'Put it back: the headline of Another headline' }).click();
      await said('Revision 7');
      expect(await titlesOf()).toContain(first);
      // From the pool.
      await page.getByRole('link', { name: 'Look in the pool' }).click();
      await page.getByRole('searchbox').fill('late news');
      await page.getByRole('button', { name: 'Search' }).click();
      await page.getByRole('button', { name: 'Add: Late news of the week' }).click();
      await said('Revision 8');
      expect(await titlesOf()).toContain('Late news of the week');
      await page.getByLabel('A word to the editors').fill('Please look at the lead.');
      await page.getByRole('button', { name: 'Ask for review' }).click();
      await said('The editors are asked');
      expect(await page.getByRole('button', { name: /Approve/ }).count()).toBe(0);
      await context.close();

      const editor = await come('editor', script);
      const told = (words: string) =>
        editor.page.locator('[data-live-region] .told', { hasText: words }).waitFor({ timeout: 10_000 });
      expect(await editor.page.locator('[aria-labelledby="reviews"]').innerText()).toContain(
        'Please look at the lead.',
      );
      await editor.page.getByRole('button', { name: 'Approve revision 8' }).click();
      await told('Approved');
      await editor.page.getByRole('button', { name: 'Schedule' }).click();
      await told('It is scheduled');
      expect((await getEdition(house.database.db, 1)).state).toBe('scheduled');
      // What was counted before that is no news, however late it comes.
      if (script) {
        await editor.page.evaluate(`document.dispatchEvent(new CustomEvent('standing', { detail: {
          revision: Number(document.querySelector('[data-edition]').dataset.revision), state: 'approved', stateText: 'approved' } }))`);
        await sleep(500);
        await told('It is scheduled');
      }
      // A change withdraws it, visibly.
      await editor.page.getByLabel('Subject').fill('Too late');
      // Of what is approved nothing is saved by itself, nor with something else.
      if (script) {
        await editor.page.getByRole('button', { name: /^Pin:/ }).first().click();
        await editor.page.locator('.tool[aria-pressed="true"]').waitFor();
        expect((await getEdition(house.database.db, 1)).state).toBe('scheduled');
        expect(await editor.page.getByLabel('Subject').inputValue()).toBe('Too late');
      }
      await editor.page.getByRole('button', { name: 'Save', exact: true }).click();
      await told('Its approval is withdrawn');
      expect(editor.complaints).toEqual([]);
      await editor.context.close();
    },
    180_000,
  );

  test('dragging, and the keyboard alone', async () => {
    const { page, context, complaints } = await come('author', true);
    const sections = await page
      .locator('[data-section]')
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute('data-section')));
    const [first] = await page.locator('.piece strong').allInnerTexts();
    const target = sections.at(-1)!;
    await page.locator('.piece', { hasText: first! }).scrollIntoViewIfNeeded();
    const from = (await page.locator('.piece', { hasText: first! }).boundingBox())!;
    await page.mouse.move(from.x + 12, from.y + 20);
    await page.mouse.down();
    await page.mouse.move(from.x + 20, from.y + 40, { steps: 5 });
    await page.locator(`[data-section="${target}"] h2`).hover();
    await page.locator(`[data-section="${target}"] h2`).hover();
    await page.mouse.up();
    await page.locator('[data-live-region] .told').waitFor({ timeout: 5000 });
    expect((await order()).find((line) => line.startsWith(`${target}:`))).toContain(first);
    const inTarget = page.locator(`[data-section="${target}"] .piece`, { hasText: first! });
    const id = await inTarget.getAttribute('data-piece');
    await page.locator(`#to-${id}`).focus();
    const count = await page.locator(`[data-section="${target}"] .piece`).count();
    if (count > 1) {
      await page.keyboard.press('Alt+ArrowUp');
      await page.getByText('Revision 3 is saved').waitFor();
      expect(await page.evaluate('document.activeElement.id')).toMatch(new RegExp(`^(up|down)-${id}$`));
    }
    expect(complaints).toEqual([]);
    await context.close();
  }, 120_000);

  test('the preview follows what is typed, before it is saved', async () => {
    const { page, context, complaints } = await come('author', true);
    const preview = page.frameLocator('[data-part="preview"] iframe:not(.coming)');
    await preview.locator('h1').waitFor();
    // What is not saved is seen all the same.
    await page.evaluate(`{
      const real = window.fetch;
      window.fetch = (to, how) => (String(to).includes('/texts') ? Promise.reject(new TypeError('cut off')) : real(to, how));
      window.mend = () => (window.fetch = real);
    }`);
    const began = Date.now();
    await page.getByLabel('Editor’s note, in Markdown').fill('Typed **this** moment');
    await preview.getByText('Typed this moment').waitFor({ timeout: 5_000 });
    expect(Date.now() - began).toBeLessThan(3_000);
    await page.getByText('No answer came from the desk').waitFor();
    expect((await getEdition(house.database.db, 1)).revision).toBe(1);
    await page.evaluate('mend()');
    await page.getByLabel('Preheader').press('End');
    await page.getByLabel('Preheader').pressSequentially('.');
    const lineAt = async () => Math.round((await page.getByLabel('Preheader').boundingBox())?.y ?? 0);
    const before = await lineAt();
    // Saved, it is still there, the line that was typed has not moved, and the page is no further back.
    await page.locator('[data-live-region] .told', { hasText: 'Revision 2' }).waitFor();
    expect(Math.abs((await lineAt()) - before)).toBeLessThanOrEqual(1);
    await preview.getByText('Typed this moment').waitFor();
    await page.locator('iframe.coming').waitFor({ state: 'detached' });
    expect(await page.locator('iframe').count()).toBe(1);
    // A piece's own words, too; what may not be saved, such as no headline at all, is not in it.
    const piece = page.locator('.piece').first();
    await piece.getByText('Write over its words').click();
    // For as long as it is not saved.
    await page.evaluate(
      `for (const form of document.querySelectorAll('main form')) form.removeAttribute('data-autosave')`,
    );
    await piece.getByRole('textbox', { name: 'Headline' }).fill('A headline, half writ');
    await preview.getByText('A headline, half writ').waitFor();
    await piece.getByRole('textbox', { name: 'Headline' }).fill('');
    await piece.getByRole('textbox', { name: 'Deck' }).fill('Another deck');
    await preview.getByText('A ceasefire holds').waitFor();
    expect((await getEdition(house.database.db, 1)).revision).toBe(2);
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(3);
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);

  test('two editors see each other, and neither writes over the other; nothing that was written is lost', async () => {
    const { page, context } = await come('author', true);
    const other = await come('editor', true);
    await page.getByText('Ed is here, too').waitFor({ timeout: 15_000 });
    await other.page.getByText('Ana is here, too').waitFor({ timeout: 15_000 });
    await other.context.close();
    await page.getByText('Ed is here, too').waitFor({ state: 'hidden', timeout: 20_000 });
    await reviseEdition(await house.newsroom(), 1, { subject: 'The other’s' }, 'Ed');
    await page.getByText('Ed has changed it meanwhile').waitFor({ timeout: 15_000 });
    await page.getByLabel('Preheader').fill('Mine, long thought over');
    await page.locator('.told.bad').waitFor({ timeout: 10_000 });
    await page.locator('[data-aside]', { hasText: 'Mine, long thought over' }).waitFor();
    expect(await page.getByLabel('Subject').inputValue()).toBe('The other’s');
    expect((await readContent(house.database.db, await getEdition(house.database.db, 1))).preheader).not.toContain(
      'Mine',
    );
    await page.getByRole('link', { name: 'All revisions' }).click();
    expect(await page.locator('main').innerText()).toContain('The other’s');
    await context.close();
  }, 60_000);

  test('what is typed while another act is refused is saved, but not over what somebody else has written', async () => {
    const { page, context } = await come('author', true);
    const newsroom = await house.newsroom();
    const content = async () => readContent(house.database.db, await getEdition(house.database.db, 1));
    await page.route('**/move', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await route.continue();
    });
    const moveWhileTyping = async (preheader: string) => {
      await page
        .locator('.section:has(.piece + .piece)')
        .getByRole('button', { name: /^Down:/ })
        .first()
        .click();
      await page.getByLabel('Preheader').fill(preheader);
    };
    // Somebody has dropped a piece: the move is refused, the preheader is nobody else's.
    const { sections } = await content();
    const spare = sections.flatMap(({ pieces }) => pieces).at(-1)!;
    await dropFromEdition(newsroom, 1, spare.pieceId, 'Ed');
    await moveWhileTyping('Mine alone');
    await page.locator('[data-live-region] .told', { hasText: 'Revision 3' }).waitFor({ timeout: 15_000 });
    expect((await content()).preheader).toBe('Mine alone');
    // Somebody has written another: theirs stays, and mine is there to be read.
    await reviseEdition(newsroom, 1, { preheader: 'Theirs' }, 'Ed');
    await moveWhileTyping('Mine, a moment late');
    await page.locator('.told', { hasText: 'Mine, a moment late' }).waitFor({ timeout: 15_000 });
    expect((await content()).preheader).toBe('Theirs');
    expect(await page.getByLabel('Preheader').inputValue()).toBe('Theirs');
    await context.close();
  }, 60_000);

  test('what is typed is sent before whatever comes after it, and what is typed elsewhere stays', async () => {
    const { page, context, complaints } = await come('editor', true);
    const told = (words: string) =>
      page.locator('[data-live-region] .told', { hasText: words }).waitFor({ timeout: 10_000 });
    const content = async () => readContent(house.database.db, await getEdition(house.database.db, 1));
    // A piece moved at once after a word in the subject: both are there.
    await page.getByLabel('Subject').fill('Typed a moment ago');
    const [first] = await page.locator('.section:has(.piece + .piece) .piece strong').allInnerTexts();
    await page.getByRole('button', { name: `Down: ${first}` }).click();
    await told('Revision 3');
    expect((await content()).subject).toBe('Typed a moment ago');
    // A headline half written over survives the saving of the subject, is saved itself, and one is still in it.
    await page.getByLabel('Subject').fill('And once more');
    const piece = page.locator('.piece', { hasText: first! });
    await piece.getByText('Write over its words').click();
    await piece.getByRole('textbox', { name: 'Headline' }).fill('Half a headl');
    await told('Revision 5');
    expect(await piece.getByRole('textbox', { name: 'Headline' }).inputValue()).toBe('Half a headl');
    expect(await page.evaluate('document.activeElement.name')).toBe('title');
    // A word to the editors, too, and a session that has ended costs nothing of it.
    await page.getByLabel('A word to the editors').fill('Please look');
    await context.clearCookies();
    await page.getByLabel('Preheader').fill('Written after the session ended');
    await told('You are signed out');
    expect(await page.getByLabel('Preheader').inputValue()).toBe('Written after the session ended');
    expect(await page.getByLabel('A word to the editors').inputValue()).toBe('Please look');
    expect(complaints.filter((one) => !one.includes('401'))).toEqual([]);
    await context.close();
  }, 60_000);

  test('an approval is for what was seen: what another has changed meanwhile is not approved by the way', async () => {
    const { page, context } = await come('editor', true);
    await reviseEdition(await house.newsroom(), 1, { subject: 'Another’s words' }, 'Ana');
    // Typed and pressed in one moment.
    await page.evaluate(`{
      const subject = document.querySelector('#subject');
      subject.value = 'Mine';
      subject.dispatchEvent(new InputEvent('input', { bubbles: true }));
      document.querySelector('form[action$="/approve"] button').click();
    }`);
    await page.locator('.told.bad').waitFor({ timeout: 10_000 });
    await page.waitForTimeout(1_000);
    const edition = await getEdition(house.database.db, 1);
    expect([edition.state, edition.revision]).toEqual(['draft', 2]);
    expect((await readContent(house.database.db, edition)).subject).toBe('Another’s words');
    await context.close();
  }, 60_000);

  test('it comes in few requests, with little script and style, and nothing jumps', async () => {
    const { page, context, complaints } = await come('editor', true);
    const loaded: { url: string; bytes: number }[] = [];
    page.on('response', (response) => {
      void response.body().then(
        (body) => loaded.push({ url: response.url(), bytes: gzipSync(body).length }),
        () => {},
      );
    });
    await page.reload({ waitUntil: 'networkidle' });
    await page.waitForTimeout(500);
    expect(loaded.length).toBeGreaterThan(4);
    expect(loaded.length).toBeLessThanOrEqual(15);
    const code = loaded.filter(({ url }) => /\.(js|css)$/.test(url)).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(code).toBeGreaterThan(1_000);
    expect(code).toBeLessThan(150_000);
    const shift = await page.evaluate(`new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) sum += entry.value; })
        .observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => resolve(sum), 300);
    })`);
    expect(shift).toBeLessThan(0.05);
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);

  test('it looks well at every width, by day and by night, with nothing for axe-core', async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(
      await deskLink(house, web, '/editions/1', { role: 'editor', name: 'Ed', address: 'ed@review.example' }),
    );
    await lookAt(page, 'desk-draft');
    // The preview is in sight of what one writes, and is drawn.
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.evaluate('window.scrollTo(0, 900)');
    expect(await page.frameLocator('.preview iframe').getByText('A ceasefire holds').first().isVisible()).toBe(true);
    expect((await page.locator('.preview').boundingBox())!.y).toBeLessThan(100);
    await page.screenshot({ path: 'test-results/screenshots/desk-beside.png' });
    await page.goto(`${web.deskUrl}/`);
    await lookAt(page, 'desk-home');
    await page.goto(`${web.deskUrl}/editions/1/pool`);
    expect(await page.locator('h1').innerText()).toBe('Add a piece');
    await lookAt(page, 'desk-pool');
    await reviseEdition(await house.newsroom(), 1, { subject: 'Another' }, 'Ed');
    await page.goto(`${web.deskUrl}/editions/1/revisions`);
    expect(await page.locator('h1').innerText()).toBe('Revisions');
    await lookAt(page, 'desk-revisions');
    await sql`update editions set state = 'sent', started_at = now(), finished_at = now()`.execute(house.database.db);
    await sql`create table deliveries_1 partition of deliveries for values in (1)`.execute(house.database.db);
    await sql`insert into deliveries (edition_id, batch, subscriber_id, address, name, state, cause, reason)
      select 1, 0, id, address, '', (case when id % 3 = 0 then 'refused' else 'accepted' end)::delivery_state,
        case when id % 3 = 0 then 'mailbox' end, case when id % 3 = 0 then '552 5.2.2 mailbox full' end from subscribers`.execute(
      house.database.db,
    );
    await page.goto(`${web.deskUrl}/editions/1`);
    await lookAt(page, 'desk-sent');
    await page.goto(`${web.deskUrl}/editions/1/deliveries`);
    await lookAt(page, 'desk-deliveries');
    await context.close();
  }, 120_000);
});
