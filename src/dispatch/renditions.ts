import { type Database, sql } from '../platform/database/index.ts';
import type { Cut, Stencil } from '../rendering/index.ts';
import { maskOf } from './audience.ts';

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

/** A rendition for readers who are spared some pieces. */
export type VariantRendition = Pick<Rendition, 'subject' | 'html' | 'text' | 'stencil'> & { spares: number[] };

/** In their order, from 1; under the approval's hash. */
export async function insertVariants(
  db: Database,
  editionId: number,
  hash: string,
  variants: VariantRendition[],
): Promise<void> {
  for (const [at, { spares, subject, html, text, stencil }] of variants.entries())
    await sql`insert into edition_variants (edition_id, hash, variant, spares, subject, html, text, stencil)
      values (${editionId}, ${hash}, ${at + 1}, ${spares}::bigint[], ${subject}, ${JSON.stringify(html)}::jsonb,
        ${JSON.stringify(text)}::jsonb, ${JSON.stringify(stencil)}::jsonb) on conflict do nothing`.execute(db);
}

/** What one reader got of it: the variant of the batch that the reader is in, else the whole. */
export async function renditionFor(
  db: Database,
  editionId: number,
  subscriberId: number,
): Promise<Pick<Rendition, 'html' | 'text' | 'subject'> | undefined> {
  const { rows } = await sql<Pick<Rendition, 'html' | 'text' | 'subject'>>`
    select v.html, v.text, v.subject
    from approvals a join edition_variants v on v.edition_id = a.edition_id and v.hash = a.hash
      join batches b on b.edition_id = a.edition_id and b.variant = v.variant
      join deliveries d on d.edition_id = a.edition_id and d.batch = b.batch and d.subscriber_id = ${subscriberId}
    where a.edition_id = ${editionId} and a.withdrawn_at is null`.execute(db);
  return rows[0] ?? (await approvedRendition(db, editionId));
}

/** What was approved for a reader: as they are planned for, else by what they have had of other editions; the whole for nobody in particular. */
export async function approvedFor(
  db: Database,
  editionId: number,
  subscriberId: number | undefined,
): Promise<Pick<Rendition, 'html' | 'text'> | undefined> {
  if (subscriberId === undefined) return approvedRendition(db, editionId);
  const { rows: planned } = await sql`
    select from deliveries where edition_id = ${editionId} and subscriber_id = ${subscriberId}`.execute(db);
  if (planned.length > 0) return renditionFor(db, editionId, subscriberId);
  const { rows } = await sql<{ hash: string; others: number[]; variantOf: Record<string, number> }>`
    select hash, others, variant_of as "variantOf" from approvals where edition_id = ${editionId} and withdrawn_at is null`.execute(
    db,
  );
  const [approval] = rows;
  if (approval === undefined) return undefined;
  const mask = await maskOf(db, approval.others, subscriberId);
  const { rows: variants } = await sql<Pick<Rendition, 'html' | 'text'>>`
    select html, text from edition_variants where edition_id = ${editionId} and hash = ${approval.hash}
      and variant = ${approval.variantOf[mask] ?? 0}`.execute(db);
  return variants[0] ?? approvedRendition(db, editionId);
}

/** Of the edition's standing approval. */
export async function approvedRendition(db: Database, editionId: number): Promise<Rendition | undefined> {
  const { rows } = await sql<Rendition>`
    select r.edition_id as "editionId", r.hash, r.subject, r.html, r.text, r.stencil, r.made_at as "madeAt"
    from renditions r join approvals a on a.edition_id = r.edition_id and a.hash = r.hash and a.withdrawn_at is null
    where r.edition_id = ${editionId}`.execute(db);
  return rows[0];
}
