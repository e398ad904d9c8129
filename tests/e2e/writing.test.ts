import type { Browser, Page } from 'playwright-core';
import { noteLinksLooked, piecesOf } from '../../src/editions/index.ts';
import { recordLink } from '../../src/links/store.ts';
import {
  approveEdition,
  dropFromEdition,
  editInEdition,
  putBlockInEdition,
  reviseEdition,
} from '../../src/newsroom/index.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { type Draft, openDraft, told } from '../support/draft.ts';
import { handsOf } from '../support/hands.ts';
import { until } from '../support/until.ts';

// What somebody writes and moves at an edition, in a real Chromium: it is saved by itself, seen at once, and lost by nothing that they do besides.

const suite = browserMissing === undefined ? describe : describe.skip;

suite(`writing at an edition${browserMissing === undefined ? '' : ` (${browserMissing})`}`, () => {
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
  const titles = async () => piecesOf(await content()).map(({ title }) => title);
  const decks = async () => piecesOf(await content()).map(({ deck }) => deck);
  const open = async (page: Page, title: string) => {
    const piece = page.locator('.piece', { hasText: title });
    await piece.getByText('Write over its words').click();
    return piece;
  };

  test('a piece’s words are saved by themselves, and stay under the hands of whoever writes on', async () => {
    const { page, context, complaints } = await draft.come(browser, 'author', true);
    const piece = await open(page, 'The harbour at dusk');
    const deck = piece.getByRole('textbox', { name: 'Deck' });
    await deck.fill('Boats, and');
    await told(page, 'Revision 2 is saved');
    expect(await decks()).toContain('Boats, and');
    // The caret is where it was.
    await page.keyboard.type(' gulls');
    await told(page, 'Revision 3 is saved');
    expect(await decks()).toContain('Boats, and gulls');
    await piece.getByRole('button', { name: /Put it back: the deck/ }).click();
    await told(page, 'Revision 4 is saved');
    expect(await deck.inputValue()).toBe('A sentence about it.');
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);

  test('what is typed before the scripts have come is saved as well; what a browser remembers of an older page is not', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    let come: () => void = () => {};
    const wait = new Promise<void>((resolve) => (come = resolve));
    await page.route('**/assets/edition.js', async (route) => wait.then(() => route.continue()));
    await page.reload({ waitUntil: 'commit' });
    const subject = page.getByLabel('Subject');
    await subject.fill('Typed on a train');
    const deck = (await open(page, 'The harbour at dusk')).getByRole('textbox', { name: 'Deck' });
    await deck.fill('In a tunnel');
    come();
    await told(page, 'Revision 3 is saved');
    expect((await content()).subject).toBe('Typed on a train');
    expect(await decks()).toContain('In a tunnel');
    await page.unroute('**/assets/edition.js');
    await subject.fill('Typed on leaving');
    await page.getByRole('link', { name: 'Pool', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Pool' }).waitFor();
    await until(content, ({ subject: kept }) => kept === 'Typed on leaving');
    await reviseEdition(await draft.house.newsroom(), 1, { subject: 'Ed’s, since' }, 'Ed');
    await page.goBack();
    await page.locator('[data-edition][data-revision="5"]').waitFor();
    await page.waitForTimeout(2_000);
    expect(await subject.inputValue()).toBe('Ed’s, since');
    expect((await edition()).revision).toBe(5);
    await context.close();
  }, 60_000);

  test('a page that is only opened changes nothing, whatever stands in its fields', async () => {
    const newsroom = await draft.house.newsroom();
    const odd = 'Two\nlines,\r\nand\ta tab ';
    await reviseEdition(newsroom, 1, { subject: odd, preheader: odd, note: `\n${odd}` }, 'A program');
    const { pieceId } = piecesOf(await content())[0]!;
    await editInEdition(newsroom, 1, pieceId, { title: odd, deck: odd, kind: odd }, 'A program');
    const { page, context } = await draft.come(browser, 'author', true);
    await page.waitForTimeout(2_000);
    expect((await edition()).revision).toBe(3);
    // Nor is anybody asked whether they want to leave.
    await page.getByRole('link', { name: 'All revisions' }).click();
    await page.getByRole('heading', { level: 1, name: 'Revisions' }).waitFor();
    await context.close();
  }, 60_000);

  test('another look at the preview, or an act elsewhere, loses nothing that is typed, not even what was refused', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const piece = await open(page, 'The harbour at dusk');
    await piece.getByRole('textbox', { name: 'Headline' }).fill(' ');
    await piece.getByRole('textbox', { name: 'Deck' }).fill('A deck that waits');
    await told(page, 'A piece has a headline');
    await page.getByRole('link', { name: 'phone' }).click();
    await page.locator('.stage.phone').waitFor();
    expect(await piece.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('A deck that waits');
    await page.getByRole('button', { name: 'Pin: A ceasefire holds' }).click();
    await told(page, 'It is pinned');
    expect(await piece.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('A deck that waits');
    // Texts, too: refused, they stay, and are saved when they are right.
    await page.getByLabel('Subject').fill(' ');
    await page.getByLabel('Preheader').fill('It waits as well');
    await told(page, 'A mail has a subject');
    await page
      .getByRole('button', { name: 'Pinned: A ceasefire holds' })
      .or(page.getByText('Pinned', { exact: true }))
      .first()
      .click();
    await told(page, 'It is pinned no more');
    expect(await page.getByLabel('Preheader').inputValue()).toBe('It waits as well');
    await page.getByLabel('Subject').fill('A week');
    await piece.getByRole('textbox', { name: 'Headline' }).fill('The harbour');
    await until(titles, (all) => all.includes('The harbour'));
    await until(content, ({ preheader }) => preheader === 'It waits as well');
    expect(await decks()).toContain('A deck that waits');
    await context.close();
  }, 60_000);

  test('why something is refused stands there until that is mended, whatever else is saved', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const piece = await open(page, 'The harbour at dusk');
    const headline = piece.getByRole('textbox', { name: 'Headline' });
    const refusal = page.locator('.told.bad');
    await headline.fill(' ');
    await told(page, 'A piece has a headline');
    await page.getByLabel('Subject').fill('Saved beside it');
    await told(page, 'Revision 2 is saved');
    expect(await refusal.count()).toBe(1);
    await headline.fill('The harbour at dusk');
    await refusal.waitFor({ state: 'detached' });
    await headline.fill(' ');
    await refusal.waitFor();
    await headline.fill('Dusk');
    await told(page, 'Revision 3 is saved');
    expect(await refusal.count()).toBe(0);
    await context.close();
  }, 60_000);

  test('of the same words another’s are not written over by themselves; of others mine are saved all the same', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const harbour = piecesOf(await content()).find(({ title }) => title === 'The harbour at dusk')!;
    const ceasefire = piecesOf(await content()).find(({ title }) => title === 'A ceasefire holds')!;
    const parts = { db: db(), clock: draft.house.clock };
    const piece = await open(page, 'The harbour at dusk');
    await editInEdition(parts, 1, ceasefire.pieceId, { deck: 'By Ed' }, 'Ed');
    await piece.getByRole('textbox', { name: 'Deck' }).fill('By Ana');
    await until(decks, (all) => all.includes('By Ed') && all.includes('By Ana'));
    // The page has its answer: what comes after is not among what was seen.
    await told(page, 'Revision 3 is saved');
    await editInEdition(parts, 1, harbour.pieceId, { deck: 'By Ed, too' }, 'Ed');
    await piece.getByRole('textbox', { name: 'Deck' }).fill('By Ana again');
    await page.locator('.told.bad', { hasText: 'changed meanwhile' }).waitFor();
    await page.waitForTimeout(2_500);
    expect(piecesOf(await content()).find(({ pieceId }) => pieceId === harbour.pieceId)?.deck).toBe('By Ed, too');
    expect(await piece.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('By Ana again');
    await piece.getByRole('button', { name: 'Save for this edition' }).click();
    await until(decks, (all) => all.includes('By Ana again'));
    await context.close();
  }, 60_000);

  test('an answer about one piece’s words lets nothing be written over in another’s', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const [one, two] = ['The harbour at dusk', 'Who reads the annexes'] as const;
    const idOf = async (title: string) => piecesOf(await content()).find((piece) => piece.title === title)!.pieceId;
    const parts = { db: db(), clock: draft.house.clock };
    const [first, second] = [await open(page, one), await open(page, two)];
    await editInEdition(parts, 1, await idOf(one), { deck: 'Ed’s one' }, 'Ed');
    await editInEdition(parts, 1, await idOf(two), { deck: 'Ed’s two' }, 'Ed');
    await first.getByRole('textbox', { name: 'Deck' }).fill('Ana’s one');
    await second.getByRole('textbox', { name: 'Deck' }).fill('Ana’s two');
    await page.locator('.told.bad', { hasText: 'changed meanwhile' }).waitFor();
    await page.waitForTimeout(3_000);
    expect(await decks()).toEqual(expect.arrayContaining(['Ed’s one', 'Ed’s two']));
    expect(await first.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('Ana’s one');
    expect(await second.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('Ana’s two');
    await context.close();
  }, 60_000);

  test('a note that is being written keeps its words over the edge of a section; a subject is mine where nobody wrote one', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const parts = { db: db(), clock: draft.house.clock };
    await putBlockInEdition(
      parts,
      1,
      { section: 'analysis', block: { kind: 'note', id: 'a', after: 0, text: 'Old' } },
      'Ana',
    );
    await page.reload();
    const note = page.locator('#block-a');
    await note.getByText('Change it').click();
    await note.getByLabel('The note, in Markdown').fill('Half a thought');
    await page.getByRole('button', { name: 'Up: this note' }).click();
    await told(page, 'Revision 3');
    expect((await content()).sections[0]).toMatchObject({ key: 'lead', blocks: [{ id: 'a', text: 'Old' }] });
    expect(await note.getByLabel('The note, in Markdown').inputValue()).toBe('Half a thought');
    const { pieceId } = piecesOf(await content())[0]!;
    await editInEdition(parts, 1, pieceId, { deck: 'By Ed' }, 'Ed');
    await page.locator('#subject').fill('Mine all the same');
    await until(content, ({ subject }) => subject === 'Mine all the same');
    expect(await decks()).toContain('By Ed');
    await context.close();
  }, 60_000);

  test('words of a piece that somebody drops meanwhile are said', async () => {
    const { page, context } = await draft.come(browser, 'author', true);
    const piece = await open(page, 'The harbour at dusk');
    const { pieceId } = piecesOf(await content()).find(({ title }) => title === 'The harbour at dusk')!;
    await piece.getByRole('textbox', { name: 'Headline' }).fill('');
    await piece.getByRole('textbox', { name: 'Deck' }).fill('Long thought over');
    await dropFromEdition({ db: db(), clock: draft.house.clock }, 1, pieceId, 'Ed');
    await page.locator('#subject').fill('Another subject');
    const aside = page.locator('[data-aside]');
    await aside.getByText('Long thought over').waitFor();
    // Whatever else is said, it stays until it is put away.
    await told(page, 'Revision 3 is saved');
    await page.getByRole('button', { name: 'Pin: A ceasefire holds' }).click();
    await told(page, 'It is pinned');
    await aside.getByText('Long thought over').waitFor();
    await aside.getByRole('button', { name: 'Put away' }).click();
    expect(await aside.innerText()).toBe('');
    await context.close();
  }, 60_000);

  test('what is not saved by itself is asked for before one leaves', async () => {
    const { page, context } = await draft.come(browser, 'editor', true);
    await page.getByLabel('A word to the editors').pressSequentially('Not sent yet');
    const asked = page.waitForEvent('dialog');
    const leaving = page.getByRole('link', { name: 'All revisions' }).click();
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await leaving;
    expect(await page.getByLabel('A word to the editors').inputValue()).toBe('Not sent yet');
    // So are words whose saving failed.
    await page.getByLabel('A word to the editors').fill('');
    const piece = await open(page, 'The harbour at dusk');
    await context.setOffline(true);
    await piece.getByRole('textbox', { name: 'Deck' }).fill('Written in a tunnel');
    await told(page, 'No answer came from the desk');
    await context.setOffline(false);
    const again = page.waitForEvent('dialog');
    const going = page.getByRole('link', { name: 'All revisions' }).click();
    await (await again).dismiss();
    await going;
    expect(await piece.getByRole('textbox', { name: 'Deck' }).inputValue()).toBe('Written in a tunnel');
    await context.close();
  }, 60_000);

  test('pieces and blocks go over the edge of a section, by keyboard and dragged; a note is seen while it is typed', async () => {
    const { page, context, complaints } = await draft.come(browser, 'author', true);
    const hands = handsOf(page, 'keyboard');
    const lines = () => draft.order();
    // The only one of the lead goes down, to the beginning of the next section; and up again.
    const [lead] = await page.locator('.piece strong').allInnerTexts();
    await hands.reach(page.getByRole('button', { name: `Down: ${lead}` }));
    await page.keyboard.press('Alt+ArrowDown');
    await told(page, 'Revision 2');
    expect((await lines())[0]).toBe('lead: ');
    expect((await lines())[1]).toContain(`: ${lead}`);
    await page.keyboard.press('Alt+ArrowUp');
    await told(page, 'Revision 3');
    expect((await lines())[0]).toBe(`lead: ${lead}`);
    // A note: seen while it is typed, then put in, then over the edge.
    const section = page.locator('.section', { hasText: 'The harbour at dusk' });
    await section.getByText('Put a note, a button or a divider here').click();
    await section.getByLabel('A note, in Markdown').fill('A word **between**');
    const preview = page.frameLocator('[data-part="preview"] iframe:not(.coming)');
    await preview.getByText('A word between').waitFor();
    expect((await edition()).revision).toBe(3);
    await section.getByLabel('Where the note stands').selectOption({ label: 'at its beginning' });
    await section.getByRole('button', { name: 'Put the note in' }).click();
    await told(page, 'Revision 4');
    await hands.reach(page.getByRole('button', { name: 'Up: this note' }));
    await page.keyboard.press('Alt+ArrowUp');
    await told(page, 'Revision 5');
    expect((await content()).sections[0]).toMatchObject({ key: 'lead', blocks: [{ text: 'A word **between**' }] });
    // Dragged back, onto a piece: before it.
    const note = page.locator('.piece.block');
    await note.scrollIntoViewIfNeeded();
    const from = (await note.boundingBox())!;
    const target = page.locator('.piece', { hasText: 'Who reads the annexes' });
    await page.mouse.move(from.x + 8, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(from.x + 20, from.y + 40, { steps: 5 });
    await target.hover();
    await target.hover();
    await page.mouse.up();
    await told(page, 'Revision 6');
    const { blocks, pieces } = (await content()).sections.find((one) => one.blocks?.length === 1)!;
    expect(pieces[blocks![0]!.after]?.title).toBe('Who reads the annexes');
    expect(complaints).toEqual([]);
    await context.close();
  }, 90_000);

  test('a dead link is found, and a state is another, without anybody’s act on the page', async () => {
    const { page, context, complaints } = await draft.come(browser, 'author', true);
    const { url } = piecesOf(await content())[0]!;
    // It is found after the page was made and before the page hears its first of the desk.
    let isFound = false;
    await page.route('**/editions/1/events', async (route) => {
      if (!isFound) {
        const now = new Date();
        await recordLink(db(), { url, outcome: 'dead', leadsTo: null, said: '404', checkedAt: now });
        await noteLinksLooked(db(), 1, now);
        isFound = true;
        // What the desk says is no older than a second.
        await page.waitForTimeout(1_100);
      }
      await route.continue();
    });
    await page.reload();
    await page.locator('[data-part="findings"]', { hasText: 'is dead' }).waitFor({ timeout: 10_000 });
    await dropFromEdition({ db: db(), clock: draft.house.clock }, 1, piecesOf(await content())[0]!.pieceId, 'Ed');
    await page.getByText('Ed has changed it meanwhile').waitFor();
    await page.getByRole('link', { name: 'Load it' }).click();
    await page.locator('[data-edition][data-revision="2"]').waitFor();
    await approveEdition(await draft.house.newsroom(), 1, 'Ed');
    await page.locator('.head .state.approved').waitFor({ timeout: 10_000 });
    await page.getByText('It is approved now').waitFor();
    // What is being written when somebody approves does not withdraw that by itself; it is there, for the button.
    await page.evaluate(`document.querySelector('#texts').setAttribute('data-autosave', 'yes')`);
    await page.locator('#subject').fill('A word too late');
    await page.getByText('nothing is saved by itself any more').waitFor({ timeout: 10_000 });
    expect((await edition()).state).toBe('approved');
    expect(await page.locator('#subject').inputValue()).toBe('A word too late');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Its approval is withdrawn').waitFor();
    expect((await content()).subject).toBe('A word too late');
    expect(complaints.filter((one) => !one.includes('409'))).toEqual([]);
    await context.close();
  }, 60_000);
});
