import { type Database, sql } from '../../src/platform/database/index.ts';
import { MOST_DOUBTS } from '../../src/dispatch/batches.ts';
import type { JournalEntry } from './smtpSink.ts';

// Compares what a mail server has kept with what the ledger says of it. The server's journal is the truth.

export interface Leaver {
  address: string;
  /** When it was certain that they are to get nothing more. */
  at: number;
}

export interface Verdict {
  recipients: number;
  /** The ledger says accepted, or nobody is left to try, and the server has never had it. */
  lost: string[];
  /** Copies beyond the first, of which the ledger has said that they may be coming. */
  duplicatesExplained: number;
  duplicatesUnexplained: string[];
  /** Kept although the message was begun more than a second after they had left. */
  suppressedMailed: string[];
  /** Still planned, handing, deferred, or uncertain where those are sent again: what was in doubt too often waits for a person. */
  stuck: string[];
  /** Copies that were not the same bytes. */
  different: string[];
  /** Rows that were in doubt at one time. */
  uncertain: number;
  /** The sums per state are the audience. */
  addsUp: boolean;
}

interface Row {
  address: string;
  state: string;
  doubts: number;
}

const GRACE_MS = 1_000;
const OPEN = new Set(['planned', 'handing', 'deferred', 'uncertain']);

export async function askOracle(
  db: Database,
  editionId: number,
  { journal, leavers }: { journal: JournalEntry[]; leavers: Leaver[] },
): Promise<Verdict> {
  const { rows } =
    await sql<Row>`select address, state::text as state, doubts from deliveries where edition_id = ${editionId}`.execute(
      db,
    );
  const { rows: sums } = await sql<{ total: number }>`
    select sum(count)::int as total from (select count(*) from deliveries where edition_id = ${editionId} group by state) s`.execute(
    db,
  );
  const copies = new Map<string, JournalEntry[]>();
  for (const entry of journal) copies.set(entry.to, [...(copies.get(entry.to) ?? []), entry]);
  const verdict: Verdict = {
    recipients: rows.length,
    lost: [],
    duplicatesExplained: 0,
    duplicatesUnexplained: [],
    suppressedMailed: [],
    stuck: [],
    different: [],
    uncertain: rows.filter(({ doubts }) => doubts > 0).length,
    addsUp: (sums[0]?.total ?? 0) === rows.length,
  };
  const audience = new Set(rows.map(({ address }) => address));
  for (const to of copies.keys()) if (!audience.has(to)) verdict.suppressedMailed.push(to);
  for (const row of rows) judge(row, copies.get(row.address) ?? [], verdict);
  for (const { address, at } of leavers) {
    const late = (copies.get(address) ?? []).some(({ begunAt }) => begunAt > at + GRACE_MS);
    if (late) verdict.suppressedMailed.push(address);
  }
  return verdict;
}

function judge({ address, state, doubts }: Row, had: JournalEntry[], verdict: Verdict): void {
  const isHeld = state === 'uncertain' && doubts >= MOST_DOUBTS;
  if (OPEN.has(state) && !isHeld) verdict.stuck.push(`${address} ${state}`);
  if (state === 'accepted' && had.length === 0) verdict.lost.push(address);
  const extra = Math.max(0, had.length - 1);
  // A mail that the server has and the ledger does not say so is one too many as well: it may go out again.
  const unsaid = had.length > 0 && state !== 'accepted' && !OPEN.has(state) && doubts === 0 ? 1 : 0;
  verdict.duplicatesExplained += Math.min(extra, doubts);
  if (extra > doubts || unsaid > 0)
    verdict.duplicatesUnexplained.push(`${address} ${had.length} copies, ${doubts} doubts, ${state}`);
  if (new Set(had.map(({ sha256 }) => sha256)).size > 1) verdict.different.push(address);
}
