import { type Database, sql } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { type Newsletter, type NewsletterSettings, newsletterSettingsSchema } from './newsletter.ts';
import type { Publication } from './publication.ts';

export async function savePublication(db: Database, publication: Publication): Promise<void> {
  const { name, tagline, homeUrl, logoUrl, postalAddress, socialLinks, language } = publication;
  await sql`
    insert into publication (name, tagline, home_url, logo_url, postal_address, social_links, language)
    values (${name}, ${tagline}, ${homeUrl}, ${logoUrl}, ${postalAddress}, ${JSON.stringify(socialLinks)}::jsonb, ${language})
    on conflict (id) do update set name = excluded.name, tagline = excluded.tagline, home_url = excluded.home_url,
      logo_url = excluded.logo_url, postal_address = excluded.postal_address, social_links = excluded.social_links,
      language = excluded.language`.execute(db);
}

export async function findPublication(db: Database): Promise<Publication | undefined> {
  const { rows } = await sql<Publication>`
    select name, tagline, home_url as "homeUrl", logo_url as "logoUrl", postal_address as "postalAddress",
      social_links as "socialLinks", language from publication`.execute(db);
  return rows[0];
}

/** Throws `not-found` where the publication has not been set. */
export async function getPublication(db: Database): Promise<Publication> {
  const publication = await findPublication(db);
  if (publication !== undefined) return publication;
  throw new RoundupError('not-found', 'The publication is not set yet.', {
    hint: 'Set it with: roundup publication --name … --home … --postal-address …',
  });
}

interface NewsletterRow {
  id: number;
  slug: string;
  name: string;
  settings: NewsletterSettings;
  sourceIds: number[];
  scheduleSince: Date;
}

const newsletterRows = sql`
  select n.id, n.slug, n.name, n.settings, n.schedule_since as "scheduleSince",
    array(select source_id from newsletter_sources s where s.newsletter_id = n.id order by 1) as "sourceIds"
  from newsletters n`;

const MOST_KNOWN = 200;
const completed = new Map<string, NewsletterSettings>();

/** What was kept before a setting existed has its default. Settings are read all the time and hardly ever change. */
function withDefaults(settings: NewsletterSettings): NewsletterSettings {
  const key = JSON.stringify(settings);
  const known = completed.get(key);
  if (known !== undefined) return known;
  if (completed.size >= MOST_KNOWN) completed.clear();
  const complete = newsletterSettingsSchema.parse(settings);
  completed.set(key, complete);
  return complete;
}

function toNewsletter({ settings, ...row }: NewsletterRow): Newsletter {
  return { ...withDefaults(settings), ...row };
}

/** Undefined where the slug is taken. */
export async function insertNewsletter(
  db: Database,
  newsletter: { slug: string; name: string; settings: NewsletterSettings },
  now: Date,
): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    insert into newsletters (slug, name, settings, schedule_since)
    values (${newsletter.slug}, ${newsletter.name}, ${JSON.stringify(newsletter.settings)}::jsonb, ${now})
    on conflict do nothing returning id`.execute(db);
  return rows[0]?.id;
}

/** What decides when a slot is; that editors are reminded earlier changes none. */
function timesOf(table: 'newsletters' | 'new') {
  const schedule = sql`${sql.ref(table)}.settings->'schedule'`;
  return sql`(${schedule}->>'cron', ${schedule}->>'leadMinutes', ${schedule}->>'toleranceMinutes')`;
}

/** A changed schedule or time zone holds from `now` on: what passed under the old one is past. */
export async function updateNewsletter(
  db: Database,
  id: number,
  change: { name: string; settings: NewsletterSettings },
  now: Date,
): Promise<void> {
  await sql`update newsletters set name = ${change.name}, settings = new.settings,
      schedule_since = case when ${timesOf('newsletters')} is not distinct from ${timesOf('new')}
        and newsletters.settings->'timeZone' = new.settings->'timeZone' then schedule_since else ${now} end
    from (select ${JSON.stringify(change.settings)}::jsonb as settings) new
    where id = ${id}`.execute(db);
}

export async function setNewsletterSources(db: Database, id: number, sourceIds: number[]): Promise<void> {
  await sql`delete from newsletter_sources where newsletter_id = ${id}`.execute(db);
  await sql`insert into newsletter_sources (newsletter_id, source_id)
    select ${id}, unnest(${sourceIds}::bigint[])`.execute(db);
}

export async function listNewsletters(db: Database): Promise<Newsletter[]> {
  return (await sql<NewsletterRow>`${newsletterRows} order by n.id`.execute(db)).rows.map(toNewsletter);
}

export async function findNewsletter(db: Database, id: number): Promise<Newsletter | undefined> {
  return (await sql<NewsletterRow>`${newsletterRows} where n.id = ${id}`.execute(db)).rows.map(toNewsletter)[0];
}

/** By its slug; throws `not-found` with the slugs there are. */
export async function getNewsletter(db: Database, slug: string): Promise<Newsletter> {
  const all = await listNewsletters(db);
  const found = all.find((newsletter) => newsletter.slug === slug);
  if (found !== undefined) return found;
  const hint =
    all.length === 0 ? 'Make one with: roundup newsletter add' : `There are: ${all.map((n) => n.slug).join(', ')}`;
  throw new RoundupError('not-found', `There is no newsletter "${slug}".`, { hint });
}
