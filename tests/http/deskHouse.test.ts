import { getNewsletter, listNewsletters } from '../../src/editions/index.ts';
import { type Web, startWeb } from '../../src/http/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { visitor } from '../support/desk.ts';
import { addNewsletter, addPieces, addPublication, openHouse } from '../support/house.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

// Sources, the pool and newsletters, over HTTP: what their forms do, refuse and keep.

let house: Awaited<ReturnType<typeof openHouse>>;
let web: Web;

beforeEach(async () => {
  house = await openHouse({ inbox: true });
  web = await startWeb(house);
  await addPublication(house.database.db);
});
afterEach(async () => {
  await web.close();
  await house.remove();
});

const seenIn = (html: string) => /name="seen" value="(\w+)"/.exec(html)![1]!;

describe('sources and the pool', () => {
  let site: WebServer;
  beforeEach(async () => {
    const now = new Date().toUTCString();
    const item = (n: number) =>
      `<item><title>Story ${n}</title><link>http://HOST/story-${n}</link><description>About it.</description><pubDate>${now}</pubDate></item>`;
    site = await startWebServer((request, response) => {
      const host = request.headers.host ?? '';
      if (request.url === '/feed') {
        response.setHeader('content-type', 'application/rss+xml');
        return response.end(
          `<rss version="2.0"><channel><title>The Site</title>${[1, 2].map(item).join('')}</channel></rss>`.replaceAll(
            'HOST',
            host,
          ),
        );
      }
      response.setHeader('content-type', 'text/html');
      if (request.url === '/') return response.end(`<link rel="alternate" type="application/rss+xml" href="/feed">`);
      return request.url?.startsWith('/story') ? response.end('<p>A story.</p>') : response.writeHead(404).end();
    });
  });
  afterEach(() => site.close());

  test('a source is found by its site’s address, added, read, changed and paused', async () => {
    const admin = await visitor(house, web);
    expect((await admin.get('/sources')).html).toContain('No source yet');
    const found = await admin.post('/sources/find', { url: site.url, local: 'yes' });
    expect(found.html).toContain('Story 1');
    const add = { name: 'The Site', url: `${site.url}/feed`, kind: 'feed', local: 'yes' };
    const added = await admin.post('/sources', add);
    expect([added.url, added.html]).toEqual(['/sources/1', expect.stringContaining('The Site is a source now')]);
    expect(added.html).toContain('Story 2');
    // The same once more is refused, and nothing that was typed is lost.
    expect((await admin.post('/sources', add)).status).toBe(409);
    expect(
      (await admin.post('/sources/1', { name: 'Another name', url: `${site.url}/feed`, local: 'yes' })).html,
    ).toContain('It is changed');
    await admin.post('/sources/1/pause', { paused: 'yes' });
    expect((await admin.get('/sources')).html).toContain('paused');
    await admin.post('/sources/1/pause', {});
    expect((await admin.post('/sources/1/collect')).html).toContain('It was read just now');
  });

  test('nobody but an administrator says what is read on a private network; an author adds nothing', async () => {
    const editor = await visitor(house, web, { role: 'editor' });
    const inside = { name: 'x', url: `${site.url}/feed`, local: 'yes' };
    expect((await editor.post('/sources', inside)).status).toBe(403);
    expect((await editor.post('/sources/find', { url: site.url, local: 'yes' })).html).not.toContain('Story 1');
    const author = await visitor(house, web, { role: 'author' });
    expect((await author.post('/sources', { name: 'x', url: 'https://example.org/feed' })).status).toBe(403);
    expect((await author.get('/sources')).html).not.toContain('Add this one');
    const some = await visitor(house, web, { role: 'editor', newsletterIds: [1], address: 'some@review.example' });
    expect((await some.post('/sources', { name: 'x', url: 'https://example.org/feed' })).status).toBe(403);
    expect(site.requests.filter(({ url }) => url === '/feed')).toEqual([]);
  });

  test('the pool is searched; a piece is held, pinned, put under an embargo, and told apart from another', async () => {
    const { db } = house.database;
    await addNewsletter(db);
    const text = 'One story that two sources tell in the same words, and at the same length, and with the same end.';
    await addPieces(
      db,
      [1, 2, 3].map((n) => ({
        slug: `p${n}`,
        title: n === 3 ? 'Something else' : `A long headline that is told twice ${n}`,
        deck: text,
        publishedAt: new Date(Date.now() - n * 1e6).toISOString(),
      })),
    );
    await sql`insert into piece_likeness (piece_id, other_id, score, reason, found_at) values (1, 2, 0.9, 'their headlines', now()) on conflict do nothing`.execute(
      db,
    );
    const editor = await visitor(house, web, { role: 'editor' });
    const pool = (await editor.get('/pieces')).html;
    expect(pool).toContain('One story, or two?');
    expect((await editor.get('/pieces?q=something')).html).not.toContain('told twice');
    expect((await editor.get('/pieces?q=nowhere')).html).toContain('Nothing in the pool is like that');
    const marks = async () =>
      (await sql<{ mark: string; section: string | null }>`select mark, section from piece_marks`.execute(db)).rows;
    expect((await editor.post('/pieces/1/mark', { newsletter: '1', mark: 'pin', section: 'lead' })).html).toContain(
      'It will run for sure',
    );
    expect(await marks()).toEqual([{ mark: 'pin', section: 'lead' }]);
    await editor.post('/pieces/1/mark', { newsletter: '1', mark: 'free' });
    expect(await marks()).toEqual([]);
    for (const fields of [
      { newsletter: '9', mark: 'hold', section: '' },
      { newsletter: '1', mark: 'gone', section: '' },
      { newsletter: '1', mark: 'pin', section: 'nowhere' },
    ])
      expect((await editor.post('/pieces/1/mark', fields)).status).toBeGreaterThanOrEqual(400);
    expect((await editor.post('/pieces/1/embargo', { until: '2099-02-30T09:00' })).status).toBe(400);
    expect((await editor.post('/pieces/1/embargo', { until: '2099-01-01T09:00' })).html).toContain(
      'value="2099-01-01T09:00"',
    );
    await editor.post('/pieces/1/embargo', { until: '' });
    const decided = await editor.post('/pieces/1/likeness/2', { verdict: 'same', back: 'pool' });
    expect([decided.url, decided.html]).toEqual(['/pieces', expect.stringContaining('They are one story')]);
    expect((await editor.get('/pieces/2')).html).toContain('The same story as');
    expect((await editor.get('/pieces/77')).status).toBe(404);
  });
});

describe('newsletters', () => {
  test('a newsletter is made and changed a part at a time, over nobody else’s change', async () => {
    const { db } = house.database;
    const admin = await visitor(house, web);
    expect((await admin.get('/newsletters')).html).toContain('No newsletter yet');
    const wanted = {
      name: 'The Weekly',
      slug: 'weekly',
      senderName: 'The Review',
      senderAddress: 'news@review.example',
      timeZone: 'Europe/London',
      sections: 'magazine',
    };
    const refused = await admin.post('/newsletters', { ...wanted, slug: 'The Weekly' });
    expect([refused.status, refused.html]).toEqual([400, expect.stringContaining('A short name has')]);
    // What was typed is there still.
    expect(refused.html).toContain('value="The Weekly"');
    expect((await admin.post('/newsletters', { ...wanted, senderAddress: 'nobody' })).html).toContain(
      'is not a mail address',
    );
    let page = await admin.post('/newsletters', wanted);
    expect(page.url).toBe('/newsletters/1');
    const stale = seenIn(page.html);
    page = await admin.post('/newsletters/1/schedule', {
      seen: stale,
      when: '4',
      time: '09:30',
      timeZone: 'Europe/London',
      leadHours: '48',
      reminderHours: '3',
      toleranceHours: '12',
    });
    expect(page.html).toContain('It is changed');
    expect((await getNewsletter(db, 'weekly')).schedule).toEqual({
      cron: '30 9 * * 4',
      leadMinutes: 2880,
      reminderMinutes: 180,
      toleranceMinutes: 720,
    });
    const late = await admin.post('/newsletters/1/policies', {
      seen: stale,
      editors: 'a@review.example',
      onUncertain: 'hold',
      maxAgeHours: '24',
    });
    expect([late.status, late.html]).toEqual([412, expect.stringContaining('a@review.example')]);
    for (const [form, fields] of Object.entries<Record<string, string>>({
      policies: {
        editors: 'a@review.example, b@review.example',
        requiresTwoPeople: 'yes',
        onUncertain: 'hold',
        maxAgeHours: '24',
        standingApproval: '',
      },
      sending: {
        name: 'The Weekly',
        senderName: 'Ed',
        senderAddress: 'ed@review.example',
        replyTo: '',
        language: 'fr',
        why: 'Because',
        description: '',
        theme: 'gazette',
      },
      public: { isPublic: 'yes', archive: 'yes', topics: 'asia: Asia and the Pacific\nEurope' },
      drawing: { windowDays: '14', minimumPieces: '2', perAuthor: '', perRegion: '3', minRegions: '1' },
    })) {
      const { html } = await admin.get('/newsletters/1');
      expect([form, (await admin.post(`/newsletters/1/${form}`, { seen: seenIn(html), ...fields })).status]).toEqual([
        form,
        200,
      ]);
    }
    expect(await getNewsletter(db, 'weekly')).toMatchObject({
      editors: ['a@review.example', 'b@review.example'],
      requiresTwoPeople: true,
      onUncertain: 'hold',
      sender: { name: 'Ed', address: 'ed@review.example' },
      language: 'fr',
      isPublic: true,
      archive: 'public',
      topics: [
        { key: 'asia', title: 'Asia and the Pacific' },
        { key: 'europe', title: 'Europe' },
      ],
      windowDays: 14,
      diversity: { perAuthor: null, perRegion: 3 },
    });
    for (const [form, fields] of Object.entries<Record<string, string>>({
      schedule: { when: 'pattern', cron: 'every day', timeZone: 'UTC' },
      sending: { name: 'x', senderName: 'x', senderAddress: 'x@y.example', language: 'fr', theme: 'nowhere' },
      drawing: { 'source-99': 'yes', windowDays: '7', minimumPieces: '3' },
      public: { topics: Array.from({ length: 21 }, (_, n) => `t${n}`).join('\n') },
    })) {
      const { html } = await admin.get('/newsletters/1');
      expect([
        form,
        (await admin.post(`/newsletters/1/${form}`, { seen: seenIn(html), ...fields } as Record<string, string>))
          .status >= 400,
      ]).toEqual([form, true]);
    }
  });

  test('sections are added, changed, moved and taken away, each with its rule', async () => {
    const { db } = house.database;
    await addNewsletter(db);
    const admin = await visitor(house, web);
    const send = async (path: string, fields: Record<string, string>) =>
      admin.post(`/newsletters/1/${path}`, { seen: seenIn((await admin.get('/newsletters/1')).html), ...fields });
    const sections = async () => (await listNewsletters(db))[0]!.sections;
    const before = (await sections()).map(({ key }) => key);
    const own = {
      title: 'Letters',
      layout: 'shorts',
      min: '0',
      max: '4',
      order: 'oldest',
      kinds: 'Letter, Reply',
      maxAgeDays: '30',
      fills: 'yes',
      'fill-kinds': 'Opinion',
      whenShort: 'drop',
    };
    expect((await send('sections', { key: 'letters', ...own })).html).toContain('It is changed');
    expect((await sections()).at(-1)).toMatchObject({
      key: 'letters',
      layout: 'shorts',
      max: 4,
      order: 'oldest',
      whenShort: 'drop',
      rule: { kinds: ['Letter', 'Reply'], maxAgeDays: 30 },
      fillUp: { kinds: ['Opinion'] },
    });
    // Words of the headline, set elsewhere, have no field here and stay.
    const words = { titleWords: ['letter'] };
    await sql`update newsletters set settings = jsonb_set(jsonb_set(settings,
      array['sections', ${String(before.length)}, 'rule', 'titleWords'], ${JSON.stringify(words.titleWords)}::jsonb),
      array['sections', ${String(before.length)}, 'fillUp', 'titleWords'], ${JSON.stringify(words.titleWords)}::jsonb)`.execute(
      db,
    );
    await send('sections/letters', own);
    expect((await sections()).at(-1)).toMatchObject({ rule: words, fillUp: { kinds: ['Opinion'], ...words } });
    await send('sections/letters', { ...own, max: '2', fills: '' });
    await send('sections/letters/place', { to: 'up' });
    expect((await sections()).map(({ key }) => key)).toEqual([...before.slice(0, -1), 'letters', before.at(-1)]);
    expect((await send('sections/letters', { ...own, min: '9', max: '2' })).html).toContain('min is greater than max');
    await send('sections/letters/place', { to: 'away' });
    expect((await sections()).map(({ key }) => key)).toEqual(before);
    const editor = await visitor(house, web, { role: 'editor' });
    expect((await editor.post('/newsletters/1/sections/lead/place', { to: 'away' })).status).toBe(403);
    const { html } = await editor.get('/newsletters/1');
    expect(html).toContain('disabled');
    const elsewhere = await visitor(house, web, {
      role: 'administrator',
      newsletterIds: [2],
      address: 'two@review.example',
    });
    expect((await elsewhere.get('/newsletters/1')).status).toBe(404);
    expect((await elsewhere.post('/newsletters/1/schedule', { when: 'never' })).status).toBe(404);
  });
});
