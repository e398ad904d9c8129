import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, type AppOptions, buildApp } from '../../src/app.ts';
import {
  DEFAULT_SECTIONS,
  type Newsletter,
  getNewsletter,
  insertNewsletter,
  newsletterSettingsSchema,
  publicationSchema,
  savePublication,
} from '../../src/editions/index.ts';
import { recordPieces } from '../../src/pieces/index.ts';
import type { Config, Relay } from '../../src/platform/config/index.ts';
import { type Database, sql } from '../../src/platform/database/index.ts';
import { silentLog } from '../../src/platform/log.ts';
import { insertSource } from '../../src/sources/index.ts';
import { freshDatabase } from './database.ts';
import { foundPiece } from './found.ts';

/** An installation on a database of its own; what the environment configures is not in it. */
export async function openHouse(
  options: AppOptions & { relay?: Relay; config?: Partial<Config> } = {},
): Promise<App & { remove(): Promise<void> }> {
  const database = await freshDatabase();
  await database.db.destroy();
  const dataDir = mkdtempSync(path.join(tmpdir(), 'roundup-house-'));
  const config = {
    ...configFor(database.url, dataDir),
    relays: options.relay === undefined ? [] : [options.relay],
    ...options.config,
  };
  const app = await buildApp(config, silentLog, options);
  return Object.assign(app, {
    remove: async () => {
      await app.close();
      await database.drop().catch(() => {});
      rmSync(dataDir, { recursive: true, force: true });
    },
  });
}

/** What an installation on a database of ours is configured with. */
export function configFor(databaseUrl: string, dataDir: string): Config {
  return {
    production: false,
    baseUrl: 'https://news.example.org',
    host: '127.0.0.1',
    port: 0,
    deskHost: '127.0.0.1',
    deskPort: 0,
    deskUrl: 'http://localhost:8081',
    requestLimit: { count: 1_000_000, perMs: 60_000 },
    oidc: undefined,
    trustProxy: false,
    databaseUrl,
    redisUrl: undefined,
    relays: [],
    returnPath: undefined,
    unsubscribeAddress: undefined,
    incoming: { listen: [], mailboxes: [] },
    // Nobody is asked anything beyond this machine.
    dnsServers: ['127.0.0.1:9'],
    keys: { current: { id: 'k1', secret: Buffer.from('a-secret-of-thirty-two-characters') }, retired: [] },
    dataDir,
    leaseSeconds: 30,
    retentionDays: 400,
    logLevel: 'silent',
    logJson: false,
  };
}

export async function addPublication(db: Database): Promise<void> {
  const publication = {
    name: 'The Test Review',
    tagline: 'Of record',
    homeUrl: 'https://example.org/',
    postalAddress: '1 Test Street, Testville',
  };
  await savePublication(db, publicationSchema.parse(publication));
}

export async function addNewsletter(
  db: Database,
  settings: Record<string, unknown> = {},
  since = '2026-01-01T00:00:00Z',
  slug = 'weekly',
): Promise<Newsletter> {
  const complete = newsletterSettingsSchema.parse({
    sender: { name: 'The Test Review', address: 'news@example.org' },
    sections: DEFAULT_SECTIONS,
    minimumPieces: 1,
    ...settings,
  });
  await insertNewsletter(db, { slug, name: 'The Weekly', settings: complete }, new Date(since));
  return getNewsletter(db, slug);
}

export interface PieceHint {
  slug: string;
  title?: string;
  kind?: string;
  publishedAt: string;
  seenAt?: string;
  deck?: string;
  image?: { url: string; alt: string; credit: string };
  region?: string;
  authors?: string[];
}

/** Pieces in the pool, by way of a source named "Test source". */
export async function addPieces(db: Database, hints: PieceHint[]): Promise<void> {
  await insertSource(db, { name: 'Test source', url: 'https://example.org/feed', isLocal: false });
  const { rows } = await sql<{ id: number }>`select id from sources where name = 'Test source'`.execute(db);
  for (const hint of hints) {
    const report = foundPiece({
      url: `https://example.org/${hint.slug}`,
      title: hint.title ?? `Piece ${hint.slug}`,
      deck: hint.deck ?? 'A sentence about it.',
      kind: hint.kind ?? 'Analysis',
      region: hint.region ?? 'Europe',
      authors: hint.authors ?? [`Writer of ${hint.slug}`],
      image: hint.image,
      publishedAt: new Date(hint.publishedAt),
    });
    await recordPieces(db, rows[0]!.id, [report], new Date(hint.seenAt ?? hint.publishedAt));
  }
}

/** Active readers: reader.1@readers.example and so on. */
export async function addReaders(db: Database, newsletterId: number, count: number): Promise<void> {
  await sql`
    with people as (
      insert into subscribers (address, address_key, domain, name)
      select 'reader.' || n || '@readers.example', 'reader.' || n || '@readers.example', 'readers.example', 'Reader ' || n
      from generate_series(1, ${count}) n returning id
    )
    insert into subscriptions (newsletter_id, subscriber_id, state) select ${newsletterId}, id, 'active' from people`.execute(
    db,
  );
}
