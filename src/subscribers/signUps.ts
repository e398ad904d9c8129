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

/**
 * Keeps the wish, and lets a confirmation be mailed where one may be. The same work for every address. Who asks again while the
 * first wish is open adds newsletters to it, and leaves its proof as it is.
 */
export async function keepSignUp(db: Database, wanted: WantedSignUp, now: Date): Promise<void> {
  const { address, name, language, newsletterIds, topics, form, words, from } = wanted;
  const expiresAt = new Date(now.getTime() + CONFIRM_MS);
  const lately = new Date(now.getTime() - BETWEEN_MAILS_MS);
  await sql`
    insert into sign_ups as s (key, address, name, language, newsletter_ids, topics, form, words, from_address, asked_at,
      expires_at, due_at)
    values (${keyOf(address)}, ${address}, ${name}, ${language}, ${newsletterIds}::bigint[], ${topics}::text[], ${form},
      ${words}, ${from}, ${now}, ${expiresAt}, ${now})
    on conflict (key) do update set
      (address, name, language, newsletter_ids, topics, form, words, from_address, asked_at) = (
        select excluded.address, excluded.name, excluded.language, excluded.newsletter_ids, excluded.topics, excluded.form,
          excluded.words, excluded.from_address, excluded.asked_at where s.expires_at <= ${now}
        union all
        select s.address, s.name, s.language,
          (select array_agg(distinct n order by n) from unnest(s.newsletter_ids || excluded.newsletter_ids) n),
          (select coalesce(array_agg(distinct t order by t), '{}') from unnest(s.topics || excluded.topics) t), s.form,
          case when s.newsletter_ids @> excluded.newsletter_ids then s.words else s.words || E'\n' || excluded.words end,
          s.from_address, s.asked_at where s.expires_at > ${now}),
      expires_at = excluded.expires_at,
      due_at = case when s.mails >= ${MOST_MAILS} or s.mailed_at > ${lately} then s.due_at else coalesce(s.due_at, ${now}) end`.execute(
    db,
  );
}

/** Those that are to be mailed; nobody else gets them in the caller's transaction. */
export async function holdSignUpsDue(tx: Database, limit: number, now: Date): Promise<SignUp[]> {
  const { rows } = await sql<SignUp>`
    select ${COLUMNS} from sign_ups where due_at <= ${now} order by due_at limit ${limit} for update skip locked`.execute(
    tx,
  );
  return rows;
}

/** A letter to it is written. */
export async function markSignUpMailed(tx: Database, id: number, now: Date): Promise<void> {
  await sql`update sign_ups set due_at = null, mails = mails + 1, mailed_at = ${now} where id = ${id}`.execute(tx);
}

/**
 * May another letter that asks for a yes go to an address now? Then it counts, with those of sign-ups: one a day, three until there
 * is a yes. In the caller's transaction.
 */
export async function takeLetterTo(tx: Database, address: string, now: Date): Promise<boolean> {
  const lately = new Date(now.getTime() - BETWEEN_MAILS_MS);
  const { numAffectedRows } = await sql`
    insert into sign_ups as s (key, address, newsletter_ids, form, words, from_address, asked_at, expires_at, mails, mailed_at)
    values (${keyOf(address)}, '', '{}', '', '', '', ${now}, ${now}, 1, ${now})
    on conflict (key) do update set mails = s.mails + 1, mailed_at = ${now}
      where s.mails < ${MOST_MAILS} and s.due_at is null and (s.mailed_at is null or s.mailed_at <= ${lately})`.execute(
    tx,
  );
  return numAffectedRows === 1n;
}

/** All that is due at a domain waits, in turn: the first of it until `from`, each other `everyMs` longer. */
export async function putOffDomain(
  tx: Database,
  domain: string,
  { now, from, everyMs }: { now: Date; from: Date; everyMs: number },
): Promise<void> {
  await sql`
    with waiting as (
      select id, due_at from sign_ups where due_at <= ${now} and right(address, ${domain.length + 1}) = ${`@${domain}`}
      for update skip locked
    ), turns as (
      select id, row_number() over (order by due_at, id) - 1 as turn from waiting
    )
    update sign_ups s set due_at = ${from}::timestamptz + t.turn * ${everyMs} * interval '1 ms' from turns t where s.id = t.id`.execute(
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
