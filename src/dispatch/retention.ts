import { type Database, sql } from '../platform/database/index.ts';
import { partitionOf } from './audience.ts';
import { sumsOf } from './sums.ts';

// The ledger keeps a row a recipient for as long as the operator has said; after that an edition keeps its sums. Every step may
// be the last one before a crash: the next look goes on from there.

/** Deletes the rows of one edition that ended before `cutoff`. Returns its id, or undefined where there is none. */
export async function archiveOneEdition(db: Database, cutoff: Date): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    select id from editions e where state in ('sent', 'stopped') and finished_at < ${cutoff}
      and exists (select from batches b where b.edition_id = e.id) order by id limit 1`.execute(db);
  const id = rows[0]?.id;
  if (id === undefined) return undefined;
  const sums = await sumsOf(db, id);
  await sql`insert into ledger_archive (edition_id, sums) values (${id}, ${JSON.stringify(sums)}::jsonb)
    on conflict do nothing`.execute(db);
  await detach(db, id);
  await sql`drop table if exists ${partitionOf(id)}`.execute(db);
  await sql`delete from batches where edition_id = ${id}`.execute(db);
  return id;
}

/** Without keeping anybody waiting; where an earlier try was cut short, it is finished. */
async function detach(db: Database, editionId: number): Promise<void> {
  const { rows } = await sql<{ pending: boolean }>`
    select i.inhdetachpending as pending from pg_inherits i
    where i.inhparent = 'deliveries'::regclass and i.inhrelid = to_regclass(${`deliveries_${Number(editionId)}`})`.execute(
    db,
  );
  const [attached] = rows;
  if (attached === undefined) return;
  const how = sql.raw(attached.pending ? 'finalize' : 'concurrently');
  await sql`alter table deliveries detach partition ${partitionOf(editionId)} ${how}`.execute(db);
}
