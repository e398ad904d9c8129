import { originNow } from '../audit/index.ts';
import { type Database, sql } from '../platform/database/index.ts';

export interface Approval {
  editionId: number;
  revision: number;
  /** Of what was approved; the rendition under this hash is what goes out. */
  hash: string;
  approvedBy: string;
  approvedAt: Date;
  /** Editions of other newsletters of which its readers may have had pieces, and which variant is for whom. */
  others?: number[];
  variantOf?: Record<string, number>;
}

export async function insertApproval(db: Database, approval: Approval): Promise<void> {
  await sql`
    insert into approvals (edition_id, revision, hash, approved_by, approved_by_account, approved_at, others, variant_of)
    values (${approval.editionId}, ${approval.revision}, ${approval.hash}, ${approval.approvedBy},
      ${originNow()?.accountId ?? null}, ${approval.approvedAt}, ${approval.others ?? []}::bigint[],
      ${JSON.stringify(approval.variantOf ?? {})}::jsonb)`.execute(db);
}

export async function standingApproval(db: Database, editionId: number): Promise<Approval | undefined> {
  const { rows } = await sql<Approval>`
    select edition_id as "editionId", revision, hash, approved_by as "approvedBy", approved_at as "approvedAt",
      others, variant_of as "variantOf"
    from approvals where edition_id = ${editionId} and withdrawn_at is null`.execute(db);
  return rows[0];
}

/** Has an edition been approved, and the approval been taken back, by a change of the edition or of a piece? */
export async function hasWithdrawnApproval(db: Database, editionId: number): Promise<boolean> {
  const { rows } = await sql`
    select from approvals where edition_id = ${editionId} and withdrawn_at is not null limit 1`.execute(db);
  return rows.length > 0;
}

/** An approval that stands no more. */
export interface WithdrawnApproval {
  revision: number;
  approvedBy: string;
  withdrawnAt: Date;
  /** In words, such as "Ed wrote subject"; empty for those of old. */
  why: string;
}

/** The last one that was withdrawn. */
export async function lastWithdrawn(db: Database, editionId: number): Promise<WithdrawnApproval | undefined> {
  const { rows } = await sql<WithdrawnApproval>`
    select revision, approved_by as "approvedBy", withdrawn_at as "withdrawnAt", withdrawn_for as why
    from approvals where edition_id = ${editionId} and withdrawn_at is not null
    order by withdrawn_at desc, id desc limit 1`.execute(db);
  return rows[0];
}

/** True where there was one to withdraw. */
export async function withdrawApproval(db: Database, editionId: number, now: Date, why: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update approvals set withdrawn_at = ${now}, withdrawn_for = ${why}
    where edition_id = ${editionId} and withdrawn_at is null`.execute(db);
  return numAffectedRows === 1n;
}
