import type { Browser, Page } from 'playwright-core';
import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { findSubscriberByAddress, listSubscriptions } from '../../src/subscribers/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';
import { lookAt } from '../support/look.ts';
import { lettersSent, pathIn } from '../support/readers.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// A reader's whole way in a real Chromium: subscribe, confirm, choose, leave, undo; with script and without, by keyboard alone, on a
// small telephone, in Arabic.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`readers in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let sink: SmtpSink;
  let browser: Browser;
  let base: string;

  beforeAll(async () => {
    sink = await startSmtpSink();
    house = await openHouse({ relay: sink.relay });
    web = await startWeb(house);
    base = `http://localhost:${web.port}`;
    const { db } = house.database;
    await addPublication(db);
    await addNewsletter(db, {
      isPublic: true,
      description:
        'Our weekly round-up of your favourite contributors and reporters, as well as staff analysis, opinion, and news.',
      topics: [
        { key: 'asia', title: 'Asia' },
        { key: 'africa', title: 'Africa' },
      ],
    });
    await addNewsletter(
      db,
      { isPublic: true, description: 'Each morning, in two minutes.' },
      '2026-01-01T00:00:00Z',
      'daily',
    );
    await sql`update newsletters set name = case slug when 'weekly' then 'The Weekly Round-up' else 'The Morning Note' end`.execute(
      db,
    );
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await web?.close();
    await house?.remove();
    await sink?.close();
  });
  beforeEach(async () => {
    await sql`delete from rate_limits`.execute(house.database.db);
  });

  /** The link of the last letter that leads to such a page, on the server of the test. */
  async function mailed(part: string): Promise<string> {
    const { text, html } = (await lettersSent(house, sink)).at(-1)!;
    await letterLooks(part, html!);
    return base + pathIn(text!, part);
  }

  async function letterLooks(name: string, html: string): Promise<void> {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.setContent(html);
    await lookAt(page, `letter-${name}`);
    await context.close();
  }

  const subscribed = async (address: string) => {
    const { db } = house.database;
    const subscriber = await findSubscriberByAddress(db, address);
    return (subscriber === undefined ? [] : await listSubscriptions(db, subscriber.id))
      .filter(({ state }) => state === 'active')
      .map(({ newsletterId }) => newsletterId);
  };

  async function wholeWay(page: Page, address: string, look: boolean): Promise<void> {
    const see = (name: string) => (look ? lookAt(page, `reader-${name}`, [320, 375, 1280]) : Promise.resolve());
    await page.goto(base);
    await see('home');
    await page.getByRole('link', { name: 'Subscribe: The Weekly Round-up' }).click();
    await see('subscribe');
    await page.getByLabel('Your mail address').fill(address);
    await page.getByLabel('Asia').check();
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
    await see('asked');
    await page.goto(await mailed('confirm'));
    await see('confirm');
    expect(await subscribed(address)).toEqual([]);
    await page.getByRole('button', { name: 'Yes, subscribe me' }).click();
    await page.getByRole('heading', { name: 'You are in' }).waitFor();
    await see('confirmed');
    expect(await subscribed(address)).toEqual([1]);

    await page.goto(await mailed('p'));
    await see('preferences');
    await page.getByRole('group', { name: 'The Morning Note' }).getByLabel('Send it to me').check();
    await page.getByLabel('Take a break').selectOption('4');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await see('saved');
    expect((await subscribed(address)).toSorted()).toEqual([1, 2]);

    await page.getByRole('button', { name: 'Send me the link' }).click();
    await page.getByText('A link is on its way').waitFor();
    await page.goto(await mailed('me'));
    await see('self');

    await page.goto((await welcomeLink()).replace('https://news.example.org', base));
    await see('unsubscribe');
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    await see('unsubscribed');
    expect(await subscribed(address)).toEqual([2]);
    await page.getByLabel('It is too much').check();
    await page.getByRole('button', { name: 'Tell' }).click();
    await page.getByText('Thank you.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
    await see('restored');
    expect((await subscribed(address)).toSorted()).toEqual([1, 2]);
  }

  async function welcomeLink(): Promise<string> {
    const welcome = (await lettersSent(house, sink)).findLast(({ subject }) => subject?.startsWith('Welcome'))!;
    return welcome.headers.find(({ key }) => key === 'list-unsubscribe')!.value.slice(1, -1);
  }

  test('the whole way, with script, and how each page looks', async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await wholeWay(page, 'ana@readers.example', true);
    expect(complaints).toEqual([]);
    await context.close();
  }, 120_000);

  test('the whole way without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    await wholeWay(await context.newPage(), 'bo@readers.example', false);
    expect((await subscribed('bo@readers.example')).toSorted()).toEqual([1, 2]);
    await context.close();
  }, 60_000);

  test('by keyboard alone', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${base}/subscribe?newsletter=daily`);
    await tabTo(page, 'address');
    await page.keyboard.type('cy@readers.example');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
    await page.goto(await mailed('confirm'));
    await pressButton(page);
    await page.getByRole('heading', { name: 'You are in' }).waitFor();
    await page.goto((await mailedLeave()).replace('https://news.example.org', base));
    await pressButton(page);
    await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
    await pressButton(page);
    await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
    expect(await subscribed('cy@readers.example')).toEqual([2]);
    await context.close();

    async function mailedLeave(): Promise<string> {
      await mailed('p');
      return welcomeLink();
    }
  }, 60_000);

  /** Goes on with the tabulator until the field of that name has the focus. */
  async function tabTo(page: Page, name: string): Promise<void> {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement?.getAttribute("name")')) === name) return;
    }
    throw new Error(`no field ${name} by keyboard`);
  }

  async function pressButton(page: Page): Promise<void> {
    for (let presses = 0; presses < 30; presses++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement?.tagName')) !== 'BUTTON') continue;
      await page.keyboard.press('Enter');
      return;
    }
    throw new Error('no button by keyboard');
  }

  test('in Arabic, from right to left', async () => {
    const context = await browser.newContext({ bypassCSP: true, locale: 'ar' });
    const page = await context.newPage();
    await page.goto(`${base}/subscribe`);
    expect(await page.evaluate('getComputedStyle(document.body).direction')).toBe('rtl');
    await lookAt(page, 'reader-ar-subscribe', [320, 1280]);
    await page.locator('input[value=weekly]').check();
    await page.locator('#address').fill('dal@readers.example');
    await page.locator('button[type=submit]').click();
    await page.getByRole('heading', { name: 'انظر في بريدك' }).waitFor();
    await page.goto(await mailed('confirm'));
    await page.locator('button[type=submit]').click();
    await page.goto(await mailed('p'));
    await lookAt(page, 'reader-ar-preferences', [320, 1280]);
    expect(await subscribed('dal@readers.example')).toEqual([1]);
    await context.close();
  }, 60_000);

  test('when many come in, the browser works for it, under the page’s own policy', async () => {
    const from = async (n: number) =>
      fetch(`${base}/subscribe`, {
        method: 'POST',
        body: new URLSearchParams({ newsletter: 'weekly', address: `x${n}@readers.example` }),
      });
    for (let n = 0; n < 6; n++) await from(n);
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${base}/subscribe?newsletter=weekly`);
    await page.getByLabel('Your mail address').fill('eve@readers.example');
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page
      .locator('altcha-widget [data-state=verified], altcha-widget[state=verified]')
      .first()
      .waitFor({ timeout: 30_000 })
      .catch(() => {});
    await page.screenshot({ path: 'test-results/screenshots/reader-work.png', fullPage: true });
    await page.waitForFunction('document.querySelector("input[name=altcha]")?.value.length > 20', undefined, {
      timeout: 30_000,
    });
    await page.getByRole('button', { name: 'Subscribe' }).click();
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor();
    expect(complaints.filter((text) => !text.includes('403'))).toEqual([]);
    await context.close();
  }, 90_000);
});
