import { deliverBatch } from '../../src/dispatch/index.ts';
import { changeNewsletter, getEdition, releaseDue } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { visitor } from '../support/desk.ts';
import { type Draft, openDraft } from '../support/draft.ts';

// A send at the desk when it goes wrong: stopped, corrected for those whom it had not reached and for those whom it had, and tried again by what
// servers said. And what withdraws an approval, and how that is seen.

let draft: Draft;
let house: Draft['house'];
let editor: Awaited<ReturnType<typeof visitor>>;

beforeEach(async () => {
  draft = await openDraft({ readers: 9 });
  ({ house } = draft);
  editor = await visitor(house, draft.web, { role: 'editor', name: 'Ed' });
});
afterEach(() => draft.close());

const edition = (id = 1) => getEdition(house.database.db, id);
const page = async (id = 1) => (await editor.get(`/editions/${id}`)).html;
const post = async (act: string, fields: Record<string, string> = {}, id = 1) =>
  editor.post(`/editions/${id}/${act}`, { revision: String((await edition(id)).revision), ...fields });
const approve = async (id = 1) => {
  const fields = [...(await page(id)).matchAll(/name="(seen-\w+|hash)" value="(\w+)"/g)];
  return post('approve', Object.fromEntries(fields.map(([, name, value]) => [name!, value!])), id);
};
/** Sends it now, without the minute of grace. */
const send = async (id = 1) => {
  await approve(id);
  expect((await post('send', { sure: 'yes' }, id)).status).toBe(200);
  await sql`update editions set release_at = now() - interval '1 second' where id = ${id}`.execute(house.database.db);
  await releaseDue(await house.newsroom());
};
const deliver = async (id = 1) => {
  const { rows } = await sql<{ batch: number }>`select batch from batches where edition_id = ${id}`.execute(
    house.database.db,
  );
  for (const { batch } of rows) await deliverBatch(house.dispatchDeps(), id, batch);
};
const reached = async (id: number) => {
  const { rows } = await sql<{ address: string }>`
    select address from deliveries where edition_id = ${id} and state = 'accepted' order by subscriber_id`.execute(
    house.database.db,
  );
  return rows.map(({ address }) => address);
};

test('stopped and corrected, it goes to whom it had not reached; a correction of its own to whom it had', async () => {
  await send();
  await sql`update deliveries set state = 'accepted', settled_at = now() where subscriber_id <= 4`.execute(
    house.database.db,
  );
  expect((await post('stop')).status).toBe(400);
  expect((await post('stop', { sure: 'yes' })).html).toContain('It is stopped');
  const begun = await post('correct-reached');
  expect(begun.url).toBe('/editions/2');
  expect(begun.html).toContain('which corrects edition 1');
  expect((await post('correct')).html).toContain('It is a draft again');
  await post('texts', { subject: 'Now it is right', preheader: '', note: '' });
  await send();
  await deliver();
  expect((await reached(1)).slice(4)).toEqual([5, 6, 7, 8, 9].map((n) => `reader.${n}@readers.example`));
  await send(2);
  await deliver(2);
  expect(await reached(2)).toEqual([1, 2, 3, 4].map((n) => `reader.${n}@readers.example`));
});

test('of those who were refused, those are tried again to whom the server said the same', async () => {
  await send();
  const refuse = (reason: string, from: number, to: number) =>
    sql`update deliveries set state = 'refused', cause = 'mailbox', reason = ${reason}, settled_at = now()
      where subscriber_id between ${from} and ${to}`.execute(house.database.db);
  await refuse('552 5.2.2 full', 1, 5);
  await refuse('550 5.1.1 unknown', 6, 9);
  const again = await post('retry', { state: 'refused', cause: 'mailbox', reason: '550 5.1.1 unknown' });
  expect(again.html).toContain('Tried once more: 4 readers');
  expect(again.html).toMatch(
    /<td>readers\.example<\/td><td class="n">0<\/td><td class="n">4<\/td><td class="n">0<\/td><td class="n">5<\/td>/,
  );
});

test('another sender withdraws an approval, and whoever looks sees why', async () => {
  await post('review', { comment: 'Please' });
  await post('texts', { subject: 'A comma less', preheader: '', note: '' });
  // Whoever mends something by the way does not end the review.
  expect((await edition()).state).toBe('in_review');
  await approve();
  await post('schedule', { at: '2099-07-01T09:00' });
  const rename = (name: string) =>
    changeNewsletter(
      { db: house.database.db, clock: house.clock },
      1,
      ({ name: of, sourceIds, id: _id, slug: _slug, scheduleSince: _since, ...settings }) => ({
        name: of,
        sourceIds,
        settings: { ...settings, sender: { ...settings.sender, name } },
      }),
      'Ana',
    );
  const { rows } = await sql<{ name: string }>`select settings->'sender'->>'name' as name from newsletters`.execute(
    house.database.db,
  );
  await rename(rows[0]!.name);
  expect((await edition()).state).toBe('scheduled');
  await rename('Somebody else');
  expect(await edition()).toMatchObject({ state: 'in_review', releaseAt: null });
  expect(await page()).toMatch(/The approval of revision 2 by Ed is withdrawn since [^<]+: its sender is another/);
  const { rows: raised } = await sql<{ changes: string }>`
    select detail->>'changes' as changes from alerts where kind = 'approval-withdrawn'`.execute(house.database.db);
  expect(raised.map(({ changes }) => changes)).toEqual([expect.stringContaining('comes from Somebody else <')]);
  await approve();
  await post('texts', { subject: 'Once more', preheader: '', note: '' });
  expect(await page()).toContain('Ed wrote subject.');
});

test('before it is sent it says to how many, and by when, whomever it is for', async () => {
  const { db } = house.database;
  await sql`update subscribers set name = 'Chosen' where id <= 2`.execute(db);
  const sendForm = async (id = 1) => /action="\/editions\/\d+\/send"[\s\S]*?<\/form>/.exec(await page(id))?.[0] ?? '';
  await approve();
  expect(await sendForm()).toContain('<strong>9 readers</strong> (all readers)');
  await post('audience', { filter: 'name is Chosen' });
  await approve();
  expect(await sendForm()).toContain('<strong>2 readers</strong> (name is Chosen)');
  await sql`insert into domain_limits (domain, per_second) values ('*', 0.001)`.execute(db);
  await send();
  await sql`update deliveries set state = 'accepted', settled_at = now() where subscriber_id = 1`.execute(db);
  await post('stop', { sure: 'yes' });
  await post('correct-reached');
  await approve(2);
  expect(await sendForm(2)).toContain('<strong>1 reader</strong>');
  await post('correct');
  await approve();
  expect(await sendForm()).toContain('<strong>1 reader</strong>');
  expect(await sendForm()).toMatch(/planned finish \w+, \d+ \w+ \d+, \d\d:\d\d UTC/);
});
