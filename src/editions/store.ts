import { originNow } from '../audit/index.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { type Choice, type Edition, type EditionContent, type EditionState, OPEN_STATES } from './edition.ts';
import type { Proposed } from './recompose.ts';

const COLUMNS = sql`id, newsletter_id as "newsletterId", number, state, slot_at as "slotAt", window_from as "windowFrom",
  window_to as "windowTo", revision, release_at as "releaseAt", started_at as "startedAt", finished_at as "finishedAt",
  retried_at as "retriedAt", corrects_edition_id as "correctsEditionId", created_at as "createdAt",
  missed_at as "missedAt"`;

export interface NewEdition {
  newsletterId: number;
  slotAt: Date | null;
  windowFrom: Date;
  windowTo: Date;
  createdAt: Date;
  correctsEditionId?: number;
}

/** Numbers count up within a newsletter; the lock on its row makes two callers take turns. */
export async function insertEdition(db: Database, edition: NewEdition): Promise<Edition> {
  await sql`select from newsletters where id = ${edition.newsletterId} for update`.execute(db);
  const { rows } = await sql<Edition>`
    insert into editions (newsletter_id, number, slot_at, window_from, window_to, created_at, corrects_edition_id)
    select ${edition.newsletterId}, coalesce(max(number), 0) + 1, ${edition.slotAt}, ${edition.windowFrom},
      ${edition.windowTo}, ${edition.createdAt}, ${edition.correctsEditionId ?? null}::bigint
    from editions where newsletter_id = ${edition.newsletterId}
    returning ${COLUMNS}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return row;
}

/** Counts an edition's revision up; what was approved is a draft again, what is in review stays so. Undefined where it is past being changed. */
export async function nextRevision(db: Database, id: number): Promise<Edition | undefined> {
  const { rows } = await sql<Edition>`
    update editions set revision = revision + 1, release_at = null,
      state = case when state = 'in_review' then state else 'draft' end
    where id = ${id} and state = any(${OPEN_STATES}::edition_state[])
    returning ${COLUMNS}`.execute(db);
  return rows[0];
}

/** `change` says in a few words what it did. */
export async function insertRevision(
  db: Database,
  edition: Pick<Edition, 'id' | 'revision'>,
  content: EditionContent,
  made: { by: string; at: Date; change: string },
): Promise<void> {
  await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at, change, made_by_account)
    values (${edition.id}, ${edition.revision}, ${JSON.stringify(content)}::jsonb, ${made.by}, ${made.at}, ${made.change},
      ${originNow()?.accountId ?? null})`.execute(db);
}

export interface Revision {
  revision: number;
  madeBy: string;
  /** Null where it was no account: the composer, or somebody at the command line. */
  madeByAccount: number | null;
  madeAt: Date;
  change: string;
}

export async function listRevisions(db: Database, editionId: number): Promise<Revision[]> {
  const { rows } = await sql<Revision>`
    select revision, made_by as "madeBy", made_by_account as "madeByAccount", made_at as "madeAt", change
    from edition_revisions where edition_id = ${editionId} order by revision`.execute(db);
  return rows;
}

/** When somebody last looked where its links lead. */
export async function linksLookedAt(db: Database, id: number): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`select links_at as at from editions where id = ${id}`.execute(db);
  return rows[0]?.at ?? null;
}

export async function noteLinksLooked(db: Database, id: number, at: Date): Promise<void> {
  await sql`update editions set links_at = ${at} where id = ${id}`.execute(db);
}

/** Who made an edition what it is, and when. */
export async function lastRevision(
  db: Database,
  { id, revision }: Pick<Edition, 'id' | 'revision'>,
): Promise<Revision> {
  const { rows } = await sql<Revision>`
    select revision, made_by as "madeBy", made_by_account as "madeByAccount", made_at as "madeAt", change
    from edition_revisions where edition_id = ${id} and revision = ${revision}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error(`edition ${id} has no revision ${revision}`);
  return row;
}

/** What the composer last proposed; undefined for an edition that it did not compose. */
export async function readProposal(db: Database, id: number): Promise<Proposed | undefined> {
  const { rows } = await sql<{
    proposal: Proposed | null;
  }>`select proposal from editions where id = ${id}`.execute(db);
  return rows[0]?.proposal ?? undefined;
}

/** The window is up to when the composer has looked; where a later edition has looked further, that one's stays its own. */
export async function keepProposal(db: Database, id: number, proposed: Proposed): Promise<void> {
  await sql`update editions e set proposal = ${JSON.stringify(proposed)}::jsonb,
      window_to = case when exists (
          select from editions o where o.newsletter_id = e.newsletter_id and o.number > e.number and o.state <> 'cancelled'
        ) then window_to else coalesce(${proposed.until ?? null}::timestamptz, window_to) end
    where id = ${id}`.execute(db);
}

/** Before another proposal takes its place: the one of a revision is kept with it. */
export async function bindProposal(db: Database, { id, revision }: Pick<Edition, 'id' | 'revision'>): Promise<void> {
  await sql`update edition_revisions r set proposal = e.proposal from editions e
    where e.id = ${id} and r.edition_id = e.id and r.revision = ${revision} and r.proposal is null`.execute(db);
}

/** The proposal that an edition had at a revision is its proposal again, where another one has come since. */
export async function restoreProposal(db: Database, id: number, revision: number): Promise<void> {
  const { rows } = await sql<{ proposal: Proposed }>`
    select proposal from edition_revisions where edition_id = ${id} and revision >= ${revision} and proposal is not null
    order by revision limit 1`.execute(db);
  const [then] = rows;
  if (then !== undefined) await keepProposal(db, id, then.proposal);
}

/**
 * The pieces that an edition runs, so that no other of its newsletter does. Returns those that another edition has. A
 * correction runs what the edition that it corrects has run.
 */
export async function claimPieces(db: Database, edition: Edition, content: EditionContent): Promise<number[]> {
  if (edition.correctsEditionId !== null) return [];
  const rows = content.sections.flatMap((section) =>
    section.pieces.map((piece) => ({ id: piece.pieceId, section: section.key })),
  );
  const ids = rows.map(({ id }) => id);
  await sql`delete from edition_pieces where edition_id = ${edition.id} and piece_id <> all(${ids}::bigint[])`.execute(
    db,
  );
  const { rows: taken } = await sql<{ id: number }>`
    insert into edition_pieces (edition_id, newsletter_id, piece_id, section)
    select ${edition.id}, ${edition.newsletterId}, r.id, r.section
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id bigint, section text)
    on conflict (newsletter_id, piece_id) do update set section = excluded.section
      where edition_pieces.edition_id = excluded.edition_id
    returning piece_id as id`.execute(db);
  const claimed = new Set(taken.map(({ id }) => id));
  return ids.filter((id) => !claimed.has(id));
}

/** A cancelled edition ran nothing: its pieces are free for the next one. */
export async function releasePieces(db: Database, editionId: number): Promise<void> {
  await sql`delete from edition_pieces where edition_id = ${editionId}`.execute(db);
}

/** What the composer chose, and why. A choice that an editor has overridden keeps its reason. */
export async function saveChoices(db: Database, editionId: number, choices: Choice[]): Promise<void> {
  await sql`insert into edition_choices (edition_id, piece_id, included, code, sentence)
    select ${editionId}, r."pieceId", r.included, r.code, r.sentence
    from jsonb_to_recordset(${JSON.stringify(choices)}::jsonb)
      as r("pieceId" bigint, included boolean, code text, sentence text)
    on conflict (edition_id, piece_id) do update set included = excluded.included, code = excluded.code,
      sentence = excluded.sentence where edition_choices.overridden is null`.execute(db);
}

export type Override = 'dropped' | 'added' | 'moved';

/** An editor decided otherwise; what the composer said stays beside it. */
export async function overrideChoice(
  db: Database,
  editionId: number,
  pieceId: number,
  override: { what: Override; by: string; at: Date },
): Promise<void> {
  await sql`insert into edition_choices (edition_id, piece_id, included, code, sentence, overridden, overridden_by, overridden_at)
    values (${editionId}, ${pieceId}, false, ${'by-an-editor' satisfies Choice['code']}, 'The composer did not look at it.',
      ${override.what}, ${override.by}, ${override.at})
    on conflict (edition_id, piece_id) do update set overridden = excluded.overridden,
      overridden_by = excluded.overridden_by, overridden_at = excluded.overridden_at`.execute(db);
}

/** After an edition was made again what it was: what is in as the composer wanted it is nobody's doing, the rest is an editor's. */
export async function reviewChoices(
  db: Database,
  editionId: number,
  pieceIds: number[],
  by: string,
  at: Date,
): Promise<void> {
  await sql`update edition_choices set overridden = case
        when piece_id = any(${pieceIds}::bigint[]) then case when included then null else 'added' end
        when included then 'dropped' end, overridden_by = ${by}, overridden_at = ${at}
    where edition_id = ${editionId}
      and (piece_id = any(${pieceIds}::bigint[])) is distinct from (case overridden when 'dropped' then false when 'added' then true
        when 'moved' then true else included end)`.execute(db);
}

export interface ListedChoice extends Choice {
  title: string;
  overridden: Override | null;
  overriddenBy: string | null;
}

/** Those that are in first, then the newest. Whether a piece is in is what the edition says by now. */
export async function listChoices(db: Database, editionId: number): Promise<ListedChoice[]> {
  const { rows } = await sql<ListedChoice>`
    select c.piece_id as "pieceId", ep.piece_id is not null as included, c.code, c.sentence, p.title, c.overridden, c.overridden_by as "overriddenBy"
    from edition_choices c join pieces p on p.id = c.piece_id
      left join edition_pieces ep on ep.edition_id = c.edition_id and ep.piece_id = c.piece_id
    where c.edition_id = ${editionId} order by 2 desc, p.published_at desc, p.id`.execute(db);
  return rows;
}

export async function findEdition(db: Database, id: number): Promise<Edition | undefined> {
  return (await sql<Edition>`select ${COLUMNS} from editions where id = ${id}`.execute(db)).rows[0];
}

export interface EditionQuery {
  limit: number;
  /** Editions before this id: the newest come first. */
  before?: number | undefined;
  state?: EditionState | undefined;
  /** Of these newsletters; undefined is of all. */
  newsletterIds?: number[] | undefined;
}

export async function listEditions(db: Database, query: EditionQuery): Promise<Edition[]> {
  const { limit, before, state, newsletterIds } = query;
  const { rows } = await sql<Edition>`
    select ${COLUMNS} from editions where ${before === undefined ? sql`true` : sql`id < ${before}`}
      and ${state === undefined ? sql`true` : sql`state = ${state}::edition_state`}
      and ${newsletterIds === undefined ? sql`true` : sql`newsletter_id = any(${newsletterIds}::bigint[])`}
    order by id desc limit ${limit}`.execute(db);
  return rows;
}

export async function readContent(db: Database, edition: Pick<Edition, 'id' | 'revision'>): Promise<EditionContent> {
  const { rows } = await sql<{ content: EditionContent }>`
    select content from edition_revisions where edition_id = ${edition.id} and revision = ${edition.revision}`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`edition ${edition.id} has no revision ${edition.revision}`);
  return row.content;
}

/** Where the last edition's window ended, cancelled ones left out. */
export async function lastWindowEnd(db: Database, newsletterId: number): Promise<Date | undefined> {
  const { rows } = await sql<{ end: Date | null }>`
    select max(window_to) as end from editions where newsletter_id = ${newsletterId} and state <> 'cancelled'`.execute(
    db,
  );
  return rows[0]?.end ?? undefined;
}

/** The number that a newsletter's next edition gets. */
export async function nextNumber(db: Database, newsletterId: number): Promise<number> {
  const { rows } = await sql<{ number: number }>`
    select coalesce(max(number), 0) + 1 as number from editions where newsletter_id = ${newsletterId}`.execute(db);
  return rows[0]?.number ?? 1;
}

/** An approved edition, at that revision, that somebody has to look at again; undefined where it is past that. */
export async function returnToReview(
  db: Database,
  { id, revision }: Pick<Edition, 'id' | 'revision'>,
): Promise<Edition | undefined> {
  const { rows } = await sql<Edition>`
    update editions set state = 'in_review', release_at = null
    where id = ${id} and revision = ${revision} and state in ('approved', 'scheduled')
    returning ${COLUMNS}`.execute(db);
  return rows[0];
}

/** Sets when editors were reminded of an edition, or told that it is late, once; false where they were before. */
export async function markTime(db: Database, id: number, what: 'reminded' | 'missed', at: Date): Promise<boolean> {
  const column = sql.ref(`${what}_at`);
  const { numAffectedRows } =
    await sql`update editions set ${column} = ${at} where id = ${id} and ${column} is null`.execute(db);
  return numAffectedRows === 1n;
}

/**
 * One guarded change of state: undefined where the edition was in none of the states `from`, so that of two callers one
 * wins. `times` sets what goes with the new state, and may name
 * the revision that it must be at, and by when it must be due.
 */
export async function moveEdition(
  db: Database,
  id: number,
  from: EditionState[],
  to: EditionState,
  times: {
    releaseAt?: Date;
    startedAt?: Date;
    finishedAt?: Date;
    retriedAt?: Date;
    revision?: number;
    dueBy?: Date;
  } = {},
): Promise<Edition | undefined> {
  const { rows } = await sql<Edition>`
    update editions set state = ${to}::edition_state,
      release_at = coalesce(${times.releaseAt ?? null}::timestamptz, release_at),
      started_at = coalesce(${times.startedAt ?? null}::timestamptz, started_at),
      finished_at = coalesce(${times.finishedAt ?? null}::timestamptz, finished_at),
      retried_at = coalesce(${times.retriedAt ?? null}::timestamptz, retried_at)
    where id = ${id} and state = any(${from}::edition_state[])
      and revision = coalesce(${times.revision ?? null}::int, revision)
      and (${times.dueBy ?? null}::timestamptz is null or release_at <= ${times.dueBy ?? null}::timestamptz)
    returning ${COLUMNS}`.execute(db);
  return rows[0];
}

export async function editionsDue(db: Database, now: Date): Promise<Edition[]> {
  const { rows } = await sql<Edition>`
    select ${COLUMNS} from editions where state = 'scheduled' and release_at <= ${now} order by release_at`.execute(db);
  return rows;
}

export async function editionsIn(db: Database, states: EditionState[]): Promise<Edition[]> {
  const { rows } = await sql<Edition>`
    select ${COLUMNS} from editions where state = any(${states}::edition_state[]) order by id`.execute(db);
  return rows;
}

/** Editions that are being sent and of which the sums were not told for so long; they count as told from now on. */
export async function listSumsDue(db: Database, before: Date): Promise<Edition[]> {
  const { rows } = await sql<Edition>`
    select ${COLUMNS} from editions
    where state = 'sending' and coalesce(sums_told_at, '-infinity') <= ${before} order by id`.execute(db);
  return rows;
}

/** False where another process has just done it. */
export async function takeSumsDue(db: Database, id: number, now: Date, before: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update editions set sums_told_at = ${now}
    where id = ${id} and coalesce(sums_told_at, '-infinity') <= ${before}`.execute(db);
  return numAffectedRows === 1n;
}
