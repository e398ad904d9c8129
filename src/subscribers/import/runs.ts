import { type Database, type RawBuilder, sql } from '../../platform/database/index.ts';
import { type ImportReport, emptyReport, withoutPeople } from './report.ts';

// The imports' book: what was read, what is to be taken in, how far that is, and who has it in hand.

/** `ready`: read and looked at, and nothing more; `undone` also where it brought nothing. */
export type ImportState = 'reading' | 'ready' | 'running' | 'failed' | 'done' | 'undone';

export interface ImportRun {
  id: number;
  newsletterId: number;
  ground: string;
  madeBy: string;
  madeAt: Date;
  state: ImportState;
  /** What the file was called. */
  file: string;
  /** How many there are to take in, and how many of them are. */
  people: number;
  place: number;
  report: Partial<ImportReport>;
  /** Why it does not go on, where it does not. */
  problem: string;
  /** May it say of somebody what holds beyond its newsletter? */
  wholeHouse: boolean;
}

const COLUMNS = sql`id, newsletter_id as "newsletterId", ground, made_by as "madeBy", made_at as "madeAt", state, file, people, place, report,
  problem, whole_house as "wholeHouse"`;
const HELD = sql`now() + interval '2 minutes'`;

export async function insertImport(
  db: Database,
  run: { newsletterId: number; ground: string; by: string; at: Date; file: string; hash: string; wholeHouse: boolean },
): Promise<number> {
  const { newsletterId, ground, by, at, file, hash, wholeHouse } = run;
  const { rows } = await sql<{ id: number }>`
    insert into imports (newsletter_id, ground, made_by, made_at, report, state, file, hash, whole_house)
    values (${newsletterId}, ${ground}, ${by}, ${at}, '{}', 'reading', ${file}, ${hash}, ${wholeHouse}) returning id`.execute(
    db,
  );
  return rows[0]?.id as number;
}

/** True where it was there, and was not run. */
export async function deleteImport(tx: Database, id: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from imports where id = ${id} and state in ('reading', 'ready')`.execute(tx);
  return numAffectedRows === 1n;
}

export async function findImport(db: Database, id: number): Promise<ImportRun | undefined> {
  return (await sql<ImportRun>`select ${COLUMNS} from imports where id = ${id}`.execute(db)).rows[0];
}

/** The one that takes the same file in for the same newsletter, and was cut short or is under way. */
export async function findRunning(db: Database, newsletterId: number, hash: string): Promise<ImportRun | undefined> {
  const { rows } = await sql<ImportRun>`select ${COLUMNS} from imports
    where newsletter_id = ${newsletterId} and hash = ${hash} and state = 'running' order by id limit 1`.execute(db);
  return rows[0];
}

export async function setReady(tx: Database, id: number, people: number, report: ImportReport): Promise<void> {
  await sql`update imports set state = 'ready', people = ${people}, format = ${report.format}, report = ${JSON.stringify(report)}::jsonb
    where id = ${id} and state = 'reading'`.execute(tx);
}

export async function keepReport(db: Database, id: number, report: ImportReport): Promise<void> {
  await sql`update imports set report = ${JSON.stringify(report)}::jsonb where id = ${id}`.execute(db);
}

/** Of which a list is kept. */
export async function unfinishedImports(db: Database): Promise<ImportRun[]> {
  const { rows } = await sql<ImportRun>`
    select ${COLUMNS} from imports where state in ('reading', 'ready', 'running', 'failed')`.execute(db);
  return rows;
}

/** False where it is not ready. */
export async function startImport(
  tx: Database,
  id: number,
  { ground, report }: { ground: string; report: ImportReport },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update imports set state = 'running', place = 0, tries = 0, ground = ${ground}, report = ${JSON.stringify(report)}::jsonb
    where id = ${id} and state = 'ready'`.execute(tx);
  return numAffectedRows === 1n;
}

/** One that runs and that nobody has in hand, `id` or any; the holder's for two minutes from each look at it. */
export async function holdImport(db: Database, holder: string, id?: number): Promise<ImportRun | undefined> {
  const { rows } = await sql<ImportRun>`
    update imports set holder = ${holder}, held_until = ${HELD} where id = (
      select id from imports where state = 'running' and (held_until < now() or holder = ${holder})
        and ${id === undefined ? sql`true` : sql`id = ${id}`}
      order by held_until, id limit 1 for update skip locked) returning ${COLUMNS}`.execute(db);
  return rows[0];
}

const MOST_TRIES = 8;

/** A step failed: it is tried again later, each time later still, by whoever comes, and given up in the end. */
export async function putOffImport(db: Database, id: number, holder: string, problem: string): Promise<void> {
  await sql`update imports set tries = tries + 1, problem = ${problem},
      state = case when tries + 1 >= ${MOST_TRIES} then 'failed' else state end,
      held_until = now() + least(300, 2 ^ tries) * interval '1 second', holder = ''
    where id = ${id} and holder = ${holder} and state = 'running'`.execute(db);
}

export async function letGoOfImport(db: Database, id: number, holder: string): Promise<void> {
  await sql`update imports set held_until = '-infinity' where id = ${id} and holder = ${holder}`.execute(db);
}

/** Locks it for a step; undefined where it is undone by now, or somebody else's. */
export async function stepOfImport(tx: Database, id: number, holder: string): Promise<ImportRun | undefined> {
  const { rows } = await sql<ImportRun>`
    update imports set held_until = ${HELD} where id = ${id} and holder = ${holder} and state = 'running'
    returning ${COLUMNS}`.execute(tx);
  return rows[0];
}

export async function keepProgress(
  tx: Database,
  id: number,
  { place, report, isDone }: { place: number; report: ImportReport; isDone: boolean },
): Promise<void> {
  await sql`update imports set place = ${place}, report = ${JSON.stringify(report)}::jsonb,
      tries = 0, problem = '', state = case when ${isDone} then 'done' else state end where id = ${id}`.execute(tx);
}

export interface Undone {
  subscriptions: number;
  subscribers: number;
  suppressions: number;
}

/**
 * Takes back what an import brought and nobody has touched since; names and attributes that it gave to people who were here stay.
 * `mailed`: a query of the subscribers whom the ledger knows, who stay known. Undefined where there is nothing to undo.
 */
export async function undoImportRows(
  tx: Database,
  id: number,
  mailed: RawBuilder<unknown>,
): Promise<Undone | undefined> {
  const { rows } = await sql<{ report: ImportReport }>`
    update imports set state = 'undone' where id = ${id} and state in ('running', 'failed', 'done') returning report`.execute(
    tx,
  );
  if (rows[0] === undefined) return undefined;
  await keepReport(tx, id, withoutPeople({ ...emptyReport(), ...rows[0].report }));
  const count = async (query: ReturnType<typeof sql>) => Number((await query.execute(tx)).numAffectedRows ?? 0);
  const subscriptions = await count(sql`delete from subscriptions where import_id = ${id}`);
  await count(sql`delete from consents c where import_id = ${id} and not exists (
    select from subscriptions s where s.subscriber_id = c.subscriber_id and s.newsletter_id = c.newsletter_id)`);
  const suppressions = await count(sql`delete from suppressions where import_id = ${id}`);
  const subscribers = await count(sql`delete from subscribers p where import_id = ${id}
    and not exists (select from subscriptions s where s.subscriber_id = p.id)
    and not exists (select from consents c where c.subscriber_id = p.id) and p.id not in (${mailed})`);
  return { subscriptions, subscribers, suppressions };
}

/** The newest first. */
export async function pageOfImports(
  db: Database,
  {
    before,
    limit,
    newsletterIds,
  }: { before?: number | undefined; limit: number; newsletterIds?: number[] | undefined },
): Promise<ImportRun[]> {
  const { rows } = await sql<ImportRun>`select ${COLUMNS} from imports
    where state <> 'reading' and ${before === undefined ? sql`true` : sql`id < ${before}`}
      and ${newsletterIds === undefined ? sql`true` : sql`newsletter_id = any(${newsletterIds}::bigint[])`}
    order by id desc limit ${limit}`.execute(db);
  return rows;
}

/** Those that were read or looked at, and nothing came of it since. */
export async function importsLeft(db: Database, before: Date): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from imports where state in ('reading', 'ready') and made_at < ${before} order by id limit 100`.execute(
    db,
  );
  return rows.map(({ id }) => id);
}
