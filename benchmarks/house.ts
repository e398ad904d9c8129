import { configFor } from '../tests/support/house.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, buildApp } from '../src/app.ts';
import { insertRendition } from '../src/dispatch/index.ts';
import {
  DEFAULT_SECTIONS,
  getNewsletter,
  insertApproval,
  insertEdition,
  insertNewsletter,
  insertRevision,
  moveEdition,
  newsletterSettingsSchema,
} from '../src/editions/index.ts';
import type { Config } from '../src/platform/config/index.ts';
import { sql } from '../src/platform/database/index.ts';
import { silentLog } from '../src/platform/log.ts';
import { makeStencil, openGaps } from '../src/rendering/index.ts';

// An installation of its own, with the embedded PostgreSQL as it comes (fsync and synchronous_commit on), readers, and editions
// whose mails are 64 KiB with 30 links of the reader's own.

export const SIZE_BYTES = 65_536;
export const LINKS = 30;
export const SECRET = 'a-secret-of-thirty-two-characters';
const TEXT = 'The text part says in short what the pages say at length.\n'.repeat(40);

export interface House {
  app: App;
  newsletterId: number;
  /** An approved edition that goes to everybody. */
  addEdition(): Promise<number>;
  remove(): Promise<void>;
}

export async function openHouse(readers: number): Promise<House> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'roundup-bench-data-'));
  const keys = { current: { id: 'k1', secret: Buffer.from(SECRET) }, retired: [] };
  const config: Config = { ...configFor('', dataDir), databaseUrl: undefined, keys };
  const app = await buildApp(config, silentLog);
  const { db } = app.database;
  const settings = newsletterSettingsSchema.parse({
    sender: { name: 'The Review', address: 'weekly@example.org' },
    sections: DEFAULT_SECTIONS,
  });
  await insertNewsletter(db, { slug: 'weekly', name: 'The Weekly', settings }, new Date());
  const { id: newsletterId } = await getNewsletter(db, 'weekly');
  await addReaders(app, newsletterId, readers);
  return {
    app,
    newsletterId,
    addEdition: () => addEdition(app, newsletterId),
    remove: async () => {
      await app.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function addReaders({ database: { db } }: App, newsletterId: number, count: number): Promise<void> {
  await sql`
    with people as (
      insert into subscribers (address, address_key, domain, name)
      select 'reader.' || n || '@d' || n % 50 || '.example', 'reader.' || n || '@d' || n % 50 || '.example', 'd' || n % 50 || '.example', 'Reader ' || n
      from generate_series(1, ${count}) n returning id
    )
    insert into subscriptions (newsletter_id, subscriber_id, state) select ${newsletterId}, id, 'active' from people`.execute(
    db,
  );
  await sql`vacuum analyze subscribers, subscriptions`.execute(db);
}

/** The page as a template with `link(n)` where a reader's own token belongs. */
export function page(link: (n: number) => string, filler: number): string {
  const story = (n: number) =>
    `<tr><td style="padding:12px 0"><a href="${link(n)}" style="color:#123456">A headline of some length, number ${n}</a><p>${'What it is about, in plain words. '.repeat(40)}</p></td></tr>\n`;
  return `<!doctype html><html><body><table>\n${Array.from({ length: LINKS }, (_, n) => story(n)).join('')}</table><p>${'x'.repeat(filler)}</p></body></html>\n`;
}

function stencilWith(filler: number) {
  const gaps = openGaps();
  return makeStencil({
    from: { name: 'The Review', address: 'weekly@example.org' },
    replyTo: null,
    subject: 'The weekly round-up',
    html: gaps.cut(page((n) => `https://news.example.org/e/${gaps.marker('viewToken')}#${n}`, filler)),
    text: [TEXT],
    language: 'en',
    hash: 'b'.repeat(64),
    list: { name: 'The Weekly', id: 'weekly.example.org' },
    feedbackId: '1:weekly:roundup',
    keyId: 'k1',
    unsubscribeUrl: (token) => `https://news.example.org/u/${token}`,
  });
}

/** How many bytes of filler make a mail 64 KiB; lines of the encoding and tokens cost some of their own. */
export const FILLER = fillerFor(SIZE_BYTES);

function fillerFor(size: number): number {
  const tokenBytes = 40;
  const sizeOf = (filler: number) =>
    stencilWith(filler).segments.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : tokenBytes), 0);
  const lineCost = (sizeOf(10_000) - sizeOf(0)) / 10_000;
  return Math.max(0, Math.round((size - sizeOf(0)) / lineCost));
}

async function addEdition({ database: { db } }: App, newsletterId: number): Promise<number> {
  const now = new Date();
  const times = { slotAt: null, windowFrom: now, windowTo: now, createdAt: now };
  const edition = await insertEdition(db, { newsletterId, ...times });
  await insertRevision(
    db,
    edition,
    { subject: '', preheader: '', note: '', sections: [] },
    { by: 'a benchmark', at: now, change: '' },
  );
  const hash = `${edition.id}`.padStart(64, 'b');
  const rendition = {
    editionId: edition.id,
    hash,
    subject: '',
    html: [''],
    text: [''],
    stencil: stencilWith(FILLER),
    madeAt: now,
  };
  await insertRendition(db, rendition);
  await insertApproval(db, { editionId: edition.id, revision: 1, hash, approvedBy: 'a benchmark', approvedAt: now });
  await moveEdition(db, edition.id, ['draft'], 'approved');
  return edition.id;
}
