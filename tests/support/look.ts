import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Page } from 'playwright-core';

const SHOTS = path.resolve('test-results/screenshots');
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A frame that is out of sight is not drawn, and would be white in the picture: the window is made as high as the page. */
async function showFrames(page: Page, width: number): Promise<void> {
  if ((await page.locator('iframe').count()) === 0) return;
  await page.setViewportSize({ width, height: await page.evaluate<number>('document.documentElement.scrollHeight') });
  await page.waitForTimeout(300);
}

/**
 * How a page looks on telephones and a desktop, by day and by night, as pictures; none of it may be wider than its window, and
 * axe-core (WCAG 2.2 AA) must find nothing. The page's own policy keeps axe-core out: the context needs `bypassCSP`.
 */
export async function lookAt(page: Page, name: string, widths = [375, 1280]): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  for (const width of widths)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await showFrames(page, width);
      await page.screenshot({ path: path.join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      expect([name, width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([name, width, width]);
      await page.evaluate(axeSource);
      const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      const told = violations.map(
        ({ id, nodes }) => `${name} ${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`,
      );
      expect(told).toEqual([]);
    }
}
