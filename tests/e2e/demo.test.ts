import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { type RunningDemo, startDemo } from '../support/demo.ts';

// The demo's week in a real Chromium: the mail as readers see it, the desk's pages as editors do, and the links of the mail.

const SHOTS = path.resolve('test-results/screenshots');
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const suite = browserMissing === undefined ? describe : describe.skip;

suite(`the demo in a browser${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let demo: RunningDemo;
  let browser: Browser;
  let editor: BrowserContext;
  let desk: string;
  let mailHtml: string;

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    [demo, browser] = await Promise.all([startDemo(), launchBrowser()]);
    editor = await browser.newContext();
    const page = await editor.newPage();
    await page.goto(demo.link('the inbox'));
    desk = new URL(page.url()).origin;
    await page.locator('.mails a').first().click();
    const frame = `${page.url()}/frame`;
    mailHtml = await (await editor.request.get(frame)).text();
    await page.close();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    expect(await demo?.stop()).toBe(0);
  }, 60_000);

  async function openMail(width: number, colorScheme: 'light' | 'dark'): Promise<Page> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    await page.setContent(mailHtml, { waitUntil: 'networkidle' });
    return page;
  }

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(axeSource);
    const result = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    return result.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`,
    );
  }

  describe.each(['light', 'dark'] as const)('the mail, %s', (scheme) => {
    test.each([320, 375, 640])('fits %i pixels, with its photographs', async (width) => {
      const page = await openMail(width, scheme);
      await page.screenshot({ path: path.join(SHOTS, `mail-${width}-${scheme}.png`), fullPage: true });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const broken = await page.evaluate('[...document.images].filter((image) => image.naturalWidth === 0).length');
      expect(broken).toBe(0);
      await page.context().close();
    });

    test('axe-core finds no violation', async () => {
      const page = await openMail(640, scheme);
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    test('it is dark in the dark and light in the light, all of it', async () => {
      const page = await openMail(640, scheme);
      const backgrounds = (await page.evaluate(
        `[...document.querySelectorAll('body, [role=article], .sheet, .sheet > table')].map((node) => getComputedStyle(node).backgroundColor)`,
      )) as string[];
      for (const color of backgrounds) {
        const [red = 0] = /\d+/.exec(color) ?? [];
        if (scheme === 'dark') expect(Number(red)).toBeLessThan(60);
        else expect(Number(red)).toBeGreaterThan(200);
      }
      await page.context().close();
    });
  });

  test('with images off the mail still says everything', async () => {
    const context = await browser.newContext({ viewport: { width: 375, height: 900 } });
    await context.route(/\.(jpg|png)$/, (route) => route.abort());
    const page = await context.newPage();
    await page.setContent(mailHtml);
    const text = (await page.evaluate('document.body.innerText')) as string;
    expect(text).toContain('The Long Telegraph');
    expect(text).toContain('UNSUBSCRIBE'.toLowerCase().replace('u', 'U'));
    expect(await page.evaluate('[...document.images].every((image) => image.hasAttribute("alt"))')).toBe(true);
    await page.screenshot({ path: path.join(SHOTS, 'mail-375-images-off.png'), fullPage: true });
    await context.close();
  });

  describe.each(['light', 'dark'] as const)('the desk, %s', (colorScheme) => {
    test.each([375, 1280])(
      'at %i pixels: every page, without a sideways scroll, without a violation',
      async (width) => {
        const context = await browser.newContext({
          viewport: { width, height: 900 },
          colorScheme,
          storageState: await editor.storageState(),
        });
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
        await page.goto(`${desk}/inbox`);
        const message = await page.locator('.mails a').first().getAttribute('href');
        const pages = {
          home: '/',
          edition: '/editions/1',
          phone: '/editions/1?view=phone',
          dark: '/editions/1?view=dark',
          text: '/editions/1?view=text',
          queue: '/queue',
          inbox: '/inbox',
          message: message ?? '',
        };
        for (const [name, url] of Object.entries(pages)) {
          await page.goto(desk + url, { waitUntil: 'networkidle' });
          await page.screenshot({ path: path.join(SHOTS, `desk-${name}-${width}-${colorScheme}.png`), fullPage: true });
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          expect(await violations(page)).toEqual([]);
        }
        expect(complaints).toEqual([]);
        await context.close();
      },
    );
  });

  test("the mail's links work: view in browser, preferences, unsubscribe and undo, without script", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 375, height: 900 } });
    const page = await context.newPage();
    const href = (word: string) =>
      new RegExp(`href="([^"]+)"[^>]*>${word}`).exec(mailHtml)?.[1]?.replaceAll('&amp;', '&') ?? '';
    await page.goto(href('View in browser'));
    expect(await page.locator('h1').innerText()).toContain('The Long Telegraph');
    await page.goto(href('Preferences'));
    expect(await page.locator('main').innerText()).toContain('Send it to me');
    await page.screenshot({ path: path.join(SHOTS, 'reader-preferences-375.png'), fullPage: true });
    await page.goto(href('Unsubscribe'));
    await page.screenshot({ path: path.join(SHOTS, 'reader-unsubscribe-375.png'), fullPage: true });
    await page.getByRole('button', { name: 'Unsubscribe' }).click();
    expect(await page.locator('h1').innerText()).toBe('You are unsubscribed');
    await page.screenshot({ path: path.join(SHOTS, 'reader-unsubscribed-375.png'), fullPage: true });
    await page.getByRole('button', { name: 'Undo' }).click();
    expect(await page.locator('h1').innerText()).toBe('Welcome back');
    await context.close();
  });

  test('the picture in the README can be made anew', async () => {
    const page = await openMail(640, 'light');
    await page.setViewportSize({ width: 640, height: 1_640 });
    const picture = await page.screenshot({
      path: path.resolve(
        process.env.ROUNDUP_UPDATE_DOCS === '1' ? 'docs/edition.png' : path.join(SHOTS, 'edition.png'),
      ),
      clip: { x: 0, y: 0, width: 640, height: 1_640 },
    });
    expect(picture.length).toBeGreaterThan(100_000);
    await page.context().close();
  });
});
