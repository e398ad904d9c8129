import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { createLink } from '../../src/accounts/index.ts';
import { listDkimKeys } from '../../src/dispatch/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { continueImport } from '../../src/newsroom/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { PASSWORD } from '../support/desk.ts';
import { type DnsServer, startDnsServer } from '../support/dnsServer.ts';
import { type By, handsOf } from '../support/hands.ts';
import { openHouse } from '../support/house.ts';
import { lookAt } from '../support/look.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// An administrator's first hour in a real Chromium, from the first link to the first test in the inbox: with the mouse, with the keyboard alone,
// and without script. The site, the name server and the mail server are real, and on loopback.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`the first hour${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;
  let dns: DnsServer;
  let site: WebServer;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    dns = await startDnsServer();
    site = await startWebServer((request, response) => {
      const { host } = request.headers;
      if (request.url === '/feed') {
        const items = [1, 2, 3, 4].map(
          (n) =>
            `<item><title>Story number ${n}</title><link>http://${host}/story-${n}</link><category>Analysis</category><description>What story ${n} is about.</description><pubDate>${new Date(Date.now() - n * 3.6e6).toUTCString()}</pubDate></item>`,
        );
        response.setHeader('content-type', 'application/rss+xml');
        return response.end(`<rss version="2.0"><channel><title>The Magazine</title>${items.join('')}</channel></rss>`);
      }
      response.setHeader('content-type', 'text/html');
      return response.end(
        '<title>The Magazine</title><link rel="alternate" type="application/rss+xml" href="/feed"><p>Words.</p>',
      );
    });
    house = await openHouse({ inbox: true, config: { dnsServers: [dns.address] } });
    web = await startWeb(house);
  });
  afterEach(async () => {
    await web.close();
    await house.remove();
    await dns.close();
    await site.close();
  });

  test.each([
    ['the mouse', 'mouse', true],
    ['the keyboard alone', 'keyboard', true],
    ['the mouse, without script', 'mouse', false],
  ] as [string, By, boolean][])(
    'with %s, from nothing to a test in the inbox',
    async (_, by, script) => {
      const context = await browser.newContext({ javaScriptEnabled: script, bypassCSP: script });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      const hands = handsOf(page, by);
      const told = (words: string | RegExp) =>
        page.locator('.told', { hasText: words }).first().waitFor({ timeout: 15_000 });
      const button = (name: string) => page.getByRole('button', { name, exact: true });
      const look = async (name: string) => {
        if (by === 'mouse' && script) await lookAt(page, `start-${name}`);
      };
      const steps = async () => page.getByText(/\d of 7 are done/).innerText();

      const token = await createLink(house.database.db, { kind: 'first', accountId: null }, new Date());
      await page.goto(`${web.deskUrl}/join/${token}`);
      await hands.write(page.getByLabel('Your name'), 'Ana Soto');
      await hands.write(page.getByLabel('Your mail address'), 'ana@magazine.example');
      await hands.write(page.getByLabel('Password', { exact: true }), PASSWORD);
      await hands.write(page.getByLabel('The same once more'), PASSWORD);
      await hands.press(button('Make the account'));
      await hands.write(page.getByLabel('Mail address'), 'ana@magazine.example');
      await hands.write(page.getByLabel('Password'), PASSWORD);
      await hands.press(button('Sign in'));
      await hands.press(page.getByRole('link', { name: /take the first steps/ }));
      expect(await steps()).toBe('0 of 7 are done');
      await look('empty');

      // Whose newsletters these are.
      const publication = page.locator('#publication');
      await hands.write(publication.getByLabel('Name', { exact: true }), 'The Magazine');
      await hands.write(publication.getByLabel('Home page'), 'https://magazine.example/');
      await hands.write(publication.getByLabel(/^Postal address/), '1 Main Street, Anytown');
      await hands.press(publication.getByRole('button', { name: 'Save' }));
      await told('The publication is set');

      // From where mail is sent: the records come, and the page sees them.
      await hands.write(page.getByLabel('The domain of the sender’s address'), 'magazine.example');
      await hands.press(button('Make a key'));
      await told('A key for magazine.example is made');
      await look('dns-missing');
      const [key] = await listDkimKeys(house.database.db);
      dns.records.set('magazine.example TXT', ['v=spf1 mx ~all']);
      dns.records.set('magazine.example MX', ['10 mail.magazine.example']);
      dns.records.set('_dmarc.magazine.example TXT', ['v=DMARC1; p=none']);
      dns.records.set(`${key!.selector}._domainkey.magazine.example TXT`, [key!.record]);
      if (!script) await page.reload();
      await page.getByText('the DNS is right', { exact: true }).waitFor({ timeout: 25_000 });
      await hands.press(page.getByRole('button', { name: new RegExp(`^Sign with it\\W+${key!.selector}$`) }));
      await told('is signed with it from now on');

      // The mail server.
      await hands.press(button('Send a test mail'));
      await told('The mail server took it');

      // A source, by the site's address.
      await hands.write(page.getByLabel('The address of your site'), site.url);
      await hands.tick(page.getByLabel('on a private network'));
      await hands.press(button('Look what it offers'));
      await page.getByText('Story number 1').waitFor();
      await look('source-found');
      await hands.press(button('Add this one').first());
      await told('is a source now');
      await hands.press(page.getByRole('link', { name: 'House' }));
      await hands.press(page.getByRole('link', { name: 'First steps' }));
      expect(await steps()).toBe('4 of 7 are done');

      // The newsletter.
      const newsletter = page.locator('#newsletter');
      await hands.write(newsletter.getByLabel('Name', { exact: true }), 'The Weekly');
      await hands.write(newsletter.getByLabel('Short name, for addresses'), 'weekly');
      await hands.write(newsletter.getByLabel('Sender’s address'), 'weekly@magazine.example');
      await hands.press(newsletter.getByRole('button', { name: 'Make it' }));
      await told('The Weekly is there');
      await look('newsletter');

      // Who reads it. A file is chosen in the system's own window, which no test sees.
      await page.goto(`${web.deskUrl}/start`);
      const list = path.join(mkdtempSync(path.join(tmpdir(), 'roundup-list-')), 'people.csv');
      writeFileSync(list, 'email,name\nann@readers.example,Ann\nben@readers.example,Ben\nnonsense,\n');
      await page.locator('#list').setInputFiles(list);
      await hands.press(page.locator('#import').getByRole('button', { name: 'Look at it' }));
      await told('nobody is subscribed yet');
      await look('import');
      await hands.write(page.getByLabel(/On what ground/), 'subscribed on our site');
      await hands.press(button('Take in 2 people'));
      await told('It is being taken in');
      while (await continueImport(await house.newsroom(), () => true));

      // The first test.
      await page.goto(`${web.deskUrl}/start`);
      expect(await steps()).toBe('6 of 7 are done');
      await hands.press(button('Compose the first edition'));
      await page.locator('[data-edition]').waitFor();
      await page.locator('.piece').first().waitFor();
      await page.goto(`${web.deskUrl}/start`);
      await hands.press(button('Send a test of it'));
      await told('The mail server took the test');
      await page.goto(`${web.deskUrl}/start`);
      expect(await steps()).toBe('7 of 7 are done');
      await look('done');
      await page.goto(`${web.deskUrl}/inbox`);
      expect(await page.locator('main').innerText()).toContain('[Test] Story number 1');
      expect(complaints).toEqual([]);
      await context.close();
    },
    240_000,
  );
});
