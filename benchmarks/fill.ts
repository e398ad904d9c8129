import { freezeAudience } from '../src/dispatch/index.ts';
import { type Database, sql } from '../src/platform/database/index.ts';

// An installation as it is after years: rows made in the database, as many as are asked for.

export interface Size {
  subscribers: number;
  pieces: number;
  editions: number;
}

/** As the aims name it: 20,000 subscribers, 1,000 pieces and 5 editions beside 2 million, 100,000 and 500. */
export function hundredth({ subscribers, pieces, editions }: Size): Size {
  return { subscribers: subscribers / 100, pieces: pieces / 100, editions: editions / 100 };
}

export async function fill(db: Database, size: Size): Promise<void> {
  const { subscribers, pieces, editions } = size;
  await sql`insert into subscribers (address, address_key, domain, name)
    select a, a, split_part(a, '@', -1), 'Reader ' || n
    from (select n, 'reader.' || n || '@d' || n % 500 || '.example' as a from generate_series(1, ${subscribers}) n) x`.execute(
    db,
  );
  await sql`insert into subscriptions (newsletter_id, subscriber_id, state)
    select (select min(id) from newsletters), id, (case when id % 20 = 0 then 'unsubscribed' else 'active' end)::subscription_state from subscribers`.execute(
    db,
  );
  await sql`insert into suppressions (address_key, reason) select address_key, 'manual' from subscribers where id % 50 = 0`.execute(
    db,
  );
  await sql`insert into sources (name, url) select 'Source ' || n, 'https://s' || n || '.example/feed' from generate_series(1, 10) n`.execute(
    db,
  );
  await sql`insert into pieces (url_key, url, source_id, title, deck, kind, region, authors, published_at, first_seen_at, changed_at)
    select 'example.org/' || n, 'https://example.org/' || n, (select min(id) from sources), 'Headline number ' || n || ' of many', 'A deck.',
      'Analysis', 'Europe', array['Author ' || n % 97], t, t, t
    from (select n, now() - n * interval '9 minutes' as t from generate_series(1, ${pieces}) n) x`.execute(db);
  await sql`insert into piece_sources (source_id, piece_id, published_at) select source_id, id, published_at from pieces`.execute(
    db,
  );
  await sql`insert into piece_likeness (piece_id, other_id, score, reason, found_at)
    select id, id + 1, 0.9, 'alike', now() from pieces where id % 10 = 0 and id < (select max(id) from pieces)`.execute(
    db,
  );
  await sql`insert into editions (newsletter_id, number, state, window_from, window_to, created_at)
    select (select min(id) from newsletters), n, (case when n = 1 then 'sending' else 'sent' end)::edition_state, now(), now(), now() from generate_series(1, ${editions}) n`.execute(
    db,
  );
  await sql`insert into audit_log (actor, act, subject) select 'somebody', 'edition revised', 'edition ' || n % ${editions} from generate_series(1, ${editions * 200}) n`.execute(
    db,
  );
  await sql`insert into imports (newsletter_id, ground, made_by, made_at, report)
    select (select min(id) from newsletters), 'x', 'y', now(), '{"lines":0,"subscribed":0,"alreadySubscribed":0,"left":0,"suppressed":0,"repeated":0,"invalid":0,"problems":[]}'
    from generate_series(1, ${editions}) n`.execute(db);
  await sql`insert into webhooks (name, url, events, secret, created_at) values ('w', 'https://w.example/', '{test}', '', now())`.execute(
    db,
  );
  await sql`insert into webhook_deliveries (webhook_id, event_id, type, payload) select 1, 'msg_' || n, 'test', '{}' from generate_series(1, ${editions * 100}) n`.execute(
    db,
  );
  const { rows } = await sql<{ id: number }>`select min(id) as id from newsletters`.execute(db);
  const newsletterId = rows[0]?.id as number;
  await db
    .transaction()
    .execute((tx) =>
      freezeAudience(tx, { editionId: 1, newsletterId, correctsEditionId: null, hash: '', others: [], variantOf: {} }),
    );
  await sql`vacuum analyze`.execute(db);
}
