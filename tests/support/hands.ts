import type { Locator, Page } from 'playwright-core';

// How a test works a page: with the mouse, or with the keyboard alone, which gets to a control by Tab, as people do.

export interface Hands {
  reach(what: Locator): Promise<void>;
  press(what: Locator): Promise<void>;
  write(what: Locator, text: string): Promise<void>;
  choose(what: Locator, label: string): Promise<void>;
  tick(what: Locator): Promise<void>;
}

export type By = 'mouse' | 'keyboard';

const MOST_TABS = 500;

export function handsOf(page: Page, by: By): Hands {
  return by === 'mouse' ? mouse : keyboard(page);
}

const mouse: Hands = {
  reach: (what) => what.hover(),
  press: (what) => what.click(),
  write: (what, text) => what.fill(text),
  choose: async (what, label) => void (await what.selectOption({ label })),
  tick: (what) => what.check(),
};

function keyboard(page: Page): Hands {
  return {
    reach: (what) => reach(page, what),
    async press(what) {
      await reach(page, what);
      const isLink = await what.evaluate((node) => node.tagName === 'A');
      await page.keyboard.press(isLink ? 'Enter' : 'Space');
    },
    async write(what, text) {
      await reach(page, what);
      await page.keyboard.press('ControlOrMeta+A');
      if (text === '') await page.keyboard.press('Delete');
      else await page.keyboard.insertText(text);
    },
    async choose(what, label) {
      await reach(page, what);
      await page.keyboard.type(label);
      await page.keyboard.press('Tab');
    },
    async tick(what) {
      await reach(page, what);
      if (!(await what.isChecked())) await page.keyboard.press('Space');
    },
  };
}

/** By Tab alone, from wherever the focus is; round the page once. */
async function reach(page: Page, what: Locator): Promise<void> {
  await what.waitFor();
  for (let tabs = 0; tabs < MOST_TABS; tabs++) {
    if (await what.evaluate((node) => node.matches(':focus'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not get to ${String(what)}`);
}
