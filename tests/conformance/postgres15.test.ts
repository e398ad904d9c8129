import { deliverBatch, sumsOf } from '../../src/dispatch/index.ts';
import { approveEdition, proposeEdition, sendEdition } from '../../src/newsroom/index.ts';
import { clockAt } from '../support/clock.ts';
import { addNewsletter, addPieces, addPublication, addReaders, openHouse } from '../support/house.ts';
import { startSmtpSink } from '../support/smtpSink.ts';
import { postgres15Missing, startPostgres15 } from '../support/systemPostgres.ts';

const suite = postgres15Missing === undefined ? describe : describe.skip;

suite(
  `PostgreSQL 15, the oldest that is supported${postgres15Missing === undefined ? '' : ` (${postgres15Missing})`}`,
  () => {
    test('migrates, carries the queue, and an edition goes out on it', async () => {
      const server = await startPostgres15();
      const sink = await startSmtpSink();
      const house = await openHouse({
        relay: sink.relay,
        clock: clockAt('2026-11-26T08:00:00Z'),
        config: { databaseUrl: server.url },
      });
      const { db } = house.database;
      await addPublication(db);
      const newsletter = await addNewsletter(db);
      await addPieces(db, [{ slug: 'a', publishedAt: '2026-11-25T08:00:00Z' }]);
      await addReaders(db, newsletter.id, 300);
      const newsroom = await house.newsroom();
      const { edition } = await db
        .transaction()
        .execute((tx) => proposeEdition(tx, newsletter, { slotAt: null, now: house.clock.now(), by: 'a test' }));
      await approveEdition(newsroom, edition.id, 'an editor');
      await sendEdition(newsroom, edition.id, 'an editor');
      expect(await newsroom.dispatchQueue.counts()).toMatchObject({ waiting: 2 });
      for (const batch of [0, 1]) await deliverBatch(house.dispatchDeps(), edition.id, batch);
      expect(await sumsOf(db, edition.id)).toMatchObject({ audience: 300, accepted: 300 });
      await house.remove();
      await sink.close();
      await server.close();
    }, 60_000);
  },
);
