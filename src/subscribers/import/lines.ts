import { type Database, type RawBuilder, sql } from '../../platform/database/index.ts';

// What is read of a list stands in a table of its own until it is taken in: first line by line, then person by person, in the order of
// addresses, so that whoever takes it in touches each page of the indexes once, and can go on at a place after a crash.

/** A line that has an address. */
export interface ListLine {
  line: number;
  /** Which of the files of an archive; empty where there is one. */
  file: string;
  address: string;
  key: string;
  name: string;
  language: string;
  /** Its place in STANDINGS. */
  standing: number;
  /** ISO 8601, or null. */
  at: string | null;
  topics: string[];
  everyDays: number;
  pausedUntil: string | null;
  attributes: Record<string, string>;
}

export function peopleOf(importId: number): RawBuilder<unknown> {
  return sql.raw(nameOf(importId, 'people'));
}

function linesOf(importId: number): RawBuilder<unknown> {
  return sql.raw(nameOf(importId, 'lines'));
}

function nameOf(importId: number, what: 'people' | 'lines'): string {
  return `import_${Number(importId)}_${what}`;
}

export async function openLines(db: Database, importId: number): Promise<void> {
  await sql`create table ${linesOf(importId)} (line int not null, file text not null, address text not null, key text not null,
    name text not null, language text not null, standing smallint not null, at timestamptz, topics text[] not null,
    every_days int not null, paused_until timestamptz, attributes jsonb not null)`.execute(db);
}

export async function insertLines(db: Database, importId: number, lines: ListLine[]): Promise<void> {
  await sql`insert into ${linesOf(importId)}
    select * from json_to_recordset(${JSON.stringify(lines)}::json) as r(line int, file text, address text, key text, name text,
      language text, standing smallint, at timestamptz, topics text[], "everyDays" int, "pausedUntil" timestamptz, attributes jsonb)`.execute(
    db,
  );
}

/** All lines are in: of each person the gravest counts. Returns how many people there are. */
export async function closeLines(tx: Database, importId: number): Promise<number> {
  await sql`set local work_mem = '64MB'`.execute(tx);
  await sql`create table ${peopleOf(importId)} as
    select row_number() over (order by key collate "C")::int as place, p.* from (
      select distinct on (key collate "C") * from ${linesOf(importId)} order by key collate "C", standing desc, file, line) p`.execute(
    tx,
  );
  await sql`alter table ${peopleOf(importId)} add primary key (place)`.execute(tx);
  await sql`drop table ${linesOf(importId)}`.execute(tx);
  const { rows } = await sql<{ people: number }>`
    select coalesce(max(place), 0) as people from ${peopleOf(importId)}`.execute(tx);
  await sql`analyze ${peopleOf(importId)}`.execute(tx);
  return rows[0]?.people ?? 0;
}

/** True where it was there. */
export async function deletePerson(tx: Database, importId: number, key: string): Promise<boolean> {
  let count = 0n;
  for (const what of ['lines', 'people'] as const) {
    const name = nameOf(importId, what);
    const { rows } = await sql<{ is: boolean }>`select to_regclass(${name}) is not null as is`.execute(tx);
    if (rows[0]?.is !== true) continue;
    count += (await sql`delete from ${sql.raw(name)} where key = ${key}`.execute(tx)).numAffectedRows ?? 0n;
  }
  return count > 0n;
}

export async function dropLines(db: Database, importId: number): Promise<void> {
  await sql`drop table if exists ${linesOf(importId)}, ${peopleOf(importId)}`.execute(db);
}
