import { addressKey } from '../lib/addresses.ts';
import { sha256 } from '../lib/hash.ts';
import { DAY_MS } from '../lib/time.ts';
import { type Database, sql } from '../platform/database/index.ts';

// Who has asked for newsletters, until they confirm it by the link that is mailed to them. One row an address: asking again adds
// to it, and brings no second letter on the same day, nor a fourth ever.

/** How long a confirmation link is good. */
export const CONFIRM_MS = 7 * DAY_MS;
const BETWEEN_MAILS_MS = DAY_MS;
const MOST_MAILS = 3;
/** What is left of an address that was never confirmed, a hash, is kept for so long. */
const KEPT_MS = 365 * DAY_MS;

export interface WantedSignUp {
  address: string;
  name: string;
  /** A language tag; empty for the publication's. */
  language: string;
  newsletterIds: number[];
  topics: string[];
  /** Which form it was: "page", "form on example.org", "API". */
  form: string;
  /** The words that stood beside it. */
  words: string;
  /** The network address that it came from. */
  from: string;
}

export interface SignUp extends WantedSignUp {
  id: number;
  askedAt: Date;
  expiresAt: Date;
}

const COLUMNS = sql`id, address, name, language, newsletter_ids as "newsletterIds", topics, form, words,
  from_address as "from", asked_at as "askedAt", expires_at as "expiresAt"`;

/** Keeps the wish, and lets a confirmation be mailed where one may be. The same work for every address. */
export async function keepSignUp(db: Database, wanted: WantedSignUp, now: Date): Promise<void> {
  const { address, name, language, newsletterIds, topics, form, words, from } = wanted;
  const expiresAt = new Date(now.getTime() + CONFIRM_MS);
  const lately = new Date(now.getTime() - BETWEEN_MAILS_MS);
  await sql`
    insert into sign_ups as s (key, address, name, language, newsletter_ids, topics, form, words, from_address, asked_at,
      expires_at, due_at)
    values (${keyOf(address)}, ${address}, ${name}, ${language}, ${newsletterIds}::bigint[], ${topics}::text[], ${form},
      ${words}, ${from}, ${now}, ${expiresAt}, ${now})
    on conflict (key) do update set address = excluded.address, language = excluded.language, form = excluded.form,
      words = excluded.words, from_address = excluded.from_address, asked_at = excluded.asked_at,
      name = coalesce(nullif(excluded.name, ''), s.name),
      newsletter_ids = case when s.expires_at <= ${now} then excluded.newsletter_ids
        else (select array_agg(distinct n order by n) from unnest(s.newsletter_ids || excluded.newsletter_ids) n) end,
      topics = case when s.expires_at <= ${now} then excluded.topics
        else (select coalesce(array_agg(distinct t order by t), '{}') from unnest(s.topics || excluded.topics) t) end,
      expires_at = excluded.expires_at,
      due_at = case when s.mails >= ${MOST_MAILS} or s.mailed_at > ${lately} then s.due_at else coalesce(s.due_at, ${now}) end`.execute(
    db,
  );
}

/** Those that are to be mailed; they are marked as mailed with it. In the caller's transaction. */
export async function takeSignUpsDue(tx: Database, limit: number, now: Date): Promise<SignUp[]> {
  const { rows } = await sql<SignUp>`
    update sign_ups set due_at = null, mails = mails + 1, mailed_at = ${now}
    where id in (select id from sign_ups where due_at <= ${now} order by due_at limit ${limit} for update skip locked)
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** It was not mailed after all, and is to be at a later time. */
export async function putOffSignUp(tx: Database, id: number, until: Date): Promise<void> {
  await sql`update sign_ups set due_at = ${until}, mails = greatest(0, mails - 1), mailed_at = null where id = ${id}`.execute(
    tx,
  );
}

export async function findSignUp(db: Database, id: number, now: Date): Promise<SignUp | undefined> {
  const { rows } = await sql<SignUp>`
    select ${COLUMNS} from sign_ups where id = ${id} and expires_at > ${now} and address <> ''`.execute(db);
  return rows[0];
}

/** Takes it away, for whoever makes subscriptions of it; undefined where it is too old, or somebody was faster. */
export async function takeSignUp(tx: Database, id: number, now: Date): Promise<SignUp | undefined> {
  const { rows } = await sql<SignUp>`
    delete from sign_ups where id = ${id} and expires_at > ${now} and address <> '' returning ${COLUMNS}`.execute(tx);
  return rows[0];
}

/** Forgets who has not confirmed, but for a hash; and that, in the end. */
export async function sweepSignUps(db: Database, now: Date): Promise<void> {
  await sql`update sign_ups set address = '', name = '', words = '', from_address = '', due_at = null
    where expires_at < ${now} and address <> ''`.execute(db);
  await sql`delete from sign_ups where expires_at < ${new Date(now.getTime() - KEPT_MS)}`.execute(db);
}

function keyOf(address: string): string {
  return sha256('sign-up', addressKey(address));
}

/** What an address has asked for and not confirmed. */
export async function endSignUpOf(tx: Database, address: string): Promise<void> {
  await sql`delete from sign_ups where key = ${keyOf(address)}`.execute(tx);
}
