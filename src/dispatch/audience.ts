import { type Database, type RawBuilder, sql } from '../platform/database/index.ts';
import { forgetFigures } from './figures.ts';
import { CADENCES, type FilterContext, compileFilter, mailable, parseFilter } from '../subscribers/index.ts';

/** Recipients of one batch, and so of one job. */
export const BATCH_SIZE = 250;

export interface AudienceOf {
  editionId: number;
  newsletterId: number;
  hash: string;
  /** For a correction: the edition whose readers it goes to. */
  correctsEditionId: number | null;
  /** Editions of other newsletters, and which variant is for those who have had which of them: bits in their order. */
  others?: number[];
  variantOf?: Record<string, number>;
  /** Of the newsletter's readers those alone of whom this is so: a condition over `mailable`'s aliases. */
  only?: RawBuilder<boolean> | undefined;
}

/**
 * Freezes the audience of an edition into its own partition of the ledger, in one statement for all rows. The partition is
 * filled before it is attached, so that others never wait for it, and gets its key when it is full, which is sorting rather
 * than searching. Returns the audience's size. Once an edition; in the transaction that starts the send.
 */
export async function freezeAudience(db: Database, audience: AudienceOf): Promise<number> {
  const { editionId } = audience;
  const id = sql.raw(String(Number(editionId)));
  const partition = partitionOf(editionId);
  await sql`create table ${partition} (like deliveries including defaults, check (edition_id = ${id})) with (fillfactor = 60)`.execute(
    db,
  );
  const whom = await whomOf(db, audience);
  const size = isWhole(audience) ? await fill(db, audience, whom) : await fillByVariant(db, audience, whom);
  await sql`alter table ${partition} add primary key (edition_id, batch, subscriber_id)`.execute(db);
  // In the order of subscribers, within a variant: where somebody's row is, is found without an index of millions.
  await sql`create index on ${partition} using brin (subscriber_id) with (pages_per_range = 16)`.execute(db);
  await sql`analyze ${partition}`.execute(db);
  await sql`alter table deliveries attach partition ${partition} for values in (${id})`.execute(db);
  if (isWhole(audience))
    await sql`insert into batches (edition_id, batch, due_at)
      select ${editionId}, n, now() from generate_series(0, ${Math.ceil(size / BATCH_SIZE) - 1}) n`.execute(db);
  return size;
}

/** Of an edition that is not for all readers, for whom: what `only` wants. Undefined for all. Throws `input-invalid` for what is no filter. */
export function conditionOf(
  audience: { filter: string } | null | undefined,
  newsletter: FilterContext | undefined,
): RawBuilder<boolean> | undefined {
  if (!audience) return undefined;
  return compileFilter(parseFilter(audience.filter), newsletter ?? { language: '', timeZone: 'UTC' });
}

type Whom = Pick<AudienceOf, 'newsletterId' | 'correctsEditionId' | 'only'>;

/** Whoever had what was wrong gets what is right, however seldom they want to hear from us. */
async function whomOf(db: Database, { newsletterId, correctsEditionId, only = sql`true` }: Whom) {
  return correctsEditionId === null
    ? sql`${mailable(newsletterId)} and ${only} and ${isTheirTurn(await sentLately(db, newsletterId))}`
    : sql`${mailable(newsletterId)} and p.id in (${reachedBy(Number(correctsEditionId))})`;
}

/** Whom an edition would go to now, by recipient domain: as its audience would be frozen, or, where it has begun, who is left over. */
export async function audienceByDomain(
  db: Database,
  audience: Whom & { editionId: number; hasBegun: boolean },
): Promise<{ domain: string; count: number }[]> {
  const whom = audience.hasBegun
    ? sql`select address from deliveries where edition_id = ${audience.editionId} and ${LEFT_OVER}`
    : await whomOf(db, audience);
  const { rows } = await sql<{ domain: string; count: number }>`
    select split_part(m.address, '@', -1) as domain, count(*)::int as count from (${whom}) m group by 1`.execute(db);
  return rows;
}

/** Of a stopped edition. */
const LEFT_OVER = sql`((state = 'withdrawn' and cause = 'stopped') or state in ('planned', 'deferred'))`;

/** Editions that the longest cadence still counts, corrections aside. */
async function sentLately(db: Database, newsletterId: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from editions where newsletter_id = ${newsletterId} and corrects_edition_id is null
      and started_at > now() - ${Math.max(...CADENCES)} * interval '1 day'`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Whoever wants one in so many days has had none in them; half a day early is in time, as no send begins to the minute. The editions
 * stand in the statement as numbers, so that their partitions alone are read, once.
 */
function isTheirTurn(editions: number[]) {
  if (editions.length === 0) return sql`true`;
  return sql`not exists (
    select from deliveries d join editions e on e.id = d.edition_id
    where d.edition_id in (${sql.raw(editions.map(Number).join(', '))}) and d.subscriber_id = s.subscriber_id
      and s.every_days > 0 and e.started_at > now() - s.every_days * interval '1 day' + interval '12 hours'
      and d.state not in ('withdrawn', 'refused', 'expired'))`;
}

function isWhole({ others = [] }: AudienceOf): boolean {
  return others.length === 0;
}

async function fill(db: Database, { editionId, hash }: AudienceOf, whom: RawBuilder<unknown>): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into ${partitionOf(editionId)} (edition_id, batch, subscriber_id, address, name, hash)
    select ${editionId}, (row_number() over (order by m.subscriber_id) - 1) / ${BATCH_SIZE}, m.subscriber_id, m.address, m.name, ${hash}
    from (${whom}) m`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** By what each reader has had of the other editions; a batch is of one variant. One statement, and so one moment. */
async function fillByVariant(db: Database, audience: AudienceOf, whom: RawBuilder<unknown>): Promise<number> {
  const { editionId, hash, others = [], variantOf = {} } = audience;
  const bits = others.map(
    (other, bit) => sql`(exists (select from deliveries d where d.edition_id = ${Number(other)}
      and d.subscriber_id = m.subscriber_id and d.state in ('accepted', 'uncertain', 'handing')))::int * ${2 ** bit}`,
  );
  const { rows } = await sql<{ count: number }>`
    with readers as materialized (
      select m.subscriber_id, m.address, m.name,
        coalesce((${JSON.stringify(variantOf)}::jsonb ->> (${sql.join(bits, sql` + `)})::text)::int, 0) as variant
      from (${whom}) m
    ), sizes as (
      select variant, (count(*) + ${BATCH_SIZE} - 1) / ${BATCH_SIZE} as batches from readers group by variant
    ), firsts as (
      select variant, sum(batches) over (order by variant) - batches as first from sizes
    ), numbered as materialized (
      select r.*, f.first + (row_number() over (partition by r.variant order by r.subscriber_id) - 1) / ${BATCH_SIZE} as batch
      from readers r join firsts f on f.variant = r.variant
    ), filled as (
      insert into ${partitionOf(editionId)} (edition_id, batch, subscriber_id, address, name, hash)
      select ${editionId}, batch, subscriber_id, address, name, ${hash} from numbered returning 1
    ), announced as (
      insert into batches (edition_id, batch, due_at, variant) select distinct ${editionId}::bigint, batch::int, now(), variant from numbered
    )
    select count(*)::int as count from filled`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Which of these editions have reached, or may have reached, somebody: a bit for each, in their order. */
export async function maskOf(db: Database, editionIds: number[], subscriberId: number): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select edition_id as id from deliveries where edition_id = any(${editionIds}::bigint[])
      and subscriber_id = ${subscriberId} and state in ('accepted', 'uncertain', 'handing')`.execute(db);
  const had = new Set(rows.map(({ id }) => id));
  return editionIds.reduce((bits, id, at) => bits + (had.has(id) ? 2 ** at : 0), 0);
}

/** The edition's own table: a statement on it does not have to look past all others. */
export function partitionOf(editionId: number) {
  return sql.raw(`deliveries_${Number(editionId)}`);
}

/**
 * Whom an edition has reached, or may have, with what was wrong: all of them, or, where it was stopped and then went on with
 * another revision, those who got an earlier one.
 */
function reachedBy(editionId: number) {
  const standing = sql`(select a.hash from approvals a where a.edition_id = ${editionId} and a.withdrawn_at is null)`;
  return sql`
    select d.subscriber_id from deliveries d
    where d.edition_id = ${editionId} and d.state in ('accepted', 'uncertain', 'handing')
      and (d.hash is distinct from ${standing} or not exists (
          select from approvals a where a.edition_id = ${editionId} and a.withdrawn_at is not null
            and a.hash is distinct from ${standing}
            and exists (select from deliveries x where x.edition_id = ${editionId} and x.hash = a.hash)
        ))`;
}

/**
 * A stopped edition goes on with another revision: whoever was left over is planned again, under its hash; whoever a worker has
 * given back since the stop is left over, too. Returns how many.
 */
export async function planRemaining(db: Database, editionId: number, hash: string): Promise<number> {
  const { numAffectedRows } = await sql`
    update deliveries set state = 'planned', cause = null, reason = null, settled_at = null, due_at = null, tried_at = null, hash = ${hash}
    where edition_id = ${editionId} and ${LEFT_OVER}`.execute(db);
  // What is corrected goes out whole.
  await sql`update batches set variant = 0 where edition_id = ${editionId}`.execute(db);
  await reopenBatches(db, editionId);
  return Number(numAffectedRows ?? 0);
}

/** A stopped edition: whoever has not been reached will not be. */
export async function withdrawRemaining(db: Database, editionId: number): Promise<void> {
  await sql`update deliveries set state = 'withdrawn', cause = 'stopped', reason = null, settled_at = now(), due_at = null
    where edition_id = ${editionId} and state in ('planned', 'deferred')`.execute(db);
  await forgetFigures(db, editionId);
}

/** Sets when each batch that nobody holds is due, from its rows. */
export async function reopenBatches(db: Database, editionId: number): Promise<void> {
  await forgetFigures(db, editionId);
  await sql`
    update batches b set due_at = r.due_at
    from batches x left join (
      select batch, min(case when state = 'handing' then now() else coalesce(due_at, now()) end) as due_at
      from deliveries where edition_id = ${editionId} and state in ('planned', 'deferred', 'handing') group by batch
    ) r on r.batch = x.batch
    where x.edition_id = ${editionId} and b.edition_id = x.edition_id and b.batch = x.batch and b.claim is null`.execute(
    db,
  );
}
