import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { SCOPES, makeAccount, makeToken } from '../src/accounts/index.ts';
import { freezeAudience } from '../src/dispatch/index.ts';
import { listEditions } from '../src/editions/index.ts';
import { startWeb } from '../src/http/index.ts';
import { sql } from '../src/platform/database/index.ts';
import { pageOfSubscribers } from '../src/subscribers/index.ts';
import { openHouse } from './house.ts';

// What the API's lists cost when there is little and when there is much, and what accounts, validation and limits cost beside a
// bare route that runs the same SQL. Requests take turns between the two, so that a slow minute is nobody's advantage.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    requests: { type: 'string', default: '300' },
    subscribers: { type: 'string', default: '2000000' },
    pieces: { type: 'string', default: '100000' },
    editions: { type: 'string', default: '500' },
  },
});
const REQUESTS = Number(options.requests);
const LARGE = {
  subscribers: Number(options.subscribers),
  pieces: Number(options.pieces),
  editions: Number(options.editions),
};
/** A hundredth of it, as the aim names them. */
const SMALL = { subscribers: LARGE.subscribers / 100, pieces: LARGE.pieces / 100, editions: LARGE.editions / 100 };
const log = (line: string) => process.stderr.write(`${line}\n`);

type Size = typeof LARGE;

interface Side {
  call(path: string): Promise<number>;
  bare(path: string): Promise<number>;
  close(): Promise<void>;
}

/** An installation of that size, its API, and bare routes with the same SQL beside it. */
async function open(size: Size): Promise<Side> {
  const house = await openHouse(0);
  const { app } = house;
  const { db } = app.database;
  log(
    `${size.subscribers.toLocaleString('en-US')} subscribers, ${size.pieces} pieces, ${size.editions} editions are made`,
  );
  await fill(db, size);
  const web = await startWeb(app);
  const parts = { db, clock: app.clock };
  const person = {
    address: 'bench@review.example',
    name: 'Bench',
    role: 'administrator',
    newsletterIds: null,
  } as const;
  const { account } = await makeAccount(parts, person, 'the benchmark');
  const { secret } = await makeToken(parts, account, { name: 'bench', scopes: SCOPES, newsletterIds: null, days: 1 });
  const bare = Fastify();
  bare.get('/editions', () => listEditions(db, { limit: 51 }));
  bare.get('/subscribers', () => pageOfSubscribers(db, { limit: 51 }));
  await bare.listen({ host: '127.0.0.1', port: 0 });
  const bareUrl = `http://127.0.0.1:${(bare.server.address() as { port: number }).port}`;
  return {
    call: (path) => timed(`${web.deskUrl}/api/v1${path}`, { authorization: `Bearer ${secret}` }),
    bare: (path) => timed(bareUrl + path, {}),
    close: async () => {
      await bare.close();
      await web.close();
      await house.remove();
    },
  };
}

async function timed(url: string, headers: Record<string, string>): Promise<number> {
  const began = performance.now();
  const answer = await fetch(url, { headers });
  await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return performance.now() - began;
}

async function fill(db: Awaited<ReturnType<typeof openHouse>>['app']['database']['db'], size: Size): Promise<void> {
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

const LISTS = [
  '/newsletters',
  '/sources',
  '/pieces',
  '/pieces?words=headline%20numb',
  '/pieces?words=number%20777',
  '/likenesses',
  '/editions',
  '/editions?state=sent',
  '/subscribers',
  '/subscribers?newsletterId=1',
  '/subscribers?newsletterId=1&state=unsubscribed',
  '/subscribers?address=reader.77',
  '/suppressions',
  '/imports',
  '/editions/1/deliveries',
  '/editions/1/deliveries?address=reader.777@d277.example',
  '/accounts',
  '/webhooks',
  '/webhooks/1/deliveries',
  '/audit',
  '/audit?subject=edition%202',
  '/audit?act=edition',
];

const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] as number;
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const small = await open(SMALL);
const large = await open(LARGE);
const lists = [];
for (const path of LISTS) {
  const times: { small: number[]; large: number[] } = { small: [], large: [] };
  for (let n = 0; n < REQUESTS + 20; n++) {
    const [few, many] = [await small.call(path), await large.call(path)];
    // The first ones warm caches and the compiler.
    if (n < 20) continue;
    times.small.push(few);
    times.large.push(many);
  }
  const [few, many] = [p95(times.small), p95(times.large)];
  lists.push({
    path,
    smallP95Ms: few,
    largeP95Ms: many,
    ratio: many / few,
    smallMedianMs: median(times.small),
    largeMedianMs: median(times.large),
  });
  log(
    `  ${path.padEnd(58)} ${few.toFixed(1).padStart(7)} ms ${many.toFixed(1).padStart(7)} ms  ${(many / few).toFixed(2)}`,
  );
}
const overhead = [];
for (const path of ['/editions', '/subscribers']) {
  const times: { api: number[]; bare: number[] } = { api: [], bare: [] };
  for (let n = 0; n < REQUESTS + 20; n++) {
    const [api, bare] = [await large.call(path), await large.bare(path)];
    if (n < 20) continue;
    times.api.push(api);
    times.bare.push(bare);
  }
  const [api, bare] = [median(times.api), median(times.bare)];
  overhead.push({ path, apiMedianMs: api, bareMedianMs: bare, addedMs: api - bare, ratio: api / bare });
  log(`  ${path.padEnd(20)} the API ${api.toFixed(2)} ms, bare ${bare.toFixed(2)} ms: ${(api / bare).toFixed(2)} ×`);
}
await large.close();
await small.close();
const worst = Math.max(...lists.map(({ ratio }) => ratio));
log(`  the worst list, much / little        ${worst.toFixed(2)}  (aim ≤ 2)`);
if (options.json) process.stdout.write(`${JSON.stringify({ small: SMALL, large: LARGE, lists, worst, overhead })}\n`);
