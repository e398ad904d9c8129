import type { Edition } from '../editions/index.ts';
import { type Database, forgetCounts, keptCounts, recentCount, sql } from '../platform/database/index.ts';
import type { Sums } from './delivery.ts';
import { type DomainSums, type Reason, asSums, reasonsOf, sumsByDomain, sumsOf } from './sums.ts';

// An edition's figures for those who look at it. Each is a sum over the ledger, of the moment that stands beside it.

export interface Details {
  /** The largest recipient domains. */
  domains: DomainSums[];
  /** Why mails were not accepted, the most frequent first. */
  reasons: Reason[];
  /** How the send went on. */
  course: CoursePoint[];
  /** Nobody was left to be reached. */
  isOver: boolean;
}

/** What had been settled by an instant. */
export interface CoursePoint {
  /** Seconds since the first mail was settled. */
  seconds: number;
  accepted: number;
  /** Refused, expired, uncertain, withdrawn, or put off. */
  other: number;
}

const MOST_ROWS = 12;
const POINTS = 60;
const NOTHING = asSums([]);
const NO_DETAILS: Details = { domains: [], reasons: [], course: [], isOver: false };

export type SumsOf = Pick<Edition, 'id' | 'state' | 'startedAt' | 'finishedAt'>;

/** The sums of an edition that may be some seconds old where it is large; all zero before it begins. */
export async function recentSums(db: Database, edition: SumsOf): Promise<{ value: Sums; at: Date }> {
  if (edition.startedAt === null) return { value: NOTHING, at: new Date() };
  const options = { overSince: overSince(edition), isFinal: isSettled };
  return recentCount(db, `ledger/${edition.id}/sums`, () => sumsOf(db, edition.id), options);
}

/** The sums of several, in one look for those that are over for good. */
export async function sumsOfMany(db: Database, editions: SumsOf[]): Promise<Map<number, Sums>> {
  const over = editions.filter((edition) => overSince(edition) !== null);
  const kept = await keptCounts<Sums>(
    db,
    over.map(({ id }) => `ledger/${id}/sums`),
  );
  const sums = new Map<number, Sums>();
  for (const edition of editions) {
    const known = kept.get(`ledger/${edition.id}/sums`);
    const since = overSince(edition);
    const isGood = known !== undefined && since !== null && known.at > since && isSettled(known.value);
    sums.set(edition.id, isGood ? known.value : (await recentSums(db, edition)).value);
  }
  return sums;
}

/** By domain, by cause, the course. `oldMs`: how old they may be where counting takes long. */
export async function recentDetails(
  db: Database,
  edition: SumsOf,
  { oldMs = 0 } = {},
): Promise<{ value: Details; at: Date }> {
  if (edition.startedAt === null) return { value: NO_DETAILS, at: new Date() };
  const count = async () => {
    const isOver = isSettled(await sumsOf(db, edition.id));
    return {
      domains: await sumsByDomain(db, edition.id, MOST_ROWS),
      reasons: await reasonsOf(db, edition.id, MOST_ROWS),
      course: await courseOf(db, edition.id),
      isOver,
    };
  };
  const options = { overSince: overSince(edition), isFinal: ({ isOver }: Details) => isOver, oldMs };
  return recentCount(db, `ledger/${edition.id}/details`, count, options);
}

/** The ledger's rows were changed by more than its workers: it is counted anew. */
export async function forgetFigures(db: Database, editionId: number): Promise<void> {
  await forgetCounts(db, `ledger/${Number(editionId)}/`);
}

/** Nobody is left to be reached, nor on the way. */
function isSettled({ planned, handing, deferred }: Sums): boolean {
  return planned + handing + deferred === 0;
}

function overSince({ state, finishedAt }: SumsOf): Date | null {
  return state === 'sent' || state === 'stopped' ? finishedAt : null;
}

/** In equal steps from the first mail that was settled to the last. */
async function courseOf(db: Database, editionId: number): Promise<CoursePoint[]> {
  const { rows } = await sql<{ seconds: number; accepted: number; other: number }>`
    with settled as (
      select extract(epoch from settled_at)::float8 as at, state = 'accepted' as accepted
      from deliveries where edition_id = ${editionId} and settled_at is not null
    ), ends as (
      select min(at) as first, greatest(max(at) - min(at), 0.001) as length from settled
    )
    select ends.length * (least(floor((at - first) / ends.length * ${POINTS})::int, ${POINTS - 1}) + 1) / ${POINTS} as seconds,
      count(*) filter (where accepted)::int as accepted, count(*) filter (where not accepted)::int as other
    from settled, ends group by 1, ends.length order by 1`.execute(db);
  let [accepted, other] = [0, 0];
  return rows.map((row) => ({
    seconds: row.seconds,
    accepted: (accepted += row.accepted),
    other: (other += row.other),
  }));
}
