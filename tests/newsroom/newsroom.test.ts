import type { ServerResponse } from 'node:http';
import PostalMime from 'postal-mime';
import {
  DEFAULT_SECTIONS,
  PLAIN_SECTIONS,
  listChoices,
  listEditions,
  updateNewsletter,
} from '../../src/editions/index.ts';
import { approvedRendition, loadPosting } from '../../src/dispatch/index.ts';
import {
  approveEdition,
  cancelEdition,
  collectAll,
  getEdition,
  proposeEdition,
  releaseDue,
  reviseEdition,
  scheduleEdition,
  sendEdition,
  sendTest,
} from '../../src/newsroom/index.ts';
import { sql } from '../../src/platform/database/index.ts';
import { insertSource, listSources } from '../../src/sources/index.ts';
import { type MovableClock, clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { type SmtpSink, startSmtpSink } from '../support/smtpSink.ts';
import { type WebServer, startWebServer } from '../support/webServer.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let sink: SmtpSink;
let clock: MovableClock;

beforeEach(async () => {
  sink = await startSmtpSink();
  clock = clockAt('2026-11-26T08:00:00Z');
  house = await openHouse({ relay: sink.relay, clock });
  await addPublication(house.database.db);
});
afterEach(async () => {
  await house.remove();
  await sink.close();
});

const propose = async (settings = {}, slug = 'weekly') => {
  const { db } = house.database;
  const newsletter = await addNewsletter(db, settings, '2026-01-01T00:00:00Z', slug);
  const { edition } = await again(newsletter);
  return { newsletter, edition };
};
const again = (newsletter: Awaited<ReturnType<typeof addNewsletter>>) =>
  house.database.db
    .transaction()
    .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: clock.now(), by: 'a test' }));
const week = (prefix = 'p', day = '25', count = 3) =>
  addPieces(
    house.database.db,
    Array.from({ length: count }, (_, n) => ({ slug: `${prefix}${n}`, publishedAt: `2026-11-${day}T08:00:00Z` })),
  );

describe('approving and sending', () => {
  test('nothing goes out that nobody approved, and the refusal says what to do', async () => {
    await week();
    const { edition } = await propose();
    const newsroom = await house.newsroom();
    const refusal = { code: 'not-approved', hint: expect.stringContaining(`roundup edition approve ${edition.id}`) };
    await expect(sendEdition(newsroom, edition.id, 'x')).rejects.toMatchObject(refusal);
    await expect(scheduleEdition(newsroom, edition.id, new Date('2026-12-01T00:00:00Z'), 'x')).rejects.toMatchObject(
      refusal,
    );
  });

  test('what is sent is what was approved, whatever is changed afterwards', async () => {
    await week();
    const { newsletter, edition } = await propose();
    const newsroom = await house.newsroom();
    const { approval } = await approveEdition(newsroom, edition.id, 'an editor');
    const { id, name, slug: _slug, sourceIds: _ids, scheduleSince: _since, ...settings } = newsletter;
    await updateNewsletter(
      house.database.db,
      id,
      { name, settings: { ...settings, sender: { name: 'Mallory', address: 'mallory@evil.example' } } },
      clock.now(),
    );
    await addReaders(house.database.db, id, 1);
    await sendEdition(newsroom, edition.id, 'an editor');
    const posting = await loadPosting(house.database.db, { editionId: edition.id, batch: 0 }, house.config.keys);
    expect(posting?.hash).toBe(approval.hash);
    expect(posting?.sender).toBe('news@example.org');
    expect((await approvedRendition(house.database.db, edition.id))?.hash).toBe(approval.hash);
  });

  test('an edition is approved once and sent once', async () => {
    await week();
    const { newsletter, edition } = await propose();
    await addReaders(house.database.db, newsletter.id, 3);
    const newsroom = await house.newsroom();
    await approveEdition(newsroom, edition.id, 'an editor');
    await expect(approveEdition(newsroom, edition.id, 'another')).rejects.toMatchObject({ code: 'state-refused' });
    const sends = await Promise.allSettled([
      sendEdition(newsroom, edition.id, 'x'),
      sendEdition(newsroom, edition.id, 'y'),
    ]);
    expect(sends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a change after the approval withdraws it, and the old bytes are never sent', async () => {
    await week();
    const { edition } = await propose({ schedule: { cron: '0 9 * * 4' } });
    const newsroom = await house.newsroom();
    const { approval } = await approveEdition(newsroom, edition.id, 'Ana');
    await scheduleEdition(newsroom, edition.id, undefined, 'Ana');
    expect(await reviseEdition(newsroom, edition.id, { note: 'One more **word**.' }, 'Bo')).toMatchObject({
      approvalWithdrawn: true,
      scheduleDropped: new Date('2026-11-26T09:00:00Z'),
      edition: { state: 'draft', revision: 2 },
    });
    await expect(sendEdition(newsroom, edition.id, 'Bo')).rejects.toMatchObject({ code: 'not-approved' });
    const second = await approveEdition(newsroom, edition.id, 'Ana');
    expect(second.approval.hash).not.toBe(approval.hash);
    await sendEdition(newsroom, edition.id, 'Ana');
    expect(JSON.stringify((await approvedRendition(house.database.db, edition.id))?.html)).toContain(
      '<strong>word</strong>',
    );
    await expect(reviseEdition(newsroom, edition.id, { note: '' }, 'Bo')).rejects.toMatchObject({
      code: 'state-refused',
    });
  });

  test('an approval of what was changed meanwhile is refused', async () => {
    await week();
    const { edition } = await propose();
    const newsroom = await house.newsroom();
    const results = await Promise.allSettled([
      approveEdition(newsroom, edition.id, 'Ana'),
      reviseEdition(newsroom, edition.id, { subject: 'Corrected' }, 'Bo'),
    ]);
    const { state } = await getEdition(house.database.db, edition.id);
    if (results[0].status === 'rejected')
      expect(results[0].reason).toMatchObject({
        code: 'state-refused',
        message: expect.stringContaining('changed meanwhile'),
      });
    expect(state).toBe('draft');
  });

  test('preflight errors keep an edition from being approved', async () => {
    await week();
    const { edition } = await propose();
    await sql`update edition_revisions set content = jsonb_set(content, '{subject}', '""')`.execute(house.database.db);
    await expect(approveEdition(await house.newsroom(), edition.id, 'x')).rejects.toMatchObject({
      code: 'preflight-failed',
      message: expect.stringContaining('no subject'),
    });
    expect((await getEdition(house.database.db, edition.id)).state).toBe('draft');
  });

  test('a scheduled edition goes out when its time has come', async () => {
    await week();
    const { newsletter, edition } = await propose({ schedule: { cron: '0 9 * * 4' }, timeZone: 'Europe/London' });
    await addReaders(house.database.db, newsletter.id, 2);
    const newsroom = await house.newsroom();
    await approveEdition(newsroom, edition.id, 'an editor');
    expect((await scheduleEdition(newsroom, edition.id, undefined, 'an editor')).releaseAt).toEqual(
      new Date('2026-11-26T09:00:00Z'),
    );
    await releaseDue(newsroom);
    expect((await getEdition(house.database.db, edition.id)).state).toBe('scheduled');
    clock.moveTo('2026-11-26T09:00:00Z');
    await releaseDue(newsroom);
    expect((await getEdition(house.database.db, edition.id)).state).toBe('sending');
    await expect(scheduleEdition(newsroom, edition.id, undefined, 'x')).rejects.toMatchObject({
      code: 'state-refused',
    });
  });

  test('every act is in the audit log, with who', async () => {
    await week();
    const { edition } = await propose();
    const newsroom = await house.newsroom();
    await approveEdition(newsroom, edition.id, 'Ana');
    await cancelEdition(newsroom, edition.id, 'Bo');
    const { rows } = await sql`select actor, act from audit_log order by id`.execute(house.database.db);
    expect(rows).toEqual([
      { actor: 'a test', act: 'edition proposed' },
      { actor: 'Ana', act: 'edition approved' },
      { actor: 'Bo', act: 'edition cancelled' },
    ]);
  });

  test('a test send is marked, and its links for leaving are good for nothing', async () => {
    await week();
    const { edition } = await propose();
    await sendTest(await house.newsroom(), edition.id, 'me@example.net', 'x');
    const mail = await PostalMime.parse(sink.mails[0]!.message);
    expect(mail.subject).toBe('[Test] Piece p0');
    expect(mail.to?.[0]?.address).toBe('me@example.net');
    expect(mail.text).toContain('https://news.example.org/u/sample.');
    await expect(sendTest(await house.newsroom(), edition.id, 'nobody', 'x')).rejects.toMatchObject({
      code: 'input-invalid',
    });
  });
});

describe('proposing', () => {
  test('the next edition begins where the last one ended, and no piece runs twice', async () => {
    await week('first', '25');
    const { newsletter, edition } = await propose();
    await week('second', '27');
    clock.moveTo('2026-12-03T08:00:00Z');
    const { edition: next, composition } = await again(newsletter);
    expect(next.windowFrom).toEqual(edition.windowTo);
    expect(next.number).toBe(2);
    expect(composition.content.sections.flatMap(({ pieces }) => pieces.map(({ title }) => title)).toSorted()).toEqual([
      'Piece second0',
      'Piece second1',
      'Piece second2',
    ]);
  });

  test('a piece that came in late, after the last edition, is not lost', async () => {
    await week('first', '25');
    const { newsletter } = await propose();
    await addPieces(house.database.db, [
      { slug: 'late', publishedAt: '2026-11-25T09:00:00Z', seenAt: '2026-11-27T08:00:00Z' },
    ]);
    clock.moveTo('2026-12-03T08:00:00Z');
    const { composition } = await again(newsletter);
    expect(composition.content.sections.flatMap(({ pieces }) => pieces.map(({ title }) => title))).toEqual([
      'Piece late',
    ]);
  });

  test('a cancelled edition gives its pieces back', async () => {
    await week();
    const { newsletter, edition } = await propose();
    await expect(again(newsletter)).rejects.toMatchObject({ code: 'too-little-news' });
    await cancelEdition(await house.newsroom(), edition.id, 'x');
    expect((await again(newsletter)).composition.size).toBe(3);
  });

  test('each piece that was looked at has a reason', async () => {
    await week('p', '25', 7);
    const { edition } = await propose();
    const choices = await listChoices(house.database.db, edition.id);
    expect(choices).toHaveLength(7);
    for (const { sentence } of choices) expect(sentence).toMatch(/^[A-Z].*\.$/);
  });
});

describe('collecting', () => {
  let web: WebServer;
  let answer: (path: string, response: ServerResponse) => void;
  const feed =
    '<rss version="2.0"><channel><title>T</title><item><title>One</title><link>https://example.org/one</link></item></channel></rss>';
  beforeEach(async () => {
    web = await startWebServer((request, response) => answer(request.url ?? '', response));
  });
  afterEach(() => web.close());

  test('a source that is down, slow, empty, HTML or broken is named with the reason, and the others go on', async () => {
    answer = (path, response) => {
      if (path === '/good') response.end(feed);
      else if (path === '/down') response.destroy();
      else if (path === '/error') response.writeHead(503).end();
      else if (path === '/empty') response.end('');
      else if (path === '/html') response.end('<!doctype html><title>robot?</title>');
      else if (path === '/hollow') response.end('<rss version="2.0"><channel><title>T</title></channel></rss>');
      else response.end('<rss version="2.0"><channel><item><title>no end');
    };
    for (const name of ['good', 'down', 'error', 'empty', 'html', 'hollow', 'broken'])
      await insertSource(house.database.db, { name, url: `${web.url}/${name}`, isLocal: true });
    const results = Object.fromEntries(
      (await collectAll(await house.newsroom())).map((one) => [one.source.name, one.problem ?? one.outcome]),
    );
    expect(results).toMatchObject({
      good: 'read',
      error: expect.stringContaining('answered 503'),
      empty: expect.stringContaining('it is empty'),
      html: expect.stringContaining('web page (HTML), not a feed'),
      hollow: expect.stringContaining('holds no pieces'),
    });
    expect(results.down).toContain(`${web.url}/down: `);
    expect(results.broken).toContain(`${web.url}/broken: `);
    const kept = await listSources(house.database.db);
    expect(kept.filter(({ lastProblem }) => lastProblem === null).map(({ name }) => name)).toEqual(['good']);
  });

  test('an unchanged source is asked conditionally and changes nothing', async () => {
    answer = (_path, response) => {
      const known = web.requests.at(-1)?.headers['if-none-match'] === '"1"';
      response.writeHead(known ? 304 : 200, { etag: '"1"' }).end(known ? undefined : feed);
    };
    await insertSource(house.database.db, { name: 'good', url: web.url, isLocal: true });
    const newsroom = await house.newsroom();
    expect((await collectAll(newsroom))[0]).toMatchObject({ outcome: 'read', new: 1 });
    expect((await collectAll(newsroom))[0]).toMatchObject({ outcome: 'unchanged', new: 0 });
    expect(web.requests).toHaveLength(2);
  });

  test('two newsletters of one pool do not take pieces from each other', async () => {
    await week();
    const one = await propose({ sections: DEFAULT_SECTIONS });
    const two = await propose({ sections: PLAIN_SECTIONS }, 'other');
    expect(one.edition.number).toBe(1);
    expect(two.edition.number).toBe(1);
    expect(await listEditions(house.database.db, { limit: 9 })).toHaveLength(2);
  });
});
