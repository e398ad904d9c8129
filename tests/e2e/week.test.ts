import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { getNewsletter, readContent } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { getEdition, proposeEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { startScheduler } from '../../workers/schedule.ts';
import { startWorkers } from '../../workers/start.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { PASSWORD, addAccount } from '../support/desk.ts';
import { told } from '../support/draft.ts';
import { type By, handsOf } from '../support/hands.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { lookAt } from '../support/look.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';

// An editor's whole week in a real Chromium, with the mouse and with the keyboard alone: from coming in to the report, on workers and a mail
// server that are real.

const suite = browserMissing === undefined ? describe : describe.skip;
const READERS = 90;

suite(`an editor’s week${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let web: Web;
  let browser: Browser;
  let sink: SmtpSink;
  let workers: { close(): Promise<void> }[];

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser?.close());

  beforeEach(async () => {
    // It takes its time, so that there is something to watch; and one mailbox is full.
    sink = await startSmtpSink({ rcpt: (to) => (to.startsWith('reader.7@') ? '552 5.2.2 Mailbox full' : undefined) });
    house = await openHouse({ relay: { ...sink.relay, perSecond: 5 } });
    web = await startWeb(house);
    const { db } = house.database;
    await addPublication(db);
    await addNewsletter(db, { requiresTwoPeople: true, timeZone: 'Europe/London' });
    await addReaders(db, 1, READERS);
    const now = Date.now();
    await addPieces(
      db,
      ['A ceasefire holds', 'The harbour at dusk', 'Who reads the annexes', 'Fog over the strait'].map((title, n) => ({
        slug: `p${n}`,
        title,
        publishedAt: new Date(now - (n + 1) * 3.6e6).toISOString(),
      })),
    );
    const newsletter = await getNewsletter(db, 'weekly');
    await db
      .transaction()
      .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'the composer' }));
    for (const [name, role] of [
      ['Ana', 'author'],
      ['Ed', 'editor'],
    ] as const)
      await addAccount(house, { name, role, address: `${name.toLowerCase()}@review.example` });
    workers = [await startWorkers(house), await startScheduler(house)];
  }, 60_000);
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    await web.close();
    await house.remove();
    await sink.close();
  });

  const content = async () => readContent(house.database.db, await getEdition(house.database.db, 1));
  const titles = async () => (await content()).sections.flatMap(({ pieces }) => pieces.map(({ title }) => title));

  async function comeIn(name: string, by: By) {
    const context = await browser.newContext({ bypassCSP: true, locale: 'en-US' });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    const hands = handsOf(page, by);
    await page.goto(`${web.deskUrl}/`);
    await hands.write(page.getByLabel('Mail address'), `${name.toLowerCase()}@review.example`);
    await hands.write(page.getByLabel('Password'), PASSWORD);
    await hands.press(page.getByRole('button', { name: 'Sign in' }));
    await page.getByRole('heading', { level: 1, name: 'Editions' }).waitFor();
    await hands.press(page.getByRole('link', { name: 'The Weekly no. 1', exact: true }));
    await page.locator('[data-edition]').waitFor();
    return { page, context, hands, complaints };
  }

  test.each(['mouse', 'keyboard'] as const)(
    'by %s: draft, review, schedule, send, pause, report',
    async (by) => {
      const { page, context, hands, complaints } = await comeIn('Ana', by);
      // Put in another order, by the mouse or by keys; a headline written over; a piece held.
      const first = (await content()).sections.find(({ pieces }) => pieces.length > 1)!.pieces[0]!.title;
      const before = await titles();
      if (by === 'mouse') {
        const piece = page.locator('.piece', { hasText: first });
        await piece.scrollIntoViewIfNeeded();
        const box = (await piece.boundingBox())!;
        const section = page.locator('.section', { hasText: first }).locator('h2');
        await page.mouse.move(box.x + 12, box.y + 20);
        await page.mouse.down();
        await page.mouse.move(box.x + 20, box.y + 50, { steps: 6 });
        await section.hover();
        await section.hover();
        await page.mouse.up();
      } else {
        await hands.reach(page.getByRole('button', { name: `Down: ${first}` }));
        await page.keyboard.press('Alt+ArrowDown');
      }
      await told(page, 'Revision 2');
      expect(await titles()).not.toEqual(before);
      await hands.write(page.getByLabel('Subject'), 'A week of fog');
      await told(page, 'Revision 3');
      const piece = page.locator('.piece', { hasText: first });
      await hands.press(piece.getByText('Write over its words'));
      await hands.write(piece.getByRole('textbox', { name: 'Headline' }), 'The harbour, again');
      await hands.press(piece.getByRole('button', { name: 'Save for this edition' }));
      await told(page, 'Revision 4');
      const held = (await titles()).at(-1)!;
      await hands.press(page.getByRole('button', { name: `Hold for the next edition: ${held}` }));
      await told(page, 'Revision 5');
      expect(await titles()).not.toContain(held);
      // A test, and a word to the editors.
      await hands.press(page.getByText('A test, the audience, and the end of it'));
      await hands.write(page.getByLabel('Send a test to'), 'ana@review.example');
      await hands.press(page.getByRole('button', { name: 'Send', exact: true }));
      await told(page, 'The mail server took the test');
      expect(sink.mails.map(({ to }) => to)).toContain('ana@review.example');
      await hands.write(page.getByLabel('A word to the editors'), 'The lead is new.');
      await hands.press(page.getByRole('button', { name: 'Ask for review' }));
      await told(page, 'The editors are asked');
      expect(complaints).toEqual([]);
      await context.close();

      // A second person looks, approves, schedules.
      const editor = await comeIn('Ed', by);
      const { page: desk } = editor;
      expect(await desk.locator('[aria-labelledby="reviews"]').innerText()).toContain('The lead is new.');
      const unseen = desk.locator('form[action$="/approve"] input[type="checkbox"]:not(:checked)');
      while ((await unseen.count()) > 0) await editor.hands.tick(unseen.first());
      await editor.hands.press(desk.getByRole('button', { name: 'Approve revision 5' }));
      await told(desk, 'Approved');
      const when = desk.getByLabel(/Goes out, in Europe\/London/);
      if (by === 'mouse') {
        await when.fill('2099-07-01T09:00');
      } else {
        // Part by part, as the browser shows it.
        await editor.hands.reach(when);
        for (const part of ['07', '01', '2099', '09', '00', 'AM']) {
          await desk.keyboard.type(part);
          if (part === '2099') await desk.keyboard.press('Tab');
        }
      }
      expect(await when.inputValue()).toBe('2099-07-01T09:00');
      if ((await desk.evaluate('Intl.DateTimeFormat().resolvedOptions().timeZone')) !== 'Europe/London')
        expect(await desk.locator('#at-here').innerText()).toMatch(/1 Jul.*08:00|where you are/);
      await editor.hands.press(desk.getByRole('button', { name: 'Schedule' }));
      await told(desk, 'It is scheduled');
      expect((await getEdition(house.database.db, 1)).releaseAt).toEqual(new Date('2099-07-01T08:00:00Z'));
      // Its time comes; the figures follow by themselves.
      await sql`update editions set release_at = now()`.execute(house.database.db);
      await desk.getByText('It is sending now').waitFor({ timeout: 30_000 });
      const figure = async (name: string) => Number(await desk.locator(`[data-figure="${name}"]`).innerText());
      await desk.waitForFunction(
        'Number(document.querySelector(\'[data-figure="accepted"]\').textContent) > 3',
        undefined,
        { timeout: 30_000 },
      );
      expect(await figure('audience')).toBe(READERS);
      await editor.hands.press(desk.getByRole('button', { name: 'Pause' }));
      await told(desk, 'The send is held');
      await sleep(2_000);
      const reached = sink.mails.length;
      await sleep(2_000);
      expect(sink.mails.length).toBe(reached);
      expect((await getEdition(house.database.db, 1)).state).toBe('paused');
      await editor.hands.press(desk.getByRole('button', { name: 'Go on' }));
      await told(desk, 'It goes on');
      await desk.locator('[data-part="ledger"] .state.sent').waitFor({ timeout: 60_000 });
      await desk.waitForFunction(`document.querySelector('[data-figure="accepted"]').textContent === '${READERS - 1}'`);
      expect(await figure('refused')).toBe(1);
      await desk.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
      // The report: why somebody did not get it, how it went on, who that was.
      const ledger = desk.locator('[data-part="ledger"]');
      await ledger.locator('.why', { hasText: 'Mailbox full' }).waitFor();
      await ledger.locator('svg path.accepted').waitFor({ state: 'attached' });
      if (by === 'mouse') await lookAt(desk, 'week-report');
      await editor.hands.press(desk.getByRole('link', { name: 'Who got it?' }));
      await editor.hands.write(desk.getByLabel('A reader’s address'), 'reader.7@readers.example');
      await editor.hands.press(desk.getByRole('button', { name: 'Show' }));
      await desk.getByRole('cell', { name: /552 5\.2\.2/ }).waitFor();
      expect(editor.complaints).toEqual([]);
      await editor.context.close();
    },
    240_000,
  );
});
