import { type Database, sql } from '../platform/database/index.ts';
import type { Choice, Edition, EditionContent, EditionState } from './edition.ts';

const COLUMNS = sql`id, newsletter_id as "newsletterId", number, state, slot_at as "slotAt", window_from as "windowFrom",
  window_to as "windowTo", revision, release_at as "releaseAt", started_at as "startedAt", finished_at as "finishedAt",
  retried_at as "retriedAt", corrects_edition_id as "correctsEditionId", created_at as "createdAt"`;

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

/** Counts an edition's revision up and makes it a draft again; undefined where it is past being changed. */
export async function nextRevision(db: Database, id: number): Promise<Edition | undefined> {
  const { rows } = await sql<Edition>`
    update editions set revision = revision + 1, state = 'draft', release_at = null
    where id = ${id} and state in ('draft', 'in_review', 'approved', 'scheduled')
    returning ${COLUMNS}`.execute(db);
  return rows[0];
}

export async function insertRevision(
  db: Database,
  edition: Pick<Edition, 'id' | 'revision'>,
  content: EditionContent,
  madeBy: string,
  madeAt: Date,
): Promise<void> {
  await sql`insert into edition_revisions (edition_id, revision, content, made_by, made_at)
    values (${edition.id}, ${edition.revision}, ${JSON.stringify(content)}::jsonb, ${madeBy}, ${madeAt})`.execute(db);
}

/** The pieces that an edition runs; false where another edition has taken one of them in the meantime. */
export async function claimPieces(db: Database, edition: Edition, content: EditionContent): Promise<boolean> {
  const rows = content.sections.flatMap((section) =>
    section.pieces.map((piece) => ({ id: piece.pieceId, section: section.key })),
  );
  const { numAffectedRows } = await sql`
    insert into edition_pieces (edition_id, newsletter_id, piece_id, section)
    select ${edition.id}, ${edition.newsletterId}, r.id, r.section
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id bigint, section text)
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows ?? 0) === rows.length;
}

/** A cancelled edition ran nothing: its pieces are free for the next one. */
export async function releasePieces(db: Database, editionId: number): Promise<void> {
  await sql`delete from edition_pieces where edition_id = ${editionId}`.execute(db);
}

export async function insertChoices(db: Database, editionId: number, choices: Choice[]): Promise<void> {
  await sql`insert into edition_choices (edition_id, piece_id, included, code, sentence)
    select ${editionId}, r."pieceId", r.included, r.code, r.sentence
    from jsonb_to_recordset(${JSON.stringify(choices)}::jsonb)
      as r("pieceId" bigint, included boolean, code text, sentence text)`.execute(db);
}

export interface ListedChoice extends Choice {
  title: string;
}

export async function listChoices(db: Database, editionId: number): Promise<ListedChoice[]> {
  const { rows } = await sql<ListedChoice>`
    select c.piece_id as "pieceId", c.included, c.code, c.sentence, p.title
    from edition_choices c join pieces p on p.id = c.piece_id
    where c.edition_id = ${editionId} order by c.included desc, p.published_at desc`.execute(db);
  return rows;
}

export async function findEdition(db: Database, id: number): Promise<Edition | undefined> {
  return (await sql<Edition>`select ${COLUMNS} from editions where id = ${id}`.execute(db)).rows[0];
}

export async function listEditions(db: Database, limit: number): Promise<Edition[]> {
  return (await sql<Edition>`select ${COLUMNS} from editions order by id desc limit ${limit}`.execute(db)).rows;
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

export async function piecesRunBefore(db: Database, newsletterId: number): Promise<Map<number, number>> {
  const { rows } = await sql<{ pieceId: number; number: number }>`
    select p.piece_id as "pieceId", e.number from edition_pieces p join editions e on e.id = p.edition_id
    where p.newsletter_id = ${newsletterId}`.execute(db);
  return new Map(rows.map((row) => [row.pieceId, row.number]));
}

/**
 * One guarded change of state: undefined where the edition was in none of the states `from`, so that of two callers one
 * wins. `times` sets what goes with the new state, and may name
 * the revision that it must be at.
 */
export async function moveEdition(
  db: Database,
  id: number,
  from: EditionState[],
  to: EditionState,
  times: { releaseAt?: Date; startedAt?: Date; finishedAt?: Date; retriedAt?: Date; revision?: number } = {},
): Promise<Edition | undefined> {
  const { rows } = await sql<Edition>`
    update editions set state = ${to}::edition_state,
      release_at = coalesce(${times.releaseAt ?? null}::timestamptz, release_at),
      started_at = coalesce(${times.startedAt ?? null}::timestamptz, started_at),
      finished_at = coalesce(${times.finishedAt ?? null}::timestamptz, finished_at),
      retried_at = coalesce(${times.retriedAt ?? null}::timestamptz, retried_at)
    where id = ${id} and state = any(${from}::edition_state[])
      and revision = coalesce(${times.revision ?? null}::int, revision)
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
