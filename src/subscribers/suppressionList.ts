import { createHash } from 'node:crypto';
import { addressKey, parseAddress } from '../lib/addresses.ts';
import { csvLine, plainCell } from '../lib/csv.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { readCsv } from './import/csv.ts';
import { listedFiles } from './import/files.ts';

// Lists of addresses never to be mailed, from and for others: as addresses, or as hashes of them (SHA-256 or MD5 of the address in lower
// case, in hex), which tell nobody whom they are about.

export interface SuppressionImport {
  lines: number;
  addresses: number;
  hashes: number;
  /** Subscribers that a hash turned out to be. */
  matched: number;
  invalid: number;
  problems: { line: number; reason: string }[];
}

const HASH = /^([0-9a-f]{64}|[0-9a-f]{32})$/i;
const BATCH = 5_000;
const MAX_PROBLEMS = 50;
const HEADER = /^(e-?mail( address)?|address|hash|sha-?256|md5|email_hash)$/i;

/** Takes the first column of a list that is an address or a hash. Again is harmless. Throws `input-invalid` for what is no file. */
export async function importSuppressions(db: Database, file: string, detail: string): Promise<SuppressionImport> {
  const report: SuppressionImport = { lines: 0, addresses: 0, hashes: 0, matched: 0, invalid: 0, problems: [] };
  const onProblem = (line: number, reason: string) => {
    report.invalid++;
    if (report.problems.length < MAX_PROBLEMS) report.problems.push({ line, reason });
  };
  const { files } = await listedFiles(file);
  for (const one of files) {
    let keys: string[] = [];
    let hashes: string[] = [];
    const flush = async () => {
      await take(db, report, { keys, hashes, detail });
      keys = [];
      hashes = [];
    };
    for await (const { cells, line } of readCsv(one, { onProblem })) {
      if (cells.some((cell) => HEADER.test(cell))) continue;
      report.lines++;
      const hash = cells.find((cell) => HASH.test(cell));
      const address = hash === undefined ? cells.map((cell) => parseAddress(plainCell(cell))).find(Boolean) : undefined;
      if (hash !== undefined) hashes.push(hash.toLowerCase());
      else if (address !== undefined) keys.push(addressKey(address));
      else onProblem(line, 'there is neither an address nor a hash of one');
      if (keys.length + hashes.length >= BATCH) await flush();
    }
    await flush();
  }
  return report;
}

async function take(
  db: Database,
  report: SuppressionImport,
  { keys, hashes, detail }: { keys: string[]; hashes: string[]; detail: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const added = await sql`insert into suppressions (address_key, reason, detail)
      select distinct key, 'manual', ${detail} from unnest(${keys}::text[]) key on conflict do nothing`.execute(tx);
    const kept = await sql`insert into suppressed_hashes (hash, reason, detail)
      select distinct hash, 'manual', ${detail} from unnest(${hashes}::text[]) hash on conflict do nothing`.execute(tx);
    // Whom we know is suppressed by name: what is asked of the list at every mail does not hash addresses.
    const matched =
      hashes.length === 0
        ? undefined
        : await sql`insert into suppressions (address_key, reason, detail)
            select p.address_key, 'manual', ${detail} from subscribers p
            where encode(sha256(convert_to(p.address_key, 'UTF8')), 'hex') = any(${hashes}::text[])
              or md5(p.address_key) = any(${hashes}::text[]) on conflict do nothing`.execute(tx);
    report.addresses += Number(added.numAffectedRows ?? 0);
    report.hashes += Number(kept.numAffectedRows ?? 0);
    report.matched += Number(matched?.numAffectedRows ?? 0);
  });
}

const PAGE = 5_000;

/** The list as SHA-256 of addresses, with why and since when. */
export async function* exportSuppressions(db: Database): AsyncGenerator<string> {
  yield csvLine(['sha256', 'reason', 'since']);
  for (let after = ''; ;) {
    const { rows } = await sql<{ key: string; reason: string; since: Date }>`
      select address_key as key, reason, since from suppressions where address_key > ${after}
      order by address_key limit ${PAGE}`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) break;
    yield rows
      .map(({ key, reason, since }) =>
        csvLine([createHash('sha256').update(key).digest('hex'), reason, since.toISOString()]),
      )
      .join('');
    after = last.key;
  }
  const { rows } = await sql<{ hash: string; reason: string; since: Date }>`
    select hash, reason, since from suppressed_hashes order by hash`.execute(db);
  yield rows.map(({ hash, reason, since }) => csvLine([hash, reason, since.toISOString()])).join('');
}
