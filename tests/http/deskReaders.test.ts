import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { type Web, startWeb } from '../../src/http/index.ts';
import { continueImport } from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { visitor } from '../support/desk.ts';
import { addNewsletter, addPublication, addReaders, openHouse } from '../support/house.ts';

// Subscribers, imports, segments and suppressions at the desk, over HTTP.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;

beforeEach(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  const { db } = house.database;
  await addPublication(db);
  await addNewsletter(db, { topics: [{ key: 'asia', title: 'Asia' }] });
  await addReaders(db, 1, 60);
});
afterEach(async () => {
  await web.close();
  await house.remove();
});

const bytes = (text: string) => new TextEncoder().encode(text);

test('readers are found by address, state and filter, a page at a time', async () => {
  const editor = await visitor(house, web, { role: 'editor' });
  const first = (await editor.get('/subscribers?newsletter=1')).html;
  expect(first.match(/href="\/subscribers\/\d+"/g)).toHaveLength(50);
  const further = /href="\?([^"]+)">Further/.exec(first)![1]!.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=');
  expect((await editor.get(`/subscribers?${further}`)).html.match(/href="\/subscribers\/\d+"/g)).toHaveLength(10);
  expect((await editor.get('/subscribers?address=reader.2')).html.match(/reader\.2\d?@/g)).toHaveLength(11);
  const few = await editor.get('/subscribers?newsletter=1&filter=name+is+%22Reader+7%22');
  expect(few.html.match(/href="\/subscribers\/\d+"/g)).toHaveLength(1);
  expect((await editor.get('/subscribers?newsletter=1&filter=nonsense')).html).toContain('role="alert"');
  expect((await editor.get('/subscribers?address=nobody')).html).toContain('Nobody is like that');
  const author = await visitor(house, web, { role: 'author' });
  for (const path of ['/subscribers', '/subscribers/1', '/imports', '/segments', '/suppressions'])
    expect([path, (await author.get(path)).status]).toEqual([path, 403]);
});

test('one of them: what is known, ended, suppressed, erased; and another is invited', async () => {
  const { db } = house.database;
  const editor = await visitor(house, web, { role: 'editor' });
  expect((await editor.get('/subscribers/1')).html).toContain('reader.1@readers.example');
  expect((await editor.post('/subscribers/1/end', { newsletter: '1' })).html).toContain('The subscription is ended');
  expect((await editor.post('/subscribers/1/end', { newsletter: '9' })).html).toContain('ended already');
  expect((await editor.post('/subscribers/2/suppress', { detail: 'asked by telephone' })).html).toContain(
    'never mailed',
  );
  expect((await editor.post('/subscribers/3/erase', { sure: 'yes' })).status).toBe(400);
  expect((await editor.post('/subscribers/3/erase', { sure: 'reader.3@readers.example' })).html).toContain(
    'They are erased',
  );
  expect((await editor.get('/subscribers/3')).status).toBe(404);
  expect((await editor.post('/subscribers', { address: 'not one', name: '', newsletter: '1' })).html).toContain(
    'is not a mail address',
  );
  expect(
    (await editor.post('/subscribers', { address: 'new@readers.example', name: 'N', newsletter: '1' })).html,
  ).toContain('A letter is on its way');
  expect((await sql`select from subscribers where address = 'new@readers.example'`.execute(db)).rows).toEqual([]);
  expect((await sql<{ form: string }>`select form from sign_ups`.execute(db)).rows).toEqual([
    { form: 'invited by An editor' },
  ]);
  // Who sees another newsletter alone sees nobody of this one.
  await addNewsletter(db, {}, '2026-01-01T00:00:00Z', 'other');
  const elsewhere = await visitor(house, web, { role: 'editor', newsletterIds: [2], address: 'two@review.example' });
  expect((await elsewhere.get('/subscribers')).html).not.toContain('@readers.example');
  expect((await elsewhere.get('/subscribers/1')).status).toBe(404);
  for (const path of ['/subscribers/4/end', '/subscribers/4/suppress', '/subscribers/4/erase'])
    expect([403, 404]).toContain(
      (await elsewhere.post(path, { newsletter: '1', sure: 'reader.4@readers.example' })).status,
    );
});

test('a list is looked at, taken in with a ground, and taken back', async () => {
  const newsroom = await house.newsroom();
  const editor = await visitor(house, web, { role: 'editor' });
  const list = 'email,name,plan\nann@readers.example,Ann,gold\nreader.1@readers.example,One,\nnonsense,,\n';
  const looked = await editor.upload(
    '/imports',
    { newsletter: '1', keep: 'plan' },
    { name: 'people.csv', bytes: bytes(list) },
  );
  expect([looked.url, looked.html]).toEqual(['/imports/1', expect.stringContaining('nobody is subscribed yet')]);
  expect(looked.html).toMatch(/<strong>1<\/strong> subscribed<div class="why">line 2: ann@/);
  expect(looked.html).toContain('Line 4: this is no mail address');
  expect((await editor.post('/imports/1/run', { ground: ' ' })).status).toBe(400);
  expect((await editor.post('/imports/1/run', { ground: 'from our old list' })).html).toContain('It is being taken in');
  while (await continueImport(newsroom, () => true));
  const page = await editor.get('/imports/1');
  expect(page.html).toContain('data-over="true"');
  expect((await editor.get('/subscribers?newsletter=1&filter=attributes.plan+is+gold')).html).toContain(
    'ann@readers.example',
  );
  expect((await editor.post('/imports/1/undo', {})).status).toBe(400);
  expect((await editor.post('/imports/1/undo', { sure: 'yes' })).html).toContain('Taken back: 1 subscription, ');
  for (const [fields, file] of [
    [{ newsletter: '9' }, { name: 'x.csv', bytes: bytes(list) }],
    [{ newsletter: '1' }, { name: 'x.csv', bytes: bytes('a,b\n1,2\n') }],
    [{ newsletter: '1' }, { name: '', bytes: bytes('') }],
  ] as const) {
    const answer = await editor.upload('/imports', fields, file);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.html).not.toContain('roundup-upload');
  }
  // Without the page's token no file is looked at.
  const form = new FormData();
  form.set('newsletter', '1');
  form.set('file', new Blob([list]), 'x.csv');
  const headers = { cookie: editor.cookie, origin: web.deskUrl };
  expect((await fetch(`${web.deskUrl}/imports`, { method: 'POST', headers, body: form })).status).toBe(403);
  // A form with a file is for those that say so.
  expect((await fetch(`${web.deskUrl}/segments`, { method: 'POST', headers, body: form })).status).toBe(415);
});

test('an upload that comes broken, or not at all, is told, and leaves nothing behind', async () => {
  const editor = await visitor(house, web, { role: 'editor' });
  const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('roundup-upload-'));
  const before = await folders();
  const { port } = new URL(web.deskUrl);
  const head = (length: number) =>
    [
      'POST /imports HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      `origin: ${web.deskUrl}`,
      `cookie: ${editor.cookie}`,
      'content-type: multipart/form-data; boundary=cut',
      `content-length: ${length}`,
      'connection: close',
      '',
      '',
    ].join('\r\n');
  const part =
    '--cut\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\nemail\nana@readers.example\n';
  const send = (text: string, hangsUp: boolean) =>
    new Promise<string>((resolve, reject) => {
      let answer = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('error', reject);
      socket.on('close', () => resolve(answer));
      if (hangsUp) setTimeout(() => socket.destroy(), 300);
    });
  // Without its last boundary.
  const cut = await send(head(part.length) + part, false);
  expect(cut).toMatch(/^HTTP\/1.1 400 /);
  expect(cut).toContain('The form came broken, or not whole.');
  // Without a boundary at all, and by somebody who hangs up in the middle.
  expect(await send(head(7) + 'nothing', false)).toMatch(/^HTTP\/1.1 400 /);
  expect(await send(head(1e6) + part, true)).toBe('');
  for (let tries = 0; tries < 50 && (await folders()).length > before.length; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await folders()).toEqual(before);
  expect((await editor.get('/imports')).status).toBe(200);
});

test('a filter is tried, kept under a name, and forgotten', async () => {
  const editor = await visitor(house, web, { role: 'editor' });
  const tried = await editor.post('/segments/try', {
    newsletter: '1',
    filter: 'name begins with "Reader 1"',
    exact: 'yes',
  });
  expect(tried.html).toContain('<strong>11 readers</strong>');
  expect(tried.html).toContain('name begins with &quot;Reader 1&quot;</textarea>');
  const wrong = await editor.post('/segments/try', { newsletter: '1', filter: 'topic is mars' });
  expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('mars')]);
  expect(
    (await editor.post('/segments', { newsletter: '1', name: 'Ones', filter: 'name begins with "Reader 1"' })).html,
  ).toContain('“Ones” is kept');
  expect((await editor.post('/segments', { newsletter: '1', name: '', filter: 'topic is asia' })).status).toBe(400);
  // Of a second newsletter, too: what was tried is still chosen, and the link beside it finds the same readers.
  await addNewsletter(house.database.db, {}, '2026-01-01T00:00:00Z', 'daily');
  const other = await editor.post('/segments/try', { newsletter: '2', filter: 'name is "a & b"' });
  expect(other.html).toMatch(/<option value="2" selected>/);
  await editor.post('/segments', { newsletter: '2', name: 'Odd', filter: 'name is "a & b"' });
  expect((await editor.get('/segments?newsletter=2')).html).toContain('filter&#x3D;name+is+%22a+%26+b%22');
  expect((await editor.post('/segments/1/away')).html).toContain('is gone');
  expect((await editor.post('/segments/1/away')).status).toBe(404);
});

test('an address is suppressed, found also by its hash, and lifted by an administrator alone', async () => {
  const editor = await visitor(house, web, { role: 'editor' });
  expect((await editor.post('/suppressions', { address: 'nonsense' })).status).toBe(400);
  expect((await editor.post('/suppressions', { address: 'A@b.example', detail: 'asked' })).html).toContain(
    'a@b.example',
  );
  const hash = '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b';
  const taken = await editor.upload(
    '/suppressions/import',
    { detail: 'a partner' },
    { name: 'list.txt', bytes: bytes(`${hash}\nnothing\n`) },
  );
  expect(taken.html).toContain('1 hash');
  expect(taken.html).toContain('1 line with neither');
  expect((await editor.get('/suppressions?address=test%40example.com')).html).toContain('a partner');
  // What cannot be read is told, and not where it was kept meanwhile.
  const broken = await editor.upload(
    '/suppressions/import',
    {},
    { name: 'list.gz', bytes: Uint8Array.of(31, 139, 8, 0, 1) },
  );
  expect([broken.status, broken.html]).toEqual([400, expect.stringContaining('The list')]);
  expect(broken.html).not.toContain('roundup-upload');
  expect((await editor.get('/suppressions?address=c%40d.example')).html).toContain('It is not suppressed');
  expect((await editor.post('/suppressions/lift', { address: 'a@b.example' })).status).toBe(403);
  const admin = await visitor(house, web);
  expect((await admin.post('/suppressions/lift', { address: 'a@b.example' })).html).toContain('may be mailed again');
  expect((await admin.post('/suppressions/lift', { address: 'a@b.example' })).status).toBe(404);
});
