import { type Database, sql } from '../platform/database/index.ts';
import type { Cut, Stencil } from '../rendering/index.ts';

/** What was approved, to the byte. `html` and `text` have their gaps; the stencil is what is sent. */
export interface Rendition {
  editionId: number;
  hash: string;
  subject: string;
  html: Cut;
  text: Cut;
  stencil: Stencil;
  madeAt: Date;
}

export async function insertRendition(db: Database, rendition: Rendition): Promise<void> {
  const { editionId, hash, subject, html, text, stencil, madeAt } = rendition;
  await sql`insert into renditions (edition_id, hash, subject, html, text, stencil, made_at)
    values (${editionId}, ${hash}, ${subject}, ${JSON.stringify(html)}::jsonb, ${JSON.stringify(text)}::jsonb, ${JSON.stringify(stencil)}::jsonb, ${madeAt})
    on conflict do nothing`.execute(db);
}

/** Of the edition's standing approval. */
export async function approvedRendition(db: Database, editionId: number): Promise<Rendition | undefined> {
  const { rows } = await sql<Rendition>`
    select r.edition_id as "editionId", r.hash, r.subject, r.html, r.text, r.stencil, r.made_at as "madeAt"
    from renditions r join approvals a on a.edition_id = r.edition_id and a.hash = r.hash and a.withdrawn_at is null
    where r.edition_id = ${editionId}`.execute(db);
  return rows[0];
}
