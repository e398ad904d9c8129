import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { recordAct } from '../audit/index.ts';
import { RoundupError } from '../platform/errors.ts';
import {
  type ImportReport,
  type Undone,
  beginImport,
  endImport,
  importSubscribers,
  keepProgress,
  undoImportRows,
} from '../subscribers/index.ts';
import type { Newsroom } from './newsroom.ts';

type Parts = Pick<Newsroom, 'db' | 'clock'>;

export interface ImportWish {
  newsletterId: number;
  ground: string;
  /** What the file was called, where it is another name by now. */
  name?: string | undefined;
  onProgress?: (share: number) => void;
}

class OnlyLooked extends Error {}

/** What an import would do: all of it, and none of it stays. Throws `input-invalid` where it is no list. */
export async function previewImport({ db }: Pick<Parts, 'db'>, file: string, wish: ImportWish): Promise<ImportReport> {
  let report: ImportReport | undefined;
  try {
    await db.transaction().execute(async (tx) => {
      report = await importSubscribers(tx, file, wish);
      throw new OnlyLooked();
    });
  } catch (error) {
    if (!(error instanceof OnlyLooked)) throw error;
  }
  return report as ImportReport;
}

/**
 * Imports a list; what became of it is kept. Where an earlier run of the same file was cut short, it goes on there. Throws
 * `input-invalid` where it is no list.
 */
export async function importList(
  { db, clock }: Parts,
  file: string,
  wish: ImportWish,
  by: string,
): Promise<{ id: number; report: ImportReport }> {
  const { newsletterId, ground } = wish;
  const name = path.basename(wish.name ?? file);
  // A file that is none is told before anything is written down.
  const hash = await hashOf(file);
  const run = await beginImport(db, { newsletterId, ground, by, at: clock.now(), file: name, hash });
  try {
    const report = await importSubscribers(db, file, {
      ...wish,
      importId: run.id,
      skip: run.linesDone,
      before: run.report,
      onBatch: (so) => keepProgress(db, run.id, so.lines, so),
    });
    await db.transaction().execute(async (tx) => {
      await endImport(tx, run.id, report);
      const { problems: _problems, samples: _samples, ...detail } = report;
      await recordAct(tx, {
        actor: by,
        act: 'subscribers imported',
        subject: `newsletter ${newsletterId}`,
        detail: { import: run.id, ground, ...detail },
      });
    });
    return { id: run.id, report };
  } catch (error) {
    // What cannot be a list has brought nothing, and is no import that could go on.
    if (error instanceof RoundupError && error.code === 'input-invalid') await undoImportRows(db, run.id);
    throw error;
  }
}

/** Takes back what an import brought, as far as nobody has touched it since. Throws `state-refused` where that was done already. */
export async function undoImport({ db }: Pick<Parts, 'db'>, id: number, by: string): Promise<Undone> {
  return db.transaction().execute(async (tx) => {
    const undone = await undoImportRows(tx, id);
    if (undone === undefined)
      throw new RoundupError('state-refused', `There is no import ${id} that could be undone.`, {
        hint: 'See which there are with: roundup subscribers imports',
      });
    await recordAct(tx, { actor: by, act: 'import undone', subject: `import ${id}`, detail: { ...undone } });
    return undone;
  });
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
