import { parseArgs } from 'node:util';
import Fastify from 'fastify';
import { SCOPES, makeAccount, makeToken } from '../src/accounts/index.ts';
import { listEditions } from '../src/editions/index.ts';
import { startWeb } from '../src/http/index.ts';
import { pageOfSubscribers } from '../src/subscribers/index.ts';
import { type Size, fill, hundredth } from './fill.ts';
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
const LARGE: Size = {
  subscribers: Number(options.subscribers),
  pieces: Number(options.pieces),
  editions: Number(options.editions),
};
const SMALL = hundredth(LARGE);
const log = (line: string) => process.stderr.write(`${line}\n`);

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
