import { Secret, TOTP } from 'otpauth';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createLink } from '../../src/accounts/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';
import { lookAt } from '../support/look.ts';

// Coming in, one's own account, inviting somebody, the audit log and the API's reference, in a real Chromium.

const suite = browserMissing === undefined ? describe : describe.skip;
const PASSWORD = 'seven silver spoons slide';

suite(`people at the desk in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;

  beforeAll(async () => {
    house = await openHouse({ inbox: true });
    web = await startWeb(house);
    await addPublication(house.database.db);
    await addNewsletter(house.database.db);
    browser = await launchBrowser();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await web?.close();
    await house?.remove();
  });

  const look = (page: Page, name: string) => lookAt(page, `people-${name}`);

  async function signIn(page: Page, address: string): Promise<void> {
    await page.goto(`${web.deskUrl}/sign-in`);
    await page.getByLabel('Mail address').fill(address);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  test('from nobody to two people, a second factor, a token and the log of it all, without script', async () => {
    const context: BrowserContext = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    const token = await createLink(house.database.db, { kind: 'first', accountId: null }, new Date());
    await page.goto(`${web.deskUrl}/join/${token}`);
    await look(page, 'first');
    await page.getByLabel('Your name').fill('Ana Soto');
    await page.getByLabel('Your mail address').fill('ana@review.example');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The same once more').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await look(page, 'sign-in');
    await signIn(page, 'ana@review.example');
    expect(await page.locator('h1').innerText()).toBe('Editions');

    await page.goto(`${web.deskUrl}/account`);
    await page.getByRole('button', { name: 'Set it up' }).click();
    await look(page, 'factor');
    const secret = (await page.locator('.steps code').innerText()).replaceAll(' ', '');
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    await page.getByLabel('Code').fill(totp.generate());
    await page.getByRole('button', { name: 'Set it up' }).click();
    await look(page, 'recovery-codes');
    await page.getByLabel('What it is for').fill('The site’s archive page');
    await page.getByLabel('editions:read').check();
    await page.getByRole('button', { name: 'Make it' }).click();
    expect(await page.locator('.secret').innerText()).toMatch(/^rup_\w{40}$/);
    await look(page, 'token');

    await page.getByRole('link', { name: 'House' }).click();
    await page.getByRole('link', { name: 'Accounts' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Bo Lindqvist');
    await page.getByLabel('Mail address').fill('bo@review.example');
    await page.getByLabel(/^author/).check();
    await page.getByRole('button', { name: 'Send the invitation' }).click();
    expect(await page.locator('.told').innerText()).toContain('a letter is on its way to bo@review.example');
    await look(page, 'accounts');
    await page.getByRole('link', { name: 'Audit' }).click();
    await look(page, 'audit');
    await page.goto(`${web.deskUrl}/audit?act=nothing-of-the-kind`);
    await look(page, 'audit-empty');
    await page.goto(`${web.deskUrl}/api`);
    await look(page, 'reference');
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await page.locator('.told').innerText()).toContain('signed out');

    await signIn(page, 'ana@review.example');
    await look(page, 'second-factor');
    await page.getByLabel('Code').fill('123456');
    await page.getByRole('button', { name: 'Go on' }).click();
    expect(await page.locator('.told').innerText()).toContain('wrong');
    await page.goto(`${web.deskUrl}/forgotten`);
    await look(page, 'forgotten');
    await page.goto(`${web.deskUrl}/join/no-such-link`);
    await look(page, 'used-link');
    // A page that is not there, and a code that was wrong: the browser remarks on their status.
    expect(complaints.filter((text) => !/status of 40[14]/.test(text))).toEqual([]);
    await context.close();
  }, 240_000);
});
