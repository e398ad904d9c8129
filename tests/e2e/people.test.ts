import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Secret, TOTP } from 'otpauth';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createLink } from '../../src/accounts/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';

// Coming in, one's own account, inviting somebody, the audit log and the API's reference, in a real Chromium.

const SHOTS = path.resolve('test-results/screenshots');
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const suite = browserMissing === undefined ? describe : describe.skip;
const PASSWORD = 'seven silver spoons slide';

suite(`people at the desk in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;
  const looks: { width: number; colorScheme: 'light' | 'dark' }[] = [375, 1280].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
  );

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
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

  /** How a page looks on a telephone and a desktop, by day and by night, and what axe-core says of it. */
  async function look(page: Page, name: string): Promise<void> {
    for (const { width, colorScheme } of looks) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: path.join(SHOTS, `people-${name}-${width}-${colorScheme}.png`), fullPage: true });
      expect([name, width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, width, width]);
      await page.evaluate(axeSource);
      const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      expect(
        violations.map(
          ({ id, nodes }) => `${name} ${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`,
        ),
      ).toEqual([]);
    }
  }

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
