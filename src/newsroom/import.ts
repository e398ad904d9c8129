import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordAct } from '../audit/index.ts';
import { mailedSubscribers } from '../dispatch/index.ts';
import { randomId } from '../lib/ids.ts';
import { SECOND_MS } from '../lib/time.ts';
import { type Database, forgetCounts } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import {
  type ImportReport,
  type ImportRun,
  type Undone,
  dropLines,
  findImport,
  findRunning,
  holdImport,
  letGoOfImport,
  putOffImport,
  readImport,
  startImport,
  stepImport,
  undoImportRows,
  withoutOutcomes,
} from '../subscribers/index.ts';
import { announce } from '../webhooks/index.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

export interface ImportWish {
  newsletterId: number;
  ground: string;
  /** What the file was called, where it is another name by now. */
  name?: string | undefined;
  /** False: of people who are here by other newsletters nothing is changed, and nobody is suppressed. */
  wholeHouse?: boolean;
  /** To how many bytes a compressed list may unpack. */
  mostBytes?: number | undefined;
  /** Columns that are kept as attributes of people. */
  keep?: string[] | undefined;
  onProgress?: (share: number) => void;
}

type Imported = { id: number; report: ImportReport };

/** Of the whole, reading is so much. */
const READING = 0.4;

/**
 * Reads a list and says what would become of each line; nobody is subscribed. For a day it can be taken in with `runImport`. Throws
 * `input-invalid` where it is no list.
 */
export async function previewImport(parts: Parts, file: string, wish: ImportWish, by: string): Promise<Imported> {
  return readImport(parts.db, file, { ...(await newImport(parts, file, wish, by)), looks: true });
}

/** Reads a list, and leaves it to the workers to take in. Throws `input-invalid` where it is no list. */
export async function queueImport(parts: Parts, file: string, wish: ImportWish, by: string): Promise<Imported> {
  const wanted = await newImport(parts, file, wish, by);
  const running = await findRunning(parts.db, wish.newsletterId, wanted.hash);
  if (running !== undefined) return { id: running.id, report: running.report as ImportReport };
  const { id, report } = await readImport(parts.db, file, { ...wanted, looks: false });
  await runImport(parts, id, { ground: wish.ground, by });
  return { id, report };
}

/** Lets the workers take in what was looked at. Throws `not-found`, and `state-refused` where it is not ready. */
export async function runImport(
  { db }: Pick<Parts, 'db'>,
  id: number,
  { ground, by }: { ground: string; by: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const run = await findImport(tx, id);
    if (run === undefined) throw new RoundupError('not-found', `There is no import ${id}.`);
    const report = withoutOutcomes(run.report as ImportReport);
    if (!(await startImport(tx, id, { ground, report })))
      throw new RoundupError('state-refused', `Import ${id} is ${run.state}; only one that was looked at can be run.`);
    const detail = { import: id, ground };
    await recordAct(tx, { actor: by, act: 'import started', subject: `newsletter ${run.newsletterId}`, detail });
  });
}

/**
 * Imports a list, and waits until it is in. Where an earlier run of the same file was cut short, it goes on there. Throws
 * `input-invalid` where it is no list, `state-refused` where it was undone meanwhile.
 */
export async function importList(parts: Parts, file: string, wish: ImportWish, by: string): Promise<Imported> {
  const wanted = await newImport(parts, file, wish, by);
  const running = await findRunning(parts.db, wish.newsletterId, wanted.hash);
  if (running !== undefined) return takeIn(parts, running.id, wish);
  const onProgress = (share: number) => wish.onProgress?.(share * READING);
  const { id } = await readImport(parts.db, file, { ...wanted, onProgress, looks: false });
  await runImport(parts, id, { ground: wish.ground, by });
  return takeIn(parts, id, wish);
}

async function takeIn(parts: Parts, id: number, wish: ImportWish): Promise<Imported> {
  const onProgress = (share: number) => wish.onProgress?.(READING + (1 - READING) * share);
  for (;;) {
    const report = await holdAndRun(parts, id, onProgress);
    if (report !== undefined) return { id, report };
    const run = await findImport(parts.db, id);
    if (run?.state === 'done') return { id, report: run.report as ImportReport };
    if (run?.state !== 'running')
      throw new RoundupError('state-refused', `Import ${id} is ${run?.state ?? 'gone'}. ${run?.problem ?? ''}`.trim());
    // Another process has it in hand, or had, and is gone.
    onProgress(run.place / Math.max(run.people, 1));
    await sleep(SECOND_MS);
  }
}

/** Goes on with an import that waits to be taken in, or was cut short, step by step while `goesOn`. False where there is none to go on with. */
export async function continueImport(parts: Parts, goesOn: () => boolean): Promise<boolean> {
  return (await holdAndRun(parts, undefined, () => {}, goesOn)) !== undefined;
}

async function holdAndRun(
  { db }: Parts,
  wanted: number | undefined,
  onProgress: (share: number) => void,
  goesOn = () => true,
): Promise<ImportReport | undefined> {
  const holder = randomId();
  const id = (await holdImport(db, holder, wanted))?.id;
  if (id === undefined) return undefined;
  try {
    while (goesOn()) {
      const step = await stepImport(db, id, holder, tellEnd);
      if (step === undefined) return undefined;
      onProgress(step.share);
      if (step.isDone) return step.report;
    }
    await letGoOfImport(db, id, holder);
    return undefined;
  } catch (error) {
    await putOffImport(db, id, holder, reasonOf(error)).catch(() => {});
    throw error;
  }
}

async function tellEnd(tx: Database, run: ImportRun, report: ImportReport): Promise<void> {
  const { problems: _problems, samples: _samples, columns: _columns, ...counts } = report;
  const { newsletterId, ground } = run;
  const subject = `newsletter ${newsletterId}`;
  const detail = { import: run.id, ground, ...counts };
  await recordAct(tx, { actor: run.madeBy, act: 'subscribers imported', subject, detail });
  await announce(tx, { type: 'import.done', newsletterId, data: { importId: run.id, newsletterId, ...counts } });
}

/** Takes back what an import brought, as far as nobody has touched it since. Throws `state-refused` where that was done already. */
export async function undoImport({ db }: Pick<Parts, 'db'>, id: number, by: string): Promise<Undone> {
  return db.transaction().execute(async (tx) => {
    const undone = await undoImportRows(tx, id, mailedSubscribers());
    if (undone === undefined)
      throw new RoundupError('state-refused', `There is no import ${id} that could be undone.`, {
        hint: 'See which there are with: roundup subscribers imports',
      });
    await dropLines(tx, id);
    await forgetCounts(tx, 'newsletter/');
    await recordAct(tx, { actor: by, act: 'import undone', subject: `import ${id}`, detail: { ...undone } });
    return undone;
  });
}

async function newImport({ clock }: Pick<Parts, 'clock'>, file: string, wish: ImportWish, by: string) {
  const name = path.basename(wish.name ?? file);
  return { ...wish, wholeHouse: wish.wholeHouse ?? true, by, at: clock.now(), file: name, hash: await hashOf(file) };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch {
    // The import says in words what is wrong with it.
  }
  return hash.digest('hex');
}
