import { parseDomain } from '../../lib/addresses.ts';
import { type RawBuilder, sql } from '../../platform/database/index.ts';
import { type Condition, type Filter, conditionsOf } from './filter.ts';

// A filter as SQL, over the aliases of `mailable`: `p` the subscriber, `s` the subscription. Whatever somebody has written is a parameter;
// the names of columns are ours.

/** What a filter's words are about. */
export interface FilterContext {
  language: string;
  timeZone: string;
}

export function compileFilter(filter: Filter, context: FilterContext): RawBuilder<boolean> {
  if ('any' in filter)
    return sql`(${sql.join(
      filter.any.map((one) => compileFilter(one, context)),
      sql` or `,
    )})`;
  if ('all' in filter)
    return sql`(${sql.join(
      filter.all.map((one) => compileFilter(one, context)),
      sql` and `,
    )})`;
  // What is not known is not so: "not attributes.plan is gold" is true of whoever has no plan.
  if ('not' in filter) return sql`((${compileFilter(filter.not, context)}) is not true)`;
  return compileCondition(filter, context);
}

/** Does it ask for a status? Then it is about all that a newsletter has, else about whoever may be mailed. */
export function asksForStatus(filter: Filter): boolean {
  return conditionsOf(filter).some(({ field }) => field === 'status');
}

function compileCondition(condition: Condition, context: FilterContext): RawBuilder<boolean> {
  const { field, values } = condition;
  const lower = values.map((value) => value.toLowerCase());
  switch (field) {
    case 'status':
      return sql`(${sql.join(lower.map(statusIs), sql` or `)})`;
    case 'newsletter':
      return sql`exists (select from subscriptions o join newsletters n on n.id = o.newsletter_id
        where o.subscriber_id = p.id and o.state = 'active' and n.slug = any(${lower}::text[]))`;
    case 'topic':
      return sql`(cardinality(s.topics) = 0 or s.topics && ${lower}::text[])`;
    case 'language':
      return sql`split_part(lower(coalesce(nullif(p.language, ''), ${context.language}::text)), '-', 1) = any(${lower}::text[])`;
    case 'cadence':
      return sql`s.every_days::text = any(${values}::text[])`;
    case 'subscribed':
      return compileDate(sql`s.since`, condition, context);
    case 'known':
      return compileDate(sql`p.created_at`, condition, context);
    case 'address':
      return compileText(sql`p.address_key`, condition);
    case 'domain':
      return compileText(sql`p.domain`, { ...condition, values: values.map((value) => parseDomain(value) ?? value) });
    case 'name':
      return compileText(sql`nullif(p.name, '')`, condition);
    default:
      return compileText(sql`(p.attributes ->> ${field.slice('attributes.'.length)}::text)`, condition);
  }
}

function statusIs(status: string): RawBuilder<boolean> {
  const suppressed = sql`exists (select from suppressions x where x.address_key = p.address_key)`;
  if (status === 'suppressed') return sql`${suppressed}`;
  if (status === 'paused') return sql`(s.state = 'active' and s.paused_until > now())`;
  if (status === 'active')
    return sql`(s.state = 'active' and (s.paused_until is null or s.paused_until <= now()) and not ${suppressed})`;
  return sql`s.state::text = ${status}::text`;
}

/** A date is a day where the newsletter is. */
function compileDate(
  column: RawBuilder<unknown>,
  { op, values: [value = ''] }: Condition,
  { timeZone }: FilterContext,
): RawBuilder<boolean> {
  if (op === 'last') return sql`${column} > now() - ${Number(value)} * interval '1 day'`;
  const begins = sql`(${value}::timestamp at time zone ${timeZone}::text)`;
  const ends = sql`((${value}::timestamp + interval '1 day') at time zone ${timeZone}::text)`;
  switch (op) {
    case 'before':
      return sql`${column} < ${begins}`;
    case 'after':
      return sql`${column} >= ${ends}`;
    case 'since':
      return sql`${column} >= ${begins}`;
    default:
      return sql`(${column} >= ${begins} and ${column} < ${ends})`;
  }
}

const NUMBER = '^-?[0-9]{1,15}(\\.[0-9]{1,15})?$';

const lower = (text: string) => sql`lower(${text}::text)`;

/**
 * Without regard to capitals, which the database alone makes small, on both sides. What compares compares numbers where both are numbers,
 * else text, in the order of characters.
 */
function compileText(column: RawBuilder<unknown>, { op, values }: Condition): RawBuilder<boolean> {
  const plain = values.map((value) => value.normalize('NFC'));
  const [value = ''] = plain;
  const like = value.replace(/[\\%_]/g, '\\$&');
  switch (op) {
    case 'set':
      return sql`coalesce(${column}, '') <> ''`;
    case 'is':
      return sql`lower(${column}) = any(select lower(v) from unnest(${plain}::text[]) v)`;
    case 'contains':
      return sql`lower(${column}) like ${lower(`%${like}%`)}`;
    case 'begins':
      return sql`lower(${column}) like ${lower(`${like}%`)}`;
    case 'ends':
      return sql`lower(${column}) like ${lower(`%${like}`)}`;
    default: {
      const sign = sql.raw({ '<': '<', '<=': '<=', '>': '>', '>=': '>=' }[op as '<'] ?? '=');
      return new RegExp(NUMBER).test(value)
        ? sql`(case when ${column} ~ ${NUMBER} then ${column}::numeric ${sign} ${value}::numeric end)`
        : sql`lower(${column}) collate "C" ${sign} ${lower(value)}`;
    }
  }
}
