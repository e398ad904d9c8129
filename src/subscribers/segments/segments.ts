import { type Database, type RawBuilder, sql } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { mailable } from '../store.ts';
import { type FilterContext, asksForStatus, compileFilter } from './compile.ts';
import { FIELDS, type Filter, conditionsOf } from './filter.ts';

/** A part of a newsletter's readers, by what is known of them when it is asked. */
export interface Segment {
  id: number;
  newsletterId: number;
  /** In a few words; unique within the newsletter, capitals aside. */
  name: string;
  /** In its usual form. */
  filter: string;
  madeBy: string;
  changedAt: Date;
}

const COLUMNS = sql`id, newsletter_id as "newsletterId", name, filter, made_by as "madeBy", changed_at as "changedAt"`;

export async function listSegments(db: Database, newsletterId: number): Promise<Segment[]> {
  const { rows } = await sql<Segment>`
    select ${COLUMNS} from segments where newsletter_id = ${newsletterId} order by lower(name)`.execute(db);
  return rows;
}

export async function findSegment(db: Database, id: number): Promise<Segment | undefined> {
  return (await sql<Segment>`select ${COLUMNS} from segments where id = ${id}`.execute(db)).rows[0];
}

/** By its name, capitals aside. */
export async function saveSegment(
  db: Database,
  { newsletterId, name, filter, by, at }: { newsletterId: number; name: string; filter: string; by: string; at: Date },
): Promise<Segment> {
  const { rows } = await sql<Segment>`
    insert into segments (newsletter_id, name, filter, made_by, changed_at)
    values (${newsletterId}, ${name}, ${filter}, ${by}, ${at})
    on conflict (newsletter_id, lower(name)) do update set name = excluded.name, filter = excluded.filter, made_by = excluded.made_by,
      changed_at = excluded.changed_at returning ${COLUMNS}`.execute(db);
  return rows[0] as Segment;
}

export async function deleteSegment(db: Database, id: number): Promise<boolean> {
  return (await sql`delete from segments where id = ${id}`.execute(db)).numAffectedRows === 1n;
}

/** Throws `input-invalid` for a status, a topic or a newsletter that there is not: a filter that means nobody is a slip. */
export async function checkFilter(
  db: Database,
  newsletterId: number,
  filter: Filter,
  visible?: number[],
): Promise<void> {
  const { rows } = await sql<{ field: string; choice: string }>`
    select 'newsletter' as field, slug as choice from newsletters
      where ${visible === undefined ? sql`true` : sql`id = any(${visible}::bigint[])`}
    union all select 'topic', t.value ->> 'key' from newsletters n, jsonb_array_elements(n.settings -> 'topics') t where n.id = ${newsletterId}
    union all select 'language', unnest(array['en', 'es', 'fr', 'ar'])`.execute(db);
  for (const { field, values } of conditionsOf(filter)) {
    if (FIELDS[field]?.kind !== 'choice') continue;
    const choices = FIELDS[field].choices ?? rows.filter((row) => row.field === field).map(({ choice }) => choice);
    const unknown = values.find((value) => !choices.includes(value.toLowerCase()));
    if (unknown === undefined) continue;
    throw new RoundupError('input-invalid', `There is no ${field} “${unknown}”.`, {
      hint: choices.length === 0 ? `This newsletter has no ${field}s.` : `There are: ${choices.join(', ')}`,
    });
  }
}

interface CountOf {
  newsletterId: number;
  filter: Filter;
  context: FilterContext;
  /** Those alone who may be mailed, whatever the filter asks. */
  mayBeMailed?: boolean;
}

/** Who is meant: of those who may be mailed, or, where it asks for a status, of all. */
export function membersOf(
  { newsletterId, filter, context, mayBeMailed = false }: CountOf,
  from?: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const subscriptions = from ?? sql`subscriptions`;
  const condition = compileFilter(filter, context);
  return asksForStatus(filter) && !mayBeMailed
    ? sql`select p.id as subscriber_id, p.address, p.name from ${subscriptions} s join subscribers p on p.id = s.subscriber_id
        where s.newsletter_id = ${newsletterId} and ${condition}`
    : sql`${mailable(newsletterId, subscriptions)} and ${condition}`;
}

export async function countMembers(db: Database, of: CountOf): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from (${membersOf(of)}) m`.execute(db);
  return rows[0]?.count ?? 0;
}

const SAMPLE = 20_000;

/** About how many, at once whatever the size of the list, from a sample of it; exact where the list is short. */
export async function estimateMembers(db: Database, of: CountOf): Promise<{ count: number; isExact: boolean }> {
  const { rows } = await sql<{ rows: number }>`
    select greatest(reltuples, 0)::float8 as rows from pg_class where oid = 'subscriptions'::regclass`.execute(db);
  const all = rows[0]?.rows ?? 0;
  if (all < 2 * SAMPLE) return { count: await countMembers(db, of), isExact: true };
  const percent = (100 * SAMPLE) / all;
  // Repeatable: asked again, the same is answered.
  const { rows: found } = await sql<{ count: number; own: number; seen: number }>`
    with seen as materialized (
      select * from subscriptions tablesample system (${sql.lit(percent)}) repeatable (7)
    )
    select (select count(*) from (${membersOf(of, sql`seen`)}) m)::int as count,
      (select count(*) from seen where newsletter_id = ${of.newsletterId})::int as own, (select count(*) from seen)::int as seen`.execute(
    db,
  );
  const { count = 0, own = 0, seen = 0 } = found[0] ?? {};
  // Of a small newsletter beside large ones a sample says nothing, and it is counted at once.
  if (own < SAMPLE / 20) return { count: await countMembers(db, of), isExact: true };
  return { count: Math.round((count * all) / Math.max(seen, 1)), isExact: false };
}

/** The first of them, for a look. */
export async function firstMembers(
  db: Database,
  of: CountOf,
  limit: number,
): Promise<{ id: number; address: string; name: string }[]> {
  const { rows } = await sql<{ id: number; address: string; name: string }>`
    select m.subscriber_id as id, m.address, m.name from (${membersOf(of)}) m order by m.subscriber_id limit ${limit}`.execute(
    db,
  );
  return rows;
}
