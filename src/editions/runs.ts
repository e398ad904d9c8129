import { type Database, sql } from '../platform/database/index.ts';
import type { Edition, EditionState } from './edition.ts';

// Where a piece, or a subject, has run before.

/** Which of these pieces another edition of the newsletter runs, by the edition's number. One story is one piece. */
export async function piecesRunBefore(
  db: Database,
  newsletterId: number,
  ids: number[],
  exceptEditionId: number | null,
): Promise<Map<number, number>> {
  const { rows } = await sql<{ pieceId: number; number: number }>`
    with asked as (
      select id, coalesce(same_as, id) as story from pieces where id = any(${ids}::bigint[])
    ), told as (
      select id, story from asked
      union select p.id, a.story from asked a join pieces p on p.same_as = a.story
      union select a.story, a.story from asked a
    )
    select asked.id as "pieceId", min(e.number) as number
    from asked join told on told.story = asked.story
      join edition_pieces ep on ep.piece_id = told.id and ep.newsletter_id = ${newsletterId}
      join editions e on e.id = ep.edition_id
    where e.id is distinct from ${exceptEditionId}::bigint
    group by asked.id`.execute(db);
  return new Map(rows.map((row) => [row.pieceId, row.number]));
}

/** Which editions ran a piece, and where. */
export async function editionsWith(
  db: Database,
  pieceId: number,
): Promise<{ editionId: number; newsletterId: number; number: number; section: string; state: EditionState }[]> {
  const { rows } = await sql<{
    editionId: number;
    newsletterId: number;
    number: number;
    section: string;
    state: EditionState;
  }>`
    select e.id as "editionId", e.newsletter_id as "newsletterId", e.number, p.section, e.state
    from edition_pieces p join editions e on e.id = p.edition_id where p.piece_id = ${pieceId} order by e.id`.execute(
    db,
  );
  return rows;
}

/** Editions of other newsletters that went out lately, or will, with some of these pieces; those with most of them first. */
export async function editionsSharing(
  db: Database,
  newsletterId: number,
  pieceIds: number[],
  { since, limit }: { since: Date; limit: number },
): Promise<{ editionId: number; shared: number[] }[]> {
  const { rows } = await sql<{ editionId: number; shared: number[] }>`
    select e.id as "editionId", array_agg(distinct mine.id) as shared
    from pieces mine join pieces p on coalesce(p.same_as, p.id) = coalesce(mine.same_as, mine.id)
      join edition_pieces ep on ep.piece_id = p.id join editions e on e.id = ep.edition_id
    where mine.id = any(${pieceIds}::bigint[]) and e.newsletter_id <> ${newsletterId}
      and e.state in ('approved', 'scheduled', 'sending', 'paused', 'sent', 'stopped') and e.created_at > ${since}
    group by e.id order by count(distinct mine.id) desc, e.id desc limit ${limit}`.execute(db);
  return rows;
}

/** The number of another edition of a newsletter that went out, or will, with a subject; capitals aside. */
export async function editionWithSubject(
  db: Database,
  { id, newsletterId }: Pick<Edition, 'id' | 'newsletterId'>,
  subject: string,
): Promise<number | undefined> {
  const { rows } = await sql<{ number: number }>`
    select e.number from editions e join edition_revisions r on r.edition_id = e.id and r.revision = e.revision
    where e.newsletter_id = ${newsletterId} and e.id <> ${id} and lower(r.content ->> 'subject') = lower(${subject}::text)
      and e.state in ('approved', 'scheduled', 'sending', 'paused', 'sent', 'stopped')
    order by e.number desc limit 1`.execute(db);
  return rows[0]?.number;
}
