import { type Database, type RawBuilder, sql } from '../../platform/database/index.ts';
import { peopleOf } from './lines.ts';
import type { ImportSample, Outcome } from './report.ts';
import { STANDINGS, type Standing } from './row.ts';

// What becomes of the people of a list, and their being taken in: both by one query, so that a dry run says what a run does.

export interface MergeOf {
  importId: number;
  newsletterId: number;
  /** On what ground these people get mail, kept as their consent. */
  ground: string;
  /** May it say of somebody what holds beyond its newsletter: that they bounced, or what they are called? */
  wholeHouse: boolean;
}

export interface OutcomeCount {
  outcome: Outcome;
  count: number;
  /** The first lines of it. */
  samples: ImportSample[];
}

const is = (standing: Standing) => sql`i.standing = ${sql.lit(STANDINGS.indexOf(standing))}`;

/**
 * The people of some places, from `from` and below `to`, each with who they are here and what becomes of them. Nobody who has left, here
 * or there, is brought back; nobody on the suppression list is taken in; who is here and bounced elsewhere is our reader still, but a
 * complaint is one wherever it was made.
 */
function looked({ importId, newsletterId }: MergeOf, from: number, to: number) {
  return sql`
    select l.*, case
      when l.is_suppressed then 'suppressed'
      when ${sql.lit(STANDINGS.indexOf('unconfirmed'))} = l.standing then 'unconfirmed'
      when l.is_struck then 'struck'
      when l.state = 'unsubscribed' then 'left'
      when l.state is not null then 'alreadySubscribed'
      when ${sql.lit(STANDINGS.indexOf('left'))} = l.standing then 'leftElsewhere'
      else 'subscribed' end as outcome
    from (
      select i.*, p.id as subscriber_id, s.state,
        exists (select from suppressions x where x.address_key = i.key)
          or ((select exists (select from suppressed_hashes)) and exists (select from suppressed_hashes h
            where h.hash in (encode(sha256(convert_to(i.key, 'UTF8')), 'hex'), md5(i.key)))) as is_suppressed,
        ${is('complained')} or ((${is('bounced')} or ${is('blocked')}) and s.state is distinct from 'active') as is_struck
      from ${peopleOf(importId)} i
        left join subscribers p on p.address_key = i.key
        left join subscriptions s on s.subscriber_id = p.id and s.newsletter_id = ${newsletterId}
      where i.place >= ${from} and i.place < ${to}
    ) l`;
}

/** Of a table or a query that is read twice: how many there are of each outcome, and the first lines of it. */
const counted = (people: RawBuilder<unknown>) => sql<OutcomeCount>`
  select o.outcome, o.count, (select json_agg(s) from (
      select outcome, nullif(file, '') as file, line, address from ${people} i where i.outcome = o.outcome order by i.file, i.line limit 3) s
    ) as samples
  from (select outcome, count(*)::int as count from ${people} i group by outcome) o`;

/** What would become of them. */
export async function lookAtPeople(db: Database, of: MergeOf, from: number, to: number): Promise<OutcomeCount[]> {
  const { rows } = await sql<OutcomeCount>`
    with looked as materialized (${looked(of, from, to)}) ${counted(sql`looked`)}`.execute(db);
  return rows;
}

/** Takes them in. A name that we have is not replaced, and what somebody has here is not made less. */
export async function takePeople(tx: Database, of: MergeOf, from: number, to: number): Promise<OutcomeCount[]> {
  const { importId, newsletterId, ground, wholeHouse } = of;
  // In a table of its own, so that the planner knows how many there are of what, and joins accordingly.
  await sql`create temporary table step on commit drop as ${looked(of, from, to)}`.execute(tx);
  await sql`analyze step (key, subscriber_id, outcome)`.execute(tx);
  const { rows } = await sql<OutcomeCount>`
    with struck as (
      insert into suppressions (address_key, reason, detail, import_id)
      select i.key, case when ${is('complained')} then 'complaint' when ${is('bounced')} then 'unknown-mailbox' else 'manual' end,
        ${ground}, ${importId}::bigint
      from step i where i.outcome = 'struck' and ${wholeHouse} on conflict do nothing
    ), fresh as (
      insert into subscribers (address, address_key, domain, name, language, attributes, import_id)
      select i.address, i.key, split_part(i.key, '@', -1), i.name, i.language, i.attributes, ${importId}::bigint
      from step i where i.outcome in ('subscribed', 'leftElsewhere') and i.subscriber_id is null
      order by i.place on conflict do nothing returning id, address_key
    ), completed as (
      update subscribers p set name = coalesce(nullif(p.name, ''), i.name), language = coalesce(nullif(p.language, ''), i.language),
        attributes = p.attributes || i.attributes
      from step i where p.id = i.subscriber_id and i.outcome in ('subscribed', 'leftElsewhere', 'alreadySubscribed') and (${wholeHouse} or i.state is not null)
        and ((p.name = '' and i.name <> '') or (p.language = '' and i.language <> '') or not p.attributes @> i.attributes)
    ), joined as (
      insert into subscriptions (newsletter_id, subscriber_id, state, since, cause, topics, every_days, paused_until, import_id)
      select ${newsletterId}, coalesce(i.subscriber_id, f.id),
        (case i.outcome when 'leftElsewhere' then 'unsubscribed' else 'active' end)::subscription_state,
        coalesce(i.at, now()), ${ground}, i.topics, i.every_days, i.paused_until, ${importId}::bigint
      from step i left join fresh f on f.address_key = i.key
      where i.outcome in ('subscribed', 'leftElsewhere') and coalesce(i.subscriber_id, f.id) is not null
      order by i.place on conflict do nothing returning subscriber_id, state, since
    ), proof as (
      insert into consents (newsletter_id, subscriber_id, given_at, ground, import_id)
      select ${newsletterId}, subscriber_id, since, ${ground}, ${importId}::bigint from joined where state = 'active'
    )
    ${counted(sql`step`)}`.execute(tx);
  return rows;
}
