import { type Database, sql } from '../../platform/database/index.ts';
import type { Standing } from './row.ts';

/** What becomes of a line. */
export const OUTCOMES = [
  'subscribed',
  'alreadySubscribed',
  /** Has left here, and stays away. */
  'left',
  /** Is not to be mailed. */
  'suppressed',
  /** Has left there: is known from now on as somebody who has. */
  'leftElsewhere',
  /** Bounced, complained or was struck off there: is not to be mailed from now on. */
  'struck',
  /** Never said yes there. */
  'unconfirmed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface ImportRow {
  line: number;
  address: string;
  addressKey: string;
  domain: string;
  name: string;
  language: string;
  standing: Standing;
  /** ISO 8601, or empty. */
  at: string;
}

export interface OutcomeCount {
  outcome: Outcome;
  count: number;
  /** The first lines of it. */
  lines: number[];
}

/**
 * Takes a set of people in, in one statement, each address once. Nobody who has left, here or there, is brought back; nobody on the
 * suppression list is taken in; a name that we have is not replaced, and what somebody has here is not made less.
 */
export async function importRows(
  db: Database,
  people: ImportRow[],
  {
    newsletterId,
    ground,
    importId = null,
  }: { newsletterId: number; ground: string; importId?: number | null | undefined },
): Promise<OutcomeCount[]> {
  return inTransaction(db, async (tx) => {
    // How many people come is not known to the planner, which would look through all of them for each of them.
    await sql`set local enable_nestloop = off`.execute(tx);
    return takePeople(tx, people, { newsletterId, ground, importId });
  });
}

async function inTransaction<T>(db: Database, act: (tx: Database) => Promise<T>): Promise<T> {
  return db.isTransaction ? act(db) : db.transaction().execute(act);
}

async function takePeople(
  tx: Database,
  people: ImportRow[],
  { newsletterId, ground, importId }: { newsletterId: number; ground: string; importId: number | null },
): Promise<OutcomeCount[]> {
  const { rows } = await sql<OutcomeCount>`
    with input as materialized (
      select r.*, (select s.state from subscriptions s where s.newsletter_id = ${newsletterId}
          and s.subscriber_id = (select p.id from subscribers p where p.address_key = r."addressKey")) as state,
        exists (select from suppressions s where s.address_key = r."addressKey")
          or exists (select from suppressed_hashes h
            where h.hash in (encode(sha256(convert_to(r."addressKey", 'UTF8')), 'hex'), md5(r."addressKey"))) as is_suppressed
      from jsonb_to_recordset(${JSON.stringify(people)}::jsonb)
        as r(line int, address text, "addressKey" text, domain text, name text, language text, standing text, at text)
    ), welcome as (
      select i.* from input i
      where not i.is_suppressed and (i.standing = 'subscribed' or (i.standing = 'left' and i.state is null))
    ), struck as (
      insert into suppressions (address_key, reason, detail, import_id)
      select i."addressKey", case i.standing when 'complained' then 'complaint' when 'bounced' then 'unknown-mailbox' else 'manual' end,
        ${ground}, ${importId}::bigint
      from input i where i.standing in ('bounced', 'complained', 'blocked') and not i.is_suppressed
        and (i.standing = 'complained' or i.state is distinct from 'active')
      on conflict do nothing returning address_key
    ), taken as (
      insert into subscribers as p (address, address_key, domain, name, language, import_id)
      select address, "addressKey", domain, name, language, ${importId}::bigint from welcome
      on conflict (address_key) do update set name = coalesce(nullif(p.name, ''), excluded.name),
        language = coalesce(nullif(p.language, ''), excluded.language)
      returning id, address_key
    ), joined as (
      insert into subscriptions (newsletter_id, subscriber_id, state, since, cause, import_id)
      select ${newsletterId}, t.id, (case w.standing when 'left' then 'unsubscribed' else 'active' end)::subscription_state,
        coalesce(nullif(w.at, '')::timestamptz, now()), ${ground}, ${importId}::bigint
      from taken t join welcome w on w."addressKey" = t.address_key
      on conflict do nothing returning subscriber_id, state, since
    ), proof as (
      insert into consents (newsletter_id, subscriber_id, given_at, ground, import_id)
      select ${newsletterId}, subscriber_id, since, ${ground}, ${importId}::bigint from joined where state = 'active'
    ), told as (
      select i.line, case
        when i.is_suppressed then 'suppressed'
        when i.standing = 'unconfirmed' then 'unconfirmed'
        when s.address_key is not null then 'struck'
        when i.state = 'unsubscribed' then 'left'
        when i.state is not null then 'alreadySubscribed'
        when i.standing = 'left' then 'leftElsewhere'
        else 'subscribed' end as outcome
      from input i left join struck s on s.address_key = i."addressKey"
    )
    select outcome, count(*)::int as count, (array_agg(line order by line))[1:3] as lines from told group by outcome`.execute(
    tx,
  );
  return rows;
}

export interface ImportRun {
  id: number;
  linesDone: number;
  /** What it had come to. */
  report: object;
}

/** The one that the same file has begun and not ended, or a new one. */
export async function beginImport(
  db: Database,
  run: { newsletterId: number; ground: string; by: string; at: Date; file: string; hash: string },
): Promise<ImportRun> {
  const { newsletterId, ground, by, at, file, hash } = run;
  const { rows: begun } = await sql<ImportRun>`
    select id, lines_done as "linesDone", report from imports
    where newsletter_id = ${newsletterId} and hash = ${hash} and state = 'running' order by id desc limit 1`.execute(
    db,
  );
  if (begun[0] !== undefined) return begun[0];
  const { rows } = await sql<ImportRun>`
    insert into imports (newsletter_id, ground, made_by, made_at, report, state, file, hash)
    values (${newsletterId}, ${ground}, ${by}, ${at}, '{}', 'running', ${file}, ${hash})
    returning id, lines_done as "linesDone", report`.execute(db);
  return rows[0] as ImportRun;
}

export async function keepProgress(db: Database, id: number, linesDone: number, report: object): Promise<void> {
  await sql`update imports set lines_done = ${linesDone}, report = ${JSON.stringify(report)}::jsonb where id = ${id}`.execute(
    db,
  );
}

export async function endImport(db: Database, id: number, report: { format: string }): Promise<void> {
  await sql`update imports set state = 'done', format = ${report.format}, report = ${JSON.stringify(report)}::jsonb
    where id = ${id}`.execute(db);
}

export interface Undone {
  subscriptions: number;
  subscribers: number;
  suppressions: number;
}

/** Takes back what an import brought and nobody has touched since. Undefined where there is nothing to undo. */
export async function undoImportRows(tx: Database, id: number): Promise<Undone | undefined> {
  const { numAffectedRows } =
    await sql`update imports set state = 'undone' where id = ${id} and state <> 'undone'`.execute(tx);
  if (numAffectedRows !== 1n) return undefined;
  const count = async (query: ReturnType<typeof sql>) => Number((await query.execute(tx)).numAffectedRows ?? 0);
  const subscriptions = await count(sql`delete from subscriptions where import_id = ${id}`);
  await count(sql`delete from consents where import_id = ${id}`);
  const suppressions = await count(sql`delete from suppressions where import_id = ${id}`);
  const subscribers = await count(sql`delete from subscribers p where import_id = ${id}
    and not exists (select from subscriptions s where s.subscriber_id = p.id)
    and not exists (select from consents c where c.subscriber_id = p.id)`);
  return { subscriptions, subscribers, suppressions };
}
