import { type EditionPiece, getNewsletter, piecesOf, readContent } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { getEdition, proposeEdition, reviseEdition, sendEdition } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { csrfOf, enterDesk, postForm, submitForm } from '../support/desk.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';

// What an edition's forms do and refuse, over HTTP.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;

beforeEach(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db);
  await addReaders(db, 1, 5);
  const now = Date.now();
  await addPieces(
    db,
    [1, 2, 3].map((n) => ({
      slug: `p${n}`,
      title: `Piece ${n}`,
      publishedAt: new Date(now - n * 3.6e6).toISOString(),
    })),
  );
  const newsletter = await getNewsletter(db, 'weekly');
  await db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: new Date(), by: 'the composer' }));
});
afterEach(async () => {
  await web.close();
  await house.remove();
});

async function come(role: 'viewer' | 'author' | 'editor', newsletterIds: number[] | null = null) {
  const cookie = await enterDesk(house, web, {
    role,
    newsletterIds,
    name: role,
    address: `${role}.${newsletterIds?.length ?? 0}@review.example`,
  });
  const _csrf = await csrfOf(web, cookie);
  return {
    post: (path: string, fields: Record<string, string> = {}) =>
      submitForm(web, `/editions/1/${path}`, { _csrf, ...fields }, cookie),
    get: async (path: string) => {
      const answer = await fetch(web.deskUrl + path, { headers: { cookie } });
      return { status: answer.status, html: await answer.text() };
    },
  };
}
const edition = () => getEdition(house.database.db, 1);

test('a warning is seen by name before anybody approves, and stands in the log', async () => {
  const newsroom = await house.newsroom();
  const { db } = house.database;
  await reviseEdition(newsroom, 1, { subject: 'The same again' }, 'a test');
  await sql`insert into editions (newsletter_id, number, window_from, window_to, created_at, state) values (1, 9, now(), now(), now(), 'sent')`.execute(
    db,
  );
  await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at, change)
    select 2, 1, content, 'x', now(), '' from edition_revisions where edition_id = 1 and revision = 2`.execute(db);
  const editor = await come('editor');
  const { html } = await editor.get('/editions/1');
  expect(html).toContain('No. 9 had this subject already');
  const key = /name="(seen-\w+)"/.exec(html)![1]!;
  const unseen = await editor.post('approve', { revision: '2' });
  expect([unseen.status, unseen.html]).toEqual([422, expect.stringContaining('Say that you have seen')]);
  expect((await editor.post('approve', { revision: '2', [key]: 'yes' })).html).toContain('Approved');
  const { rows } = await sql<{ detail: object }>`select detail from audit_log where act = 'edition approved'`.execute(
    db,
  );
  expect(rows[0]!.detail).toMatchObject({ acknowledged: [expect.stringContaining('No. 9 had this subject')] });
});

test('what would go out is what was seen: the house’s new name asks for another look', async () => {
  const { db } = house.database;
  const editor = await come('editor');
  const { html } = await editor.get('/editions/1');
  const hash = /name="hash" value="(\w+)"/.exec(html)?.[1] ?? '';
  await sql`update publication set name = 'Another name'`.execute(db);
  const refused = await editor.post('approve', { revision: '1', hash });
  expect([refused.status, refused.html]).toEqual([412, expect.stringContaining('would not be what you have seen')]);
  expect((await edition()).state).toBe('draft');
  const now = /name="hash" value="(\w+)"/.exec(refused.html)?.[1] ?? '';
  expect(now).not.toBe(hash);
  expect((await editor.post('approve', { revision: '1', hash: now })).html).toContain('Approved');
});

test('nobody does what their role does not let them, nor on what they do not see', async () => {
  const { db } = house.database;
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  const viewer = await come('viewer');
  const author = await come('author');
  const elsewhere = await come('editor', [2]);
  const before = (await edition()).revision;
  for (const path of ['texts', 'pieces/1/drop', 'review', 'test', 'frame'])
    expect([path, (await viewer.post(path)).status]).toEqual([path, 403]);
  for (const path of ['approve', 'schedule', 'send', 'stop', 'cancel', 'audience'])
    expect([path, (await author.post(path, { sure: 'yes' })).status]).toEqual([path, 403]);
  for (const path of ['texts', 'approve', 'pieces/1/drop'])
    expect([path, (await elsewhere.post(path)).status]).toEqual([path, 404]);
  for (const path of ['', '/frame', '/ledger', '/events', '/pool', '/revisions'])
    expect([path, (await elsewhere.get(`/editions/1${path}`)).status]).toEqual([path, 404]);
  expect((await edition()).revision).toBe(before);
  const html = (await viewer.get('/editions/1')).html;
  expect(html).not.toMatch(/<button class="tool|name="subject"/);
});

test('a stale form writes over nothing, says whose change it was not, and shows what was written', async () => {
  const author = await come('author');
  await reviseEdition(await house.newsroom(), 1, { subject: 'Theirs' }, 'Ed');
  const stale = await author.post('texts', { revision: '1', subject: 'Mine', preheader: 'My <b>words</b>', note: '' });
  expect(stale.status).toBe(412);
  expect(stale.html).toContain('My &lt;b&gt;words&lt;/b&gt;');
  expect((await readContent(house.database.db, await edition())).subject).toBe('Theirs');
  for (const fields of [
    {},
    { revision: 'x' },
    { revision: '-1' },
    { revision: '2', subject: '' },
    { revision: '2', subject: 'x'.repeat(301), preheader: '', note: '' },
  ])
    expect((await author.post('texts', fields as Record<string, string>)).status).toBe(400);
  expect((await author.post('pieces/999/drop', { revision: '2' })).status).toBe(400);
  expect((await author.post('add', { revision: '2', piece: '999' })).status).toBe(404);
  expect((await author.post('add', { revision: '2', url: 'http://127.0.0.1:1/x' })).status).toBeGreaterThanOrEqual(400);
  expect((await edition()).revision).toBe(2);
});

test('an editor sees the mail as a reader gets it; an author does not learn who reads', async () => {
  const [editor, author] = [await come('editor'), await come('author')];
  const path = '/editions/1/frame?as=reader.2@readers.example';
  expect((await editor.get(path)).html).toContain('reader.2@readers.example');
  expect((await author.get(path)).html).not.toContain('reader.2@');
  expect((await editor.get('/editions/1?as=nobody@readers.example')).html).toContain(
    'There is no reader nobody@readers.example',
  );
  expect((await author.get('/editions/1')).html).not.toContain('As a reader gets it');
  // Without images: no address of any is left in it.
  expect((await editor.get('/editions/1/frame?view=images%20off')).html).not.toMatch(/<img[^>]+src="http/);
});

test('what was refused is still in its form, without script, too', async () => {
  const author = await come('author');
  const words = { title: ' ', deck: 'Long thought over', kind: 'A', region: '', authors: 'Ann' };
  const written = await author.post('pieces/1/write', { revision: '1', ...words });
  expect([written.status, written.html]).toEqual([400, expect.stringContaining('A piece has a headline.')]);
  expect(written.html).toContain('Long thought over</textarea>');
  const texts = await author.post('texts', { revision: '1', subject: ' ', preheader: 'Mine', note: 'A note, typed' });
  expect([texts.status, texts.html]).toEqual([400, expect.stringContaining('A note, typed</textarea>')]);
  // It is open, so that it is found; and of what somebody else has changed meanwhile, that comes first.
  expect(written.html.match(/<details class="edit" open>/g)).toHaveLength(1);
  await author.post('texts', { revision: '1', subject: 'Another', preheader: '', note: '' });
  const stale = await author.post('texts', { revision: '1', subject: ' ', preheader: 'Mine', note: '' });
  expect([stale.status, stale.html]).toEqual([412, expect.stringContaining('value="Another"')]);
});

test('a schedule is in the newsletter’s own time, and only for a time that there is', async () => {
  await sql`update newsletters set settings = jsonb_set(settings, '{timeZone}', '"America/New_York"')`.execute(
    house.database.db,
  );
  const editor = await come('editor');
  await editor.post('approve', { revision: '1' });
  // The clocks leap over half past two on that day; and there is no 30th of February.
  for (const at of ['', 'tomorrow', '2020-01-01T09:00', '2099-13-01T09:00', '2099-03-08T02:30', '2099-02-30T09:00'])
    expect([at, (await editor.post('schedule', { at, revision: '1' })).status]).toEqual([at, 400]);
  expect((await editor.post('schedule', { at: '2099-07-01T09:00', revision: '7' })).status).toBe(412);
  await editor.post('schedule', { at: '2099-07-01T09:00', revision: '1' });
  expect((await edition()).releaseAt).toEqual(new Date('2099-07-01T13:00:00Z'));
  expect((await editor.post('send', { revision: '1' })).status).toBe(400);
  // What is scheduled is not sent so besides.
  expect((await editor.post('send', { revision: '1', sure: 'yes' })).status).toBe(409);
  // The last way back.
  expect((await editor.post('holdback')).html).toContain('It does not go out');
  expect((await edition()).state).toBe('in_review');
  await editor.post('approve', { revision: '1' });
  expect((await editor.get('/editions/1')).html).toContain('<strong>5 readers</strong>');
  await editor.post('send', { sure: 'yes', revision: '1' });
  const { state, releaseAt } = await edition();
  expect(state).toBe('scheduled');
  expect(Math.abs(releaseAt!.getTime() - Date.now() - 60_000)).toBeLessThan(10_000);
  // The scheduler had it in hand already: what was held back meanwhile stays.
  await editor.post('holdback');
  const newsroom = await house.newsroom();
  const later = new Date(Date.now() + 120_000);
  await expect(sendEdition(newsroom, 1, 'the schedule', later)).rejects.toMatchObject({ code: 'not-approved' });
  await editor.post('approve', { revision: '1' });
  await expect(sendEdition(newsroom, 1, 'the schedule', later)).rejects.toMatchObject({ code: 'state-refused' });
  expect((await editor.post('holdback')).status).toBe(200);
  expect((await editor.post('holdback')).status).toBe(409);
});

test('the first page says what wants somebody, what comes next, and composes an edition when asked', async () => {
  const { db } = house.database;
  const editor = await come('editor');
  expect((await editor.get('/')).html).not.toContain('What wants somebody');
  await sql`update newsletters set settings = jsonb_set(settings, '{schedule}', '{"cron": "0 9 * * 4", "leadMinutes": 60, "reminderMinutes": 0, "toleranceMinutes": 60}')`.execute(
    db,
  );
  await sql`update editions set state = 'in_review'`.execute(db);
  const { html } = await editor.get('/');
  expect(html).toContain('The Weekly no. 1 waits for a review');
  expect(html).toMatch(/Next <strong data-until="[^"]+">in \d+ (day|hour|minute)/);
  expect(html).toContain('not proposed yet');
  const csrf = /name="_csrf" value="([^"]+)"/.exec(html)![1]!;
  const cookie = await enterDesk(house, web, { role: 'editor', name: 'editor', address: 'editor.0@review.example' });
  const answer = await postForm(web, '/newsletters/1/editions', { _csrf: await csrfOf(web, cookie) }, { cookie });
  // Nothing new has come since the first.
  expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('role="alert"')]);
  await addPieces(db, [{ slug: 'new', publishedAt: new Date().toISOString() }]);
  const made = await postForm(web, '/newsletters/1/editions', { _csrf: await csrfOf(web, cookie) }, { cookie });
  expect([made.status, made.headers.get('location')]).toEqual([303, '/editions/2']);
  expect(csrf).not.toBe('');
  expect(
    (await postForm(web, '/newsletters/99/editions', { _csrf: await csrfOf(web, cookie) }, { cookie })).status,
  ).toBe(404);
});

test('who got it, by address and by state, a page at a time; and who did not is tried again by cause', async () => {
  const { db } = house.database;
  await addReaders2(120);
  const editor = await come('editor');
  await editor.post('approve', { revision: '1' });
  const newsroom = await house.newsroom();
  await sendEdition(newsroom, 1, 'a test');
  await sql`update deliveries set state = 'accepted', settled_at = now()`.execute(db);
  await sql`update deliveries set state = 'refused', cause = 'mailbox', reason = '552 5.2.2 <b>full</b>' where subscriber_id <= 3`.execute(
    db,
  );
  const first = (await editor.get('/editions/1/deliveries')).html;
  expect(first.match(/<td class="address">/g)).toHaveLength(50);
  const next = /href="\?(after[^"]+)"/.exec(first)![1]!.replace('&#x3D;', '=');
  expect((await editor.get(`/editions/1/deliveries?${next}`)).html).not.toContain('reader.1@');
  const one = (await editor.get('/editions/1/deliveries?address=Reader.2@readers.example')).html;
  expect(one.match(/<td class="address">/g)).toHaveLength(1);
  expect(one).toContain('552 5.2.2 &lt;b&gt;full&lt;/b&gt;');
  expect((await editor.get('/editions/1/deliveries?address=nobody@readers.example')).html).toContain('in no row');
  expect((await editor.get('/editions/1/deliveries?state=refused')).html.match(/<td class="address">/g)).toHaveLength(
    3,
  );
  const odd = await editor.get('/editions/1/deliveries?state=x&state=y&after=1-999999999999999&address=%27--');
  expect(odd.status).toBe(200);
  const author = await come('author');
  expect((await author.get('/editions/1/deliveries')).status).toBe(403);
  // It says whom it was for, not whom a correction would be for.
  expect((await editor.get('/editions/1')).html).toContain('For all readers.');
  expect((await editor.get('/editions/1')).html).toContain('Try again');
  expect((await author.post('retry', { state: 'refused', cause: 'mailbox' })).status).toBe(403);
  expect((await editor.post('retry', { state: 'accepted', cause: '' })).status).toBe(400);
  expect((await editor.post('retry', { state: 'refused', cause: 'mailbox' })).html).toContain(
    'Tried once more: 3 readers',
  );
});

async function addReaders2(count: number): Promise<void> {
  await sql`with people as (insert into subscribers (address, address_key, domain) select a, a, 'more.example' from
      (select 'more.' || n || '@more.example' as a from generate_series(1, ${count}::int) n) x returning id)
    insert into subscriptions (newsletter_id, subscriber_id, state) select 1, id, 'active' from people`.execute(
    house.database.db,
  );
}

test('what one has saved can be undone still when it is saved once more', async () => {
  const editor = await come('editor');
  const texts = { subject: 'Mine', preheader: '', note: '' };
  await editor.post('texts', { revision: '1', ...texts });
  const again = await editor.post('texts', { revision: '2', ...texts });
  expect(again.html).toMatch(/Nothing has changed: revision 2 is saved[^]*name="to" value="1"><button[^>]*>Undo/);
  const other = await come('author');
  expect((await other.post('texts', { revision: '2', ...texts })).html).not.toContain('>Undo<');
});

test('a save that changes nothing withdraws no approval, and odd input is no fault', async () => {
  const editor = await come('editor');
  const { subject, preheader, note } = await readContent(house.database.db, await edition());
  await editor.post('approve', { revision: '1' });
  expect((await editor.post('texts', { revision: '1', subject, preheader, note })).html).toContain(
    'Nothing has changed',
  );
  const [{ pieceId, title, deck, kind, region, authors }] = piecesOf(
    await readContent(house.database.db, await edition()),
  ) as [EditionPiece];
  const words = { title, deck: deck ?? '', kind: kind ?? '', region: region ?? '', authors: authors.join(', ') };
  expect((await editor.post(`pieces/${pieceId}/write`, { revision: '1', ...words })).html).toContain(
    'Nothing has changed: revision 1 is saved',
  );
  expect(await edition()).toMatchObject({ state: 'approved', revision: 1 });
  for (const [path, fields] of [
    ['add', { revision: '1', piece: 'abc' }],
    ['add', { revision: '1', piece: '1.5' }],
    ['add', { revision: '1', url: 'nonsense' }],
    ['pieces/1/move', { revision: '1' }],
    ['pieces/x/drop', { revision: '1' }],
    ['restore', { revision: '1', to: 'x' }],
  ] as [string, Record<string, string>][]) {
    const { status } = await editor.post(path, fields);
    expect([path, fields, status >= 400 && status < 500]).toEqual([path, fields, true]);
  }
  // What another server does not give is told on the page.
  const unreachable = await editor.post('add', { revision: '1', url: 'http://127.0.0.1:1/x' });
  expect(unreachable.html).toContain('data-edition="1"');
  const cookie = await enterDesk(house, web, { role: 'editor', name: 'editor', address: 'editor.0@review.example' });
  const _csrf = await csrfOf(web, cookie);
  for (const id of ['abc', '1.5', '99999999999999999999'])
    expect((await postForm(web, `/newsletters/${id}/editions`, { _csrf }, { cookie })).status).toBe(404);
  const json = await fetch(`${web.deskUrl}/editions/1/add`, {
    method: 'POST',
    headers: { cookie, origin: web.deskUrl, 'content-type': 'application/json', 'x-csrf-token': _csrf },
    body: '{"url":5,"revision":{}}',
  });
  expect(json.status).toBe(400);
  expect(await edition()).toMatchObject({ state: 'approved', revision: 1 });
});

test('an audience that names what is gone keeps nobody from the page, and an author brings none back', async () => {
  const { db } = house.database;
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'gone');
  const editor = await come('editor');
  await editor.post('audience', { revision: '1', filter: 'not newsletter is gone' });
  await editor.post('audience', { revision: '2', segment: '' });
  const author = await come('author');
  await author.post('restore', { revision: '3', to: '2' });
  expect((await readContent(db, await edition())).audience ?? null).toBeNull();
  await editor.post('restore', { revision: '4', to: '2' });
  expect((await readContent(db, await edition())).audience?.filter).toBe('newsletter is not gone');
  await editor.post('approve', { revision: '5' });
  await sql`update newsletters set slug = 'renamed' where slug = 'gone'`.execute(db);
  const { status, html } = await editor.get('/editions/1');
  expect([status, html]).toEqual([200, expect.stringContaining('<strong>5 readers</strong>')]);
});

test('whoever is asked for a review gets the edition on half a page', async () => {
  const author = await come('author');
  await author.post('texts', { revision: '1', subject: 'A new subject', preheader: '', note: 'A note' });
  await author.post('review', { comment: 'Please' });
  const { rows } = await sql<{ summary: string }>`select detail ->> 'summary' as summary from alerts`.execute(
    house.database.db,
  );
  const [{ summary } = { summary: '' }] = rows;
  expect(summary).toContain('Subject: A new subject');
  expect(summary).toContain('- Piece 1 (Writer of p1)');
  expect(summary).toMatch(/\d changes since the proposal:\n {2}- subject/);
  expect(summary).toMatch(/Findings:|Preflight finds/);
});
