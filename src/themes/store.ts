import { type Database, sql } from '../platform/database/index.ts';
import { RoundupError } from '../platform/errors.ts';
import { BUILT_IN, PLAIN_DESIGN, type ThemeDesign, type ThemeSource, designSchema, themeSource } from './theme.ts';

export interface ThemeRevision {
  revision: number;
  madeBy: string;
  madeAt: Date;
  change: string;
}

export interface KeptTheme {
  name: string;
  /** 0: as it comes with the program. */
  revision: number;
  design: ThemeDesign;
  /** What is being made of it, and is in no mail yet. */
  working: ThemeDesign | null;
}

const AS_IT_COMES: KeptTheme = { name: BUILT_IN, revision: 0, design: PLAIN_DESIGN, working: null };

interface Row {
  name: string;
  revision: number;
  design: unknown;
  working: unknown;
}

const ROWS = sql`select t.name, t.revision, r.design, t.working from themes t
  left join theme_revisions r on r.theme = t.name and r.revision = t.revision`;

export async function listThemes(db: Database): Promise<KeptTheme[]> {
  const { rows } = await sql<Row>`${ROWS} order by t.name`.execute(db);
  const kept = rows.map(toTheme);
  return kept.some(({ name }) => name === BUILT_IN) ? kept : [AS_IT_COMES, ...kept];
}

/** Throws `not-found` with the themes that there are. */
export async function getTheme(db: Database, name: string): Promise<KeptTheme> {
  const { rows } = await sql<Row>`${ROWS} where t.name = ${name}`.execute(db);
  const [row] = rows;
  if (row !== undefined) return toTheme(row);
  if (name === BUILT_IN) return AS_IT_COMES;
  const names = (await listThemes(db)).map((theme) => theme.name);
  throw new RoundupError('not-found', `There is no theme "${name}".`, { hint: `There are: ${names.join(', ')}` });
}

/** As mails are rendered with it: what is in use, or with `working` what is being made of it. */
export async function readTheme(db: Database, name: string, { working = false } = {}): Promise<ThemeSource> {
  const theme = await getTheme(db, name);
  const design = working ? (theme.working ?? theme.design) : theme.design;
  return themeSource(name, design);
}

/** A name of its own for a design. False where the name is taken. */
export async function insertTheme(db: Database, name: string, working: ThemeDesign): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into themes (name, revision, working) values (${name}, 0, ${JSON.stringify(working)}::jsonb) on conflict do nothing`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

/** Null throws it away. */
export async function keepWorking(db: Database, name: string, working: ThemeDesign | null): Promise<void> {
  const value = working === null ? null : JSON.stringify(working);
  await sql`insert into themes (name, revision, working) values (${name}, 0, ${value}::jsonb)
    on conflict (name) do update set working = excluded.working`.execute(db);
}

/** Puts a design in use, as a new revision. Returns its number. */
export async function insertThemeRevision(
  db: Database,
  name: string,
  design: ThemeDesign,
  made: { by: string; at: Date; change: string },
): Promise<number> {
  const { rows } = await sql<{ revision: number }>`
    insert into themes (name, revision) values (${name}, 1)
    on conflict (name) do update set revision = themes.revision + 1, working = null returning revision`.execute(db);
  const revision = rows[0]?.revision ?? 1;
  await sql`insert into theme_revisions (theme, revision, design, made_by, made_at, change)
    values (${name}, ${revision}, ${JSON.stringify(design)}::jsonb, ${made.by}, ${made.at}, ${made.change})`.execute(
    db,
  );
  return revision;
}

export async function listThemeRevisions(db: Database, name: string): Promise<ThemeRevision[]> {
  const { rows } = await sql<ThemeRevision>`
    select revision, made_by as "madeBy", made_at as "madeAt", change from theme_revisions
    where theme = ${name} order by revision desc limit 200`.execute(db);
  return rows;
}

/** A theme's design at a revision; 0 is as it comes. Throws `not-found`. */
export async function designAt(db: Database, name: string, revision: number): Promise<ThemeDesign> {
  if (revision === 0) return PLAIN_DESIGN;
  const { rows } = await sql<{ design: unknown }>`
    select design from theme_revisions where theme = ${name} and revision = ${revision}`.execute(db);
  if (rows[0] === undefined) throw new RoundupError('not-found', `The theme ${name} has no revision ${revision}.`);
  return designSchema.parse(rows[0].design);
}

function toTheme({ name, revision, design, working }: Row): KeptTheme {
  return {
    name,
    revision,
    design: design === null ? PLAIN_DESIGN : designSchema.parse(design),
    working: working === null ? null : designSchema.parse(working),
  };
}
