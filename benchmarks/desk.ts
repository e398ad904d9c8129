import { parseArgs } from 'node:util';
import mjml2html from 'mjml';
import {
  type EditionContent,
  findNewsletter,
  getPublication,
  insertEdition,
  insertRevision,
  toEditionPiece,
} from '../src/editions/index.ts';
import { startWeb } from '../src/http/index.ts';
import { getEdition, renderNow, reviseEdition } from '../src/newsroom/index.ts';
import { searchPieces } from '../src/pieces/index.ts';
import { type Database, sql } from '../src/platform/database/index.ts';
import { plainTheme } from '../src/rendering/index.ts';
import { MJML_OPTIONS, viewFor } from '../src/rendering/render.ts';
import { openGaps } from '../src/rendering/gaps.ts';
import { enterDesk } from '../tests/support/desk.ts';
import { addPublication } from '../tests/support/house.ts';
import { type Size, fill, hundredth } from './fill.ts';
import { openHouse } from './house.ts';

// What the desk's pages cost when there is little and when there is much, and what a preview costs beside a bare mjml2html of the same
// edition. Requests take turns between the two sizes, so that a slow minute is nobody's advantage.

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    requests: { type: 'string', default: '60' },
    subscribers: { type: 'string', default: '2000000' },
    pieces: { type: 'string', default: '100000' },
    editions: { type: 'string', default: '500' },
  },
});
const REQUESTS = Number(options.requests);
const WARM = 8;
const LARGE: Size = {
  subscribers: Number(options.subscribers),
  pieces: Number(options.pieces),
  editions: Number(options.editions),
};
const SMALL = hundredth(LARGE);
const PIECES = 20;
const log = (line: string) => process.stderr.write(`${line}\n`);

interface Side {
  draftId: number;
  /** One that waits to be sent to everybody: its page says to how many, and by when. */
  approvedId: number;
  call(path: string): Promise<number>;
  preview(): Promise<{ ours: number; bare: number }>;
  close(): Promise<void>;
}

async function open(size: Size): Promise<Side> {
  const house = await openHouse(0);
  const { app } = house;
  const { db } = app.database;
  log(
    `${size.subscribers.toLocaleString('en-US')} subscribers, ${size.pieces} pieces, ${size.editions} editions are made`,
  );
  await addPublication(db);
  await fill(db, size);
  await sql`update editions set state = 'sent', started_at = now() - interval '1 hour', finished_at = now() - interval '1 minute'`.execute(
    db,
  );
  // The first one has gone to everybody: of a hundred and one, one was refused.
  await sql`update deliveries set state = (case when subscriber_id % 101 = 0 then 'refused' else 'accepted' end)::delivery_state,
    cause = case when subscriber_id % 101 = 0 then 'mailbox' end, reason = case when subscriber_id % 101 = 0 then '552 5.2.2 Mailbox full' end,
    settled_at = now() - interval '1 hour' + batch * interval '10 ms' where edition_id = 1`.execute(db);
  await sql`update batches set due_at = null where edition_id = 1`.execute(db);
  await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at, change)
    select id, 1, jsonb_build_object('subject', 'Edition ' || number, 'preheader', '', 'note', '', 'sections', '[]'::jsonb), 'a benchmark', now(), '' from editions`.execute(
    db,
  );
  const draftId = await addDraft(db, house.newsletterId);
  const approvedId = await addDraft(db, house.newsletterId);
  await sql`update editions set state = 'approved' where id = ${approvedId}`.execute(db);
  // Whatever went out had something in it.
  await sql`update edition_revisions r set content = jsonb_set(r.content, '{sections}', d.content->'sections')
    from edition_revisions d where d.edition_id = ${draftId} and r.edition_id <> ${draftId}`.execute(db);
  await sql`vacuum analyze`.execute(db);
  const web = await startWeb(app);
  const cookie = await enterDesk(app, web, { name: 'Bench' });
  const theme = await plainTheme();
  const newsroom = await app.newsroom();
  const newsletter = await findNewsletter(db, house.newsletterId);
  const publication = await getPublication(db);
  const links = { view: String, unsubscribe: String, preferences: String, media: String };
  return {
    draftId,
    approvedId,
    async call(path) {
      const began = performance.now();
      const answer = await fetch(web.deskUrl + path, { headers: { cookie } });
      await answer.text();
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`);
      return performance.now() - began;
    },
    async preview() {
      // Another one each time: nothing of it can be known from before.
      await reviseEdition(
        { db, clock: app.clock },
        draftId,
        { subject: `A subject of the week ${Math.random()}` },
        'a benchmark',
      );
      const { content } = await renderNow(newsroom, await getEdition(db, draftId));
      const input = {
        publication,
        newsletter: newsletter as never,
        edition: { number: 1, date: new Date() },
        content,
        links,
      };
      const mjml = theme.mjml(await viewFor(input, theme, openGaps()));
      let began = performance.now();
      await mjml2html(mjml, MJML_OPTIONS);
      const bare = performance.now() - began;
      began = performance.now();
      const answer = await fetch(`${web.deskUrl}/editions/${draftId}/frame`, { headers: { cookie } });
      await answer.text();
      return { ours: performance.now() - began, bare };
    },
    close: async () => {
      await web.close();
      await house.remove();
    },
  };
}

/** A draft of twenty pieces, in sections of every layout. */
async function addDraft(db: Database, newsletterId: number): Promise<number> {
  const now = new Date();
  const edition = await insertEdition(db, {
    newsletterId,
    slotAt: null,
    windowFrom: now,
    windowTo: now,
    createdAt: now,
  });
  const pieces = (await searchPieces(db, { limit: PIECES })).map(toEditionPiece);
  const content: EditionContent = {
    subject: 'A subject of the week',
    preheader: 'And what else there is',
    note: 'A word from the **editor**.',
    sections: [
      { key: 'lead', title: '', layout: 'lead', pieces: pieces.slice(0, 1) },
      { key: 'analysis', title: 'Analysis', layout: 'cards', pieces: pieces.slice(1, 8) },
      { key: 'opinion', title: 'Opinion', layout: 'list', pieces: pieces.slice(8, 15) },
      { key: 'shorts', title: 'In brief', layout: 'shorts', pieces: pieces.slice(15) },
    ],
  };
  await insertRevision(db, edition, content, { by: 'a benchmark', at: now, change: 'proposed' });
  return edition.id;
}

const pagesOf = ({ draftId, approvedId }: Side): string[] => [
  '/',
  `/editions/${draftId}`,
  `/editions/${draftId}/frame`,
  `/editions/${draftId}/pool`,
  `/editions/${draftId}/pool?q=number%20777&which=unused`,
  `/editions/${draftId}/revisions`,
  `/editions/${approvedId}`,
  '/editions/1',
  '/editions/1/ledger',
  '/editions/1/deliveries',
  '/editions/1/deliveries?state=refused',
  '/editions/1/deliveries?address=reader.777@d277.example',
  '/sources',
  '/sources/1',
  '/pieces',
  '/pieces?q=headline%20numb',
  '/pieces/1',
  '/newsletters',
  '/newsletters/1',
  '/themes',
  '/themes/gazette',
  '/themes/gazette/trial',
  '/subscribers',
  '/subscribers?newsletter=1&state=unsubscribed',
  '/subscribers?address=reader.77',
  '/subscribers/1',
  '/imports',
  '/segments',
  '/suppressions',
  '/settings',
  '/start',
  '/account',
  '/webhooks',
  '/webhooks/1',
  '/audit',
  '/accounts',
  '/queue',
];

const p95 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] as number;
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

const small = await open(SMALL);
const large = await open(LARGE);
const pages = [];
for (const [at, path] of pagesOf(large).entries()) {
  const times: { small: number[]; large: number[] } = { small: [], large: [] };
  for (let n = 0; n < REQUESTS + WARM; n++) {
    const [few, many] = [await small.call(pagesOf(small)[at] as string), await large.call(path)];
    // The first ones warm caches and the compiler.
    if (n < WARM) continue;
    times.small.push(few);
    times.large.push(many);
  }
  const [few, many] = [p95(times.small), p95(times.large)];
  const medians = { smallMedianMs: median(times.small), largeMedianMs: median(times.large) };
  pages.push({ path, smallP95Ms: few, largeP95Ms: many, ratio: many / few, ...medians });
  log(
    `  ${path.padEnd(58)} ${few.toFixed(1).padStart(7)} ms ${many.toFixed(1).padStart(7)} ms  ${(many / few).toFixed(2)}  (medians ${medians.smallMedianMs.toFixed(1)}, ${medians.largeMedianMs.toFixed(1)})`,
  );
}
const previews = { ours: [] as number[], bare: [] as number[] };
for (let n = 0; n < REQUESTS + WARM; n++) {
  const { ours, bare } = await large.preview();
  if (n < WARM) continue;
  previews.ours.push(ours);
  previews.bare.push(bare);
}
const preview = {
  oursMs: median(previews.ours),
  bareMs: median(previews.bare),
  ratio: median(previews.ours) / median(previews.bare),
};
log(
  `  a preview of ${PIECES} pieces ${preview.oursMs.toFixed(1)} ms, a bare mjml2html of it ${preview.bareMs.toFixed(1)} ms: ${preview.ratio.toFixed(2)} ×  (aim ≤ 3)`,
);
await large.close();
await small.close();
const worst = Math.max(...pages.map(({ ratio }) => ratio));
log(`  the worst page, much / little        ${worst.toFixed(2)}  (aim ≤ 2)`);
if (worst > 2 || preview.ratio > 3) process.exitCode = 1;
if (options.json) process.stdout.write(`${JSON.stringify({ small: SMALL, large: LARGE, pages, worst, preview })}\n`);
