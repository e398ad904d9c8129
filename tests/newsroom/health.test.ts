import { setNewsletterSources } from '../../src/editions/index.ts';
import { sourceHealth } from '../../src/newsroom/index.ts';
import { watchSources } from '../../src/newsroom/health.ts';
import { tellAlerts } from '../../src/newsroom/tellAlerts.ts';
import { recordPieces } from '../../src/pieces/index.ts';
import { insertSource, recordProblem, recordSuccess, updateSource } from '../../src/sources/index.ts';
import { DAY_MS } from '../../src/lib/time.ts';
import { clockAt } from '../support/clock.ts';
import { foundPiece } from '../support/found.ts';
import { addNewsletter, addPublication, openHouse } from '../support/house.ts';
import { startSmtpSink } from '../support/smtpSink.ts';

test('well, failing for a day, silent, paused; the editors of whom it concerns are told once, and again after it was well', async () => {
  const sink = await startSmtpSink();
  const clock = clockAt('2026-11-01T12:00:00Z');
  const house = await openHouse({ relay: sink.relay, clock });
  const { db } = house.database;
  await addPublication(db);
  const { id } = await addNewsletter(db, { editors: ['editor@example.org'] }, undefined, 'concerned');
  const other = await addNewsletter(db, { editors: ['other@example.org'] }, undefined, 'not-concerned');
  const source = (await insertSource(db, { name: 'Daily', url: 'https://example.org/feed', isLocal: false }))!;
  const elsewhere = (await insertSource(db, { name: 'Elsewhere', url: 'https://example.net/feed', isLocal: false }))!;
  await setNewsletterSources(db, id, [source.id]);
  await setNewsletterSources(db, other.id, [elsewhere.id]);
  // One a day for three weeks, the last one on the first of November.
  const days = Array.from({ length: 21 }, (_, n) =>
    foundPiece({
      url: `https://example.org/${n}`,
      title: `Day ${n}`,
      publishedAt: new Date(clock.now().getTime() - n * DAY_MS),
    }),
  );
  await recordPieces(db, source.id, days, clock.now());
  await recordSuccess(db, source.id, clock.now());
  const look = async () => {
    await watchSources({ db, clock });
    await tellAlerts(await house.newsroom());
    return (await sourceHealth(db, clock.now())).find(({ source: { name } }) => name === 'Daily')!;
  };
  const letters = () => sink.mails.map(({ to, message }) => [to, /Subject: (.*)/.exec(message.toString())?.[1]]);

  expect(await look()).toMatchObject({ state: 'well', words: 'well: 7 pieces in seven days, 7.5 usually' });
  clock.moveTo('2026-11-04T12:00:00Z');
  expect((await look()).state).toBe('well');
  clock.moveTo('2026-11-10T12:00:00Z');
  expect(await look()).toMatchObject({ state: 'silent', words: 'silent for 9 days' });
  await look();
  expect(letters()).toEqual([['editor@example.org', 'The Weekly: the source "Daily" has gone silent']]);
  await recordPieces(
    db,
    source.id,
    [foundPiece({ url: 'https://example.org/new', publishedAt: clock.now() })],
    clock.now(),
  );
  expect((await look()).state).toBe('well');

  await recordProblem(db, source.id, clock.now(), 'https://example.org/feed: the server answered 500', undefined);
  expect(await look()).toMatchObject({ state: 'failing', words: 'https://example.org/feed: the server answered 500' });
  expect(letters()).toHaveLength(1);
  clock.moveTo('2026-11-11T12:00:01Z');
  await Promise.all([look(), look()]);
  expect(letters().slice(1)).toEqual([['editor@example.org', 'The Weekly: the source "Daily" cannot be read']]);
  await updateSource(db, source.id, { pausedAt: clock.now() });
  expect((await look()).state).toBe('paused');
  await house.remove();
  await sink.close();
});
