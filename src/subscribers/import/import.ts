import { addressKey } from '../../lib/addresses.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type Database, forgetCounts } from '../../platform/database/index.ts';
import { closeLines, deletePerson, dropLines, openLines } from './lines.ts';
import { type MergeOf, type OutcomeCount, lookAtPeople, takePeople } from './merge.ts';
import { type ReadOptions, readLines } from './read.ts';
import { type ImportReport, addOutcome, withoutOutcomes, withoutPeople } from './report.ts';
import {
  type ImportRun,
  deleteImport,
  importsLeft,
  insertImport,
  keepProgress,
  keepReport,
  unfinishedImports,
  setReady,
  stepOfImport,
} from './runs.ts';

// An import is read, looked at, and taken in. What is read stays in the database meanwhile, so that any process may take it in, and one
// that dies over it loses nothing.

export interface NewImport extends ReadOptions {
  newsletterId: number;
  ground: string;
  by: string;
  at: Date;
  file: string;
  hash: string;
  /** May it say of somebody what holds beyond its newsletter? */
  wholeHouse: boolean;
}

/** People that are taken in at once. */
const STEP = 20_000;

/** Reads a file as a new import, and says what would become of it where `looks`. Throws `input-invalid` where it is no list. */
export async function readImport(
  db: Database,
  path: string,
  { onProgress, looks, ...wish }: NewImport & { looks: boolean },
): Promise<{ id: number; report: ImportReport }> {
  const id = await insertImport(db, wish);
  const share = (from: number, part: number) => (done: number) => onProgress?.(from + part * done);
  try {
    await openLines(db, id);
    const read = await readLines(db, id, path, { ...wish, onProgress: share(0, looks ? 0.5 : 1) });
    const { people, report } = await db.transaction().execute(async (tx) => {
      const people = await closeLines(tx, id);
      const report = { ...read, repeated: read.lines - read.invalid - people };
      await setReady(tx, id, people, report);
      return { people, report };
    });
    if (looks) await look(db, { ...wish, importId: id }, { people, report, onProgress: share(0.5, 0.5) });
    return { id, report };
  } catch (error) {
    await dropImport(db, id);
    throw error;
  }
}

async function look(
  db: Database,
  of: MergeOf,
  { people, report, onProgress }: { people: number; report: ImportReport; onProgress: (share: number) => void },
): Promise<void> {
  for (let place = 1; place <= people; place += STEP) {
    count(report, await lookAtPeople(db, of, place, place + STEP));
    onProgress(Math.min(1, (place + STEP) / people));
  }
  await keepReport(db, of.importId, report);
}

function count(report: ImportReport, outcomes: OutcomeCount[]): void {
  for (const { outcome, count: many, samples } of outcomes) addOutcome(report, outcome, many, samples);
}

/**
 * Takes the next people of an import in, in one transaction with how far it is; `atEnd` is done in the last one. Undefined where the
 * import is not the holder's any more.
 */
export async function stepImport(
  db: Database,
  id: number,
  holder: string,
  atEnd: (tx: Database, run: ImportRun, report: ImportReport) => Promise<void>,
): Promise<{ share: number; report: ImportReport; isDone: boolean } | undefined> {
  return db.transaction().execute(async (tx) => {
    const run = await stepOfImport(tx, id, holder);
    if (run === undefined) return undefined;
    const { place, people, newsletterId, ground, wholeHouse } = run;
    const report = place === 0 ? withoutOutcomes(run.report as ImportReport) : (run.report as ImportReport);
    count(
      report,
      await takePeople(tx, { importId: id, newsletterId, ground, wholeHouse }, place + 1, place + 1 + STEP),
    );
    const next = Math.min(place + STEP, people);
    const isDone = next >= people;
    await keepProgress(tx, id, { place: next, report: isDone ? withoutPeople(report) : report, isDone });
    if (isDone) {
      await dropLines(tx, id);
      await forgetCounts(tx, `newsletter/${newsletterId}/`);
      await atEnd(tx, run, report);
    }
    return { share: people === 0 ? 1 : next / people, report, isDone };
  });
}

/** Of an import that nothing was taken in of, nothing stays; one that runs by now is left alone. */
export async function dropImport(db: Database, id: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (await deleteImport(tx, id)) await dropLines(tx, id);
  });
}

/** Somebody who is erased is in no list that waits to be taken in, nor in what was said of it. */
export async function eraseFromImports(tx: Database, address: string): Promise<void> {
  for (const { id, report } of await unfinishedImports(tx))
    if (await deletePerson(tx, id, addressKey(address)))
      await keepReport(tx, id, withoutPeople(report as ImportReport));
}

/** What was read more than a day ago, and never taken in. */
export async function sweepImports(db: Database, now: Date): Promise<void> {
  for (const id of await importsLeft(db, new Date(now.getTime() - DAY_MS))) await dropImport(db, id);
}
