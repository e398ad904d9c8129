import { createHash } from 'node:crypto';
import { addressKey, parseAddress } from '../lib/addresses.ts';
import { csvLine, plainCell } from '../lib/csv.ts';
import { type Database, sql } from '../platform/database/index.ts';
import { OWN_SUPPRESSION } from './store.ts';
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
const HEADER =
  /^(e-?mail([ _-]?address)?|address|hash|sha-?256|md5|(e-?mail|address)[ _-]?hash|hashed[ _-]?e?-?mail)$/i;
const HASHES = /hash|sha|md5/i;

/**
 * Takes, of each line, the column whose name says that it has addresses or hashes; without names, the first cell that is an address,
 * or else a hash. Again is harmless. Throws `input-invalid` for what is no file.
 */
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
    let named: { place: number; isHash: boolean } | undefined;
    let isFirst = true;
    for await (const { cells, line } of readCsv(one, { onProblem })) {
      if (isFirst) named = columnIn(cells);
      const isHeader = isFirst && named !== undefined;
      isFirst = false;
      if (isHeader) continue;
      report.lines++;
      const found = entryIn(cells, named);
      if (found === undefined) onProblem(line, 'there is neither an address nor a hash of one');
      else (found.isHash ? hashes : keys).push(found.text);
      if (keys.length + hashes.length >= BATCH) await flush();
    }
    await flush();
  }
  report.matched = await matchHashes(db);
  return report;
}

function columnIn(header: string[]): { place: number; isHash: boolean } | undefined {
  const place = header.findIndex((cell) => HEADER.test(cell.trim()));
  return place === -1 ? undefined : { place, isHash: HASHES.test(header[place] ?? '') };
}

/** A column that is named has one thing; its cells may be the other, as in a list whose "email" is hashed. */
function entryIn(cells: string[], named: { place: number } | undefined): { text: string; isHash: boolean } | undefined {
  const looked = named === undefined ? cells : [cells[named.place] ?? ''];
  const address = looked.map((cell) => parseAddress(plainCell(cell))).find((one) => one !== undefined);
  if (address !== undefined) return { text: addressKey(address), isHash: false };
  const hash = looked.map((cell) => cell.trim()).find((cell) => HASH.test(cell));
  return hash === undefined ? undefined : { text: hash.toLowerCase(), isHash: true };
}

/**
 * Whom we know of the hashes is suppressed by name: what is asked of the list at every mail does not hash addresses. All that are kept,
 * in one look at the subscribers, so that an import that was cut short is made whole by the next.
 */
async function matchHashes(db: Database): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into suppressions (address_key, reason, detail)
    select p.address_key, h.reason, h.detail from subscribers p
      join suppressed_hashes h on h.hash = encode(sha256(convert_to(p.address_key, 'UTF8')), 'hex') where h.reason <> 'erased'
    union
    select p.address_key, h.reason, h.detail from subscribers p
      join suppressed_hashes h on h.hash = md5(p.address_key) where h.reason <> 'erased'
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

async function take(
  db: Database,
  report: SuppressionImport,
  { keys, hashes, detail }: { keys: string[]; hashes: string[]; detail: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const added = await sql`insert into suppressions (address_key, reason, detail)
      select distinct key, 'manual', ${detail} from unnest(${keys}::text[]) key ${OWN_SUPPRESSION}`.execute(tx);
    const kept = await sql`insert into suppressed_hashes (hash, reason, detail)
      select distinct hash, 'manual', ${detail} from unnest(${hashes}::text[]) hash
      on conflict (hash) do update set reason = 'manual', detail = excluded.detail where suppressed_hashes.reason = 'erased'`.execute(
      tx,
    );
    report.addresses += Number(added.numAffectedRows ?? 0);
    report.hashes += Number(kept.numAffectedRows ?? 0);
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
  for (let after = ''; ;) {
    const { rows } = await sql<{ hash: string; reason: string; since: Date }>`
      select hash, reason, since from suppressed_hashes where hash > ${after} and reason <> 'erased'
      order by hash limit ${PAGE}`.execute(db);
    const last = rows.at(-1);
    if (last === undefined) break;
    yield rows.map(({ hash, reason, since }) => csvLine([hash, reason, since.toISOString()])).join('');
    after = last.hash;
  }
}
