import { type Database, sql } from '../platform/database/index.ts';

// What editors say of a piece for a newsletter's editions to come: hold it for the next one, never run it, or run it for
// sure. Each newsletter has one word on a piece.

export type MarkKind = 'hold' | 'never' | 'pin';

export interface Mark {
  pieceId: number;
  newsletterId: number;
  mark: MarkKind;
  /** hold: the number of the edition that it is held out of; the one after it may run it. */
  editionNumber: number | null;
  /** pin: into which section; null is whichever takes it. */
  section: string | null;
  madeBy: string;
  madeAt: Date;
}

const COLUMNS = sql`piece_id as "pieceId", newsletter_id as "newsletterId", mark, edition_number as "editionNumber", section,
  made_by as "madeBy", made_at as "madeAt"`;

export async function setMark(db: Database, mark: Mark): Promise<void> {
  await sql`insert into piece_marks (piece_id, newsletter_id, mark, edition_number, section, made_by, made_at)
    values (${mark.pieceId}, ${mark.newsletterId}, ${mark.mark}, ${mark.editionNumber}, ${mark.section}, ${mark.madeBy}, ${mark.madeAt})
    on conflict (newsletter_id, piece_id) do update set mark = excluded.mark, edition_number = excluded.edition_number,
      section = excluded.section, made_by = excluded.made_by, made_at = excluded.made_at,
      -- What a hold has taken the place of comes back with the piece.
      replaced = case when excluded.mark = 'hold' and piece_marks.mark <> 'hold' then to_jsonb(piece_marks) - 'replaced' end`.execute(
    db,
  );
}

/** True where there was one. */
export async function clearMark(db: Database, newsletterId: number, pieceId: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from piece_marks where newsletter_id = ${newsletterId} and piece_id = ${pieceId}`.execute(db);
  return numAffectedRows === 1n;
}

/** What was held out of an edition of this number, of these pieces, is as it was marked before. */
export async function clearHolds(
  db: Database,
  newsletterId: number,
  number: number,
  pieceIds: number[],
): Promise<void> {
  const held = sql`newsletter_id = ${newsletterId} and mark = 'hold' and edition_number = ${number}
    and piece_id = any(${pieceIds}::bigint[])`;
  await sql`delete from piece_marks where ${held} and replaced is null`.execute(db);
  await sql`update piece_marks set mark = replaced ->> 'mark', edition_number = (replaced ->> 'edition_number')::int,
      section = replaced ->> 'section', made_by = replaced ->> 'made_by', made_at = (replaced ->> 'made_at')::timestamptz,
      replaced = null where ${held}`.execute(db);
}

/** Those that matter for an edition of this number; what was held and has not run in a season is forgotten. */
export async function marksFor(db: Database, newsletterId: number, number: number): Promise<Mark[]> {
  const { rows } = await sql<Mark>`
    select ${COLUMNS} from piece_marks where newsletter_id = ${newsletterId}
      and (mark <> 'hold' or edition_number >= ${number} or made_at > now() - interval '90 days') order by piece_id`.execute(
    db,
  );
  return rows;
}

export async function marksOn(db: Database, pieceId: number): Promise<Mark[]> {
  return (
    await sql<Mark>`select ${COLUMNS} from piece_marks where piece_id = ${pieceId} order by newsletter_id`.execute(db)
  ).rows;
}

/** Null ends it. No edition of any newsletter runs the piece before. */
export async function setEmbargo(db: Database, pieceId: number, until: Date | null): Promise<void> {
  await sql`update pieces set embargo_until = ${until} where id = ${pieceId}`.execute(db);
}
