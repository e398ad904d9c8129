import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Edition, type EditionContent, getNewsletter, readContent } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { getEdition, proposeEdition } from '../../src/newsroom/index.ts';
import { deskLink } from './desk.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from './house.ts';

// A house with a draft of five pieces, a sixth in the pool, and people who come to it in a browser.

const TITLES = [
  'A ceasefire holds',
  'The harbour at dusk',
  'Who reads the annexes',
  'A small island wants a vote',
  'Fog over the strait',
];

const SETTINGS = { schedule: { cron: '0 9 * * 4' }, timeZone: 'Europe/London' };

export interface Draft {
  house: Awaited<ReturnType<typeof openHouse>>;
  web: Web;
  /** `script`: the browser runs scripts. */
  come(browser: Browser, role: 'author' | 'editor', script: boolean): Promise<Visit>;
  edition(): Promise<Edition>;
  content(): Promise<EditionContent>;
  /** A section a line: its key and the titles of its pieces. */
  order(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What the browser's console said of faults. */
  complaints: string[];
}

interface Wish {
  titles?: string[];
  /** Readers of the newsletter. */
  readers?: number;
  /** The newsletter's, beside the usual. */
  settings?: Record<string, unknown>;
}

/** What the page of an edition says of an act, or of what came by itself. */
export function told(page: Page, words: string | RegExp): Promise<void> {
  return page.locator('[data-live-region] .told', { hasText: words }).waitFor({ timeout: 15_000 });
}

export async function openDraft({ titles = TITLES, readers = 12, settings = SETTINGS }: Wish = {}): Promise<Draft> {
  const house = await openHouse({ inbox: true });
  const web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, settings);
  await addReaders(db, 1, readers);
  const now = Date.now();
  await addPieces(
    db,
    titles.map((title, n) => ({ slug: `p${n}`, title, publishedAt: new Date(now - (n + 1) * 3.6e6).toISOString() })),
  );
  const newsletter = await getNewsletter(db, 'weekly');
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'the composer' }));
  await addPieces(db, [
    { slug: 'late', title: 'Late news of the week', publishedAt: new Date(now - 6e4).toISOString() },
  ]);
  const edition = () => getEdition(db, 1);
  const content = async () => readContent(db, await edition());
  return {
    house,
    web,
    async come(browser, role, script) {
      const context = await browser.newContext({ javaScriptEnabled: script, bypassCSP: false });
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      const name = role === 'author' ? 'Ana' : 'Ed';
      await page.goto(
        await deskLink(house, web, '/editions/1', { role, name, address: `${name.toLowerCase()}@review.example` }),
      );
      return { page, context, complaints };
    },
    edition,
    content,
    async order() {
      const { sections } = await content();
      return sections.map(({ key, pieces }) => `${key}: ${pieces.map(({ title }) => title).join(' | ')}`);
    },
    async close() {
      await web.close();
      await house.remove();
    },
  };
}
