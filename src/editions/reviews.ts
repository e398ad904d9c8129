import { type Database, sql } from '../platform/database/index.ts';

/** What was said of an edition while it was looked at. */
export interface Review {
  id: number;
  revision: number;
  act: 'asked' | 'sent back' | 'commented';
  comment: string;
  madeBy: string;
  madeAt: Date;
}

export async function insertReview(
  db: Database,
  editionId: number,
  { revision, act, comment, madeBy, madeAt }: Omit<Review, 'id'>,
): Promise<Review> {
  const { rows } = await sql<Review>`
    insert into edition_reviews (edition_id, revision, act, comment, made_by, made_at)
    values (${editionId}, ${revision}, ${act}, ${comment}, ${madeBy}, ${madeAt})
    returning id, revision, act, comment, made_by as "madeBy", made_at as "madeAt"`.execute(db);
  return rows[0] as Review;
}

export async function listReviews(db: Database, editionId: number): Promise<Review[]> {
  const { rows } = await sql<Review>`
    select id, revision, act, comment, made_by as "madeBy", made_at as "madeAt"
    from edition_reviews where edition_id = ${editionId} order by id desc limit 500`.execute(db);
  return rows.toReversed();
}
