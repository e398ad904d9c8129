import type { Browser, Page, Route } from 'playwright-core';
import { piecesOf } from '../../src/editions/index.ts';
import {
  approveEdition,
  cancelEdition,
  editInEdition,
  reviseEdition,
  scheduleEdition,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { deskLink } from '../support/desk.ts';
import { type Draft, openDraft, told } from '../support/draft.ts';
import { until } from '../support/until.ts';

// A slow line, an answer that is lost, a session that has ended, a desk that is started anew: what one types at an edition is saved all the
// same, and what one presses is done once.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`faults while an edition is written${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let draft: Draft;
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    draft = await openDraft();
  });
  afterEach(() => draft.close());

  const db = () => draft.house.database.db;
  const edition = () => draft.edition();
  const content = () => draft.content();
  const piece = async () => piecesOf(await content()).find(({ url }) => url.endsWith('p1'))!;
  const open = async (page: Page) => {
    const item = page.locator('.piece', { hasText: 'The harbour at dusk' });
    await item.getByText('Write over its words').click();
    const field = (name: string) => item.getByRole('textbox', { name });
    return { headline: field('Headline'), deck: field('Deck') };
  };
  const slowly = (ms: number) => async (route: Route) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue();
  };

  test('what is typed while an act is on its way is typed still, and saved after it', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const { headline, deck } = await open(page);
    await page.route('**/write', slowly(1_500));
    await headline.fill('Dusk at the harbour');
    await headline.press('Enter');
    await deck.fill('Typed on meanwhile');
    await page.locator('body.busy').waitFor({ state: 'attached' });
    await told(page, 'Revision 2 is saved');
    expect(await page.getByRole('textbox', { name: 'Deck' }).first().inputValue()).toBe('Typed on meanwhile');
    await until(piece, ({ title, deck: kept }) => title === 'Dusk at the harbour' && kept === 'Typed on meanwhile');
    await context.close();
  }, 60_000);

  test('words that wait behind an act that is refused are saved all the same', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const { deck } = await open(page);
    await page.route('**/add', slowly(2_500));
    await page.getByLabel('The address of an article').fill('http://127.0.0.1:9/nothing');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await deck.fill('Waiting in the queue');
    await page.locator('.told.bad').waitFor({ timeout: 20_000 });
    await until(piece, (one) => one.deck === 'Waiting in the queue');
    // Why it was refused is not told away by that.
    await told(page, 'Revision 2 is saved');
    expect(await page.locator('.told.bad').count()).toBe(1);
    await context.close();
  }, 60_000);

  test('a button that is pressed twice does what it does once', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    await page.route('**/comment', slowly(800));
    await page.getByLabel('A word to the editors').fill('Once is enough');
    await page.getByRole('button', { name: 'Comment' }).dblclick();
    await page.locator('[data-part="reviews"]').getByText('Once is enough').first().waitFor();
    await page.waitForTimeout(1_500);
    const { rows } = await sql`select from edition_reviews where comment = 'Once is enough'`.execute(db());
    expect(rows).toHaveLength(1);
    await context.close();
  }, 60_000);

  test('what was saved and had no answer is sent again, and nobody is told of a quarrel with themselves', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const { deck } = await open(page);
    const lost = new Set<string>();
    await page.route(/\/(texts|write)$/, async (route) => {
      const url = route.request().url();
      if (lost.has(url)) return route.continue();
      lost.add(url);
      await route.fetch();
      return route.abort();
    });
    await page.getByLabel('Subject').fill('Lost on the way back');
    await told(page, 'No answer came from the desk');
    await deck.fill('This one, too');
    await until(piece, (one) => one.deck === 'This one, too');
    await page.waitForTimeout(8_000);
    expect((await content()).subject).toBe('Lost on the way back');
    expect(await page.locator('[data-aside]').innerText()).toBe('');
    expect(await page.locator('.told.bad').count()).toBe(0);
    expect(await deck.inputValue()).toBe('This one, too');
    // And nothing waits any more.
    await page.getByRole('link', { name: 'All revisions' }).click();
    await page.getByRole('heading', { level: 1, name: 'Revisions' }).waitFor();
    await context.close();
  }, 60_000);

  test('one who types on after a lost answer quarrels with nobody, and what is pressed meanwhile is done', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const { deck } = await open(page);
    const loseOnce = async (pattern: string) => {
      let isLost = false;
      await page.route(pattern, async (route) => {
        if (isLost) return route.continue();
        isLost = true;
        await route.fetch();
        return route.abort();
      });
    };
    const isCalm = async () => [
      await page.locator('[data-aside]').innerText(),
      await page.locator('.told.bad').count(),
      await page.getByText('was not done').count(),
    ];
    await loseOnce('**/texts');
    await page.getByLabel('Subject').fill('The harbour');
    await told(page, 'No answer came from the desk');
    await page.getByLabel('Subject').fill('The harbour at dusk, and after');
    await page.getByRole('button', { name: 'Pin: A ceasefire holds' }).click();
    await told(page, 'It is pinned');
    await until(content, ({ subject }) => subject === 'The harbour at dusk, and after');
    expect(await isCalm()).toEqual(['', 0, 0]);
    await loseOnce('**/write');
    await deck.fill('Boats');
    await told(page, 'No answer came from the desk');
    // Another form's answer comes first.
    await page.getByLabel('Preheader').fill('Meanwhile');
    await page.waitForTimeout(2_000);
    await deck.fill('Boats, and gulls');
    await until(piece, (one) => one.deck === 'Boats, and gulls');
    expect(await isCalm()).toEqual(['', 0, 0]);
    expect(await deck.inputValue()).toBe('Boats, and gulls');
    await context.close();
  }, 60_000);

  test('nothing that is pressed goes over what somebody else has changed and nobody here has seen; it is told', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const { deck } = await open(page);
    const { pieceId } = await piece();
    const newsroom = await draft.house.newsroom();
    // Typed and pressed in one moment, of a page that is not the newest.
    const typeAndPress = (button: string) =>
      page.evaluate(`{
        const subject = document.querySelector('#subject');
        subject.value += '!';
        subject.dispatchEvent(new InputEvent('input', { bubbles: true }));
        ${button}.click();
      }`);
    await editInEdition(newsroom, 1, pieceId, { deck: 'By Ed' }, 'Ed');
    await deck.evaluate((field: { value: string }) => (field.value = 'By Ana'));
    await typeAndPress(`document.querySelector('#piece-${pieceId} form[action$="/write"] button')`);
    await told(page, 'was not done');
    await until(content, ({ subject }) => subject.endsWith('!'));
    expect((await piece()).deck).toBe('By Ed');
    expect(await deck.inputValue()).toBe('By Ana');
    // It stays told, whatever saves itself; and another press is one of what is there now.
    expect(await page.getByText('was not done').count()).toBe(1);
    await page.locator(`#piece-${pieceId}`).getByRole('button', { name: 'Save for this edition' }).click();
    await until(piece, (one) => one.deck === 'By Ana');
    // Nor is anything of theirs undone.
    await reviseEdition(newsroom, 1, { note: 'A note by Ed' }, 'Ed');
    await typeAndPress(`document.querySelector('form[action$="/restore"] button')`);
    await told(page, 'was not done');
    expect((await content()).note).toBe('A note by Ed');
    await context.close();
  }, 60_000);

  test('what was refused, after its first try was lost on its way, is not taken for saved', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    const { deck } = await open(page);
    const newsroom = await draft.house.newsroom();
    let isAway = true;
    await page.route('**/write', (route) => (isAway ? route.abort() : route.continue()));
    await deck.fill('Not to be lost');
    await told(page, 'No answer came from the desk');
    await approveEdition(newsroom, 1, 'Ana');
    isAway = false;
    await told(page, 'nothing is saved by itself any more');
    await scheduleEdition(newsroom, 1, new Date('2099-07-01T08:00:00Z'), 'Ana');
    await told(page, 'It is scheduled');
    expect(await deck.inputValue()).toBe('Not to be lost');
    const asked = page.waitForEvent('dialog');
    const leaving = page.getByRole('link', { name: 'All revisions' }).click();
    await (await asked).dismiss();
    await leaving;
    expect(await deck.inputValue()).toBe('Not to be lost');
    await context.close();
  }, 60_000);

  test('what is typed when nobody writes at it any more stands above it, and can be put away', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    await page.locator('[data-part="findings"]').waitFor();
    await cancelEdition(await draft.house.newsroom(), 1, 'Ed');
    await page.evaluate(`{
      const subject = document.querySelector('#subject');
      subject.value = 'Too late for this';
      subject.dispatchEvent(new InputEvent('input', { bubbles: true }));
    }`);
    const aside = page.locator('[data-aside]');
    await aside.getByText('Too late for this').waitFor({ timeout: 10_000 });
    await page.locator('.head .state.cancelled').waitFor();
    await aside.getByRole('button', { name: 'Put away: Too late for this' }).click();
    await page.getByRole('link', { name: 'Roundup', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Editions' }).waitFor();
    expect((await edition()).state).toBe('cancelled');
    await context.close();
  }, 60_000);

  test('whoever signs in again in another tab goes on in this one', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    const { deck } = await open(page);
    await context.clearCookies();
    await page.getByLabel('Subject').fill('Typed when signed out');
    await deck.fill('And this');
    await told(page, 'You are signed out');
    const other = await context.newPage();
    const link = await deskLink(draft.house, draft.web, '/', {
      role: 'editor',
      name: 'Ed',
      address: 'ed@review.example',
    });
    await other.goto(link);
    await other.close();
    await page.bringToFront();
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    await until(content, ({ subject }) => subject === 'Typed when signed out');
    await until(piece, (one) => one.deck === 'And this');
    // Buttons, too; another account does nothing by the way.
    await page.getByRole('button', { name: 'Pin: A ceasefire holds' }).click();
    await told(page, 'It is pinned');
    const stranger = await context.newPage();
    await stranger.goto(
      await deskLink(draft.house, draft.web, '/', { role: 'author', name: 'Ana', address: 'ana@review.example' }),
    );
    await stranger.close();
    await page.getByLabel('Subject').fill('Not by Ana');
    await told(page, 'too old');
    expect((await content()).subject).toBe('Typed when signed out');
    expect(await page.getByLabel('Subject').inputValue()).toBe('Not by Ana');
    await context.close();
  }, 60_000);

  test('what is typed a moment before one goes elsewhere is saved, even where something is on its way', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    await page.route('**/texts', slowly(800));
    const subject = page.getByLabel('Subject');
    await subject.fill('One');
    await page.waitForRequest('**/texts');
    await subject.fill('Two');
    await page.getByRole('link', { name: 'All revisions' }).click();
    await page.getByRole('heading', { level: 1, name: 'Revisions' }).waitFor();
    expect((await content()).subject).toBe('Two');
    await page.goBack();
    await subject.fill('Three');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect((await content()).subject).toBe('Three');
    await context.close();
  }, 60_000);

  test('the page hears of the desk again after an answer that was none, and of what goes on after its end', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    let refusals = 0;
    await page.route('**/editions/1/events', (route) =>
      refusals++ === 0 ? route.fulfill({ status: 502, body: 'Bad gateway' }) : route.continue(),
    );
    await page.reload();
    const ana = await draft.come(browser, 'author', true);
    await page.getByText('Ana is here, too').waitFor({ timeout: 15_000 });
    await ana.context.close();
    await approveEdition(await draft.house.newsroom(), 1, 'Ana');
    await sql`update editions set state = 'sent', started_at = now(), finished_at = now()`.execute(db());
    await page.locator('.head .state.sent').waitFor({ timeout: 15_000 });
    await page.waitForTimeout(2_000);
    await sql`update editions set state = 'sending', finished_at = null`.execute(db());
    await page.locator('.head .state.sending').waitFor({ timeout: 25_000 });
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(1);
    await context.close();
  }, 90_000);
});
