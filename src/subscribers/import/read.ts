import { addressKey, parseAddress } from '../../lib/addresses.ts';
import { oneLine } from '../../lib/text.ts';
import { tongueOf } from '../../lib/tongues.ts';
import type { Database } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { readCsv } from './csv.ts';
import { type ListedFile, listedFiles } from './files.ts';
import { ADDRESS_COLUMNS, type Format, formatOf } from './formats.ts';
import { type ListLine, insertLines } from './lines.ts';
import { type ImportReport, addColumns, addProblem, emptyReport } from './report.ts';
import { type ListedPerson, STANDINGS } from './row.ts';

// Reads a list in batches, so that one of any length takes the memory of a batch. A line that is wrong is reported with its number, and
// the others go on.

export interface ReadOptions {
  /** What the file was called, where it is another name by now. */
  name?: string | undefined;
  /** Columns that are kept as attributes. */
  keep?: string[] | undefined;
  /** To how many bytes a compressed list may unpack. */
  mostBytes?: number | undefined;
  onProgress?: ((share: number) => void) | undefined;
}

const BATCH = 5_000;
const MAX_NAME_LENGTH = 200;

/**
 * Reads a file, a CSV of any dialect, compressed or not, or an archive of several, into an import's lines. Throws `input-invalid` where it
 * cannot be a list of subscribers at all.
 */
export async function readLines(
  db: Database,
  importId: number,
  file: string,
  options: ReadOptions,
): Promise<ImportReport> {
  const { size, files } = await listedFiles(file, options.name, options.mostBytes);
  const reader = new Reader(db, importId, options.keep ?? []);
  let read = 0;
  for (const one of files) {
    const progress = (count: number) => {
      read += count;
      options.onProgress?.(Math.min(1, read / Math.max(size, 1)));
    };
    await reader.readFile(one, files.length > 1, progress);
  }
  await reader.end();
  return reader.report;
}

class Reader {
  readonly report = emptyReport();
  readonly #db: Database;
  readonly #importId: number;
  readonly #keep: string[];
  #batch: ListLine[] = [];
  /** While a batch is written down, the next one is read. */
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Database, importId: number, keep: string[]) {
    this.#db = db;
    this.#importId = importId;
    this.#keep = keep;
  }

  /** `isOneOfMany`: in an archive, what is no list of addresses is passed over with a word. */
  async readFile(file: ListedFile, isOneOfMany: boolean, onBytes: (count: number) => void): Promise<void> {
    const where = isOneOfMany ? { file: file.name } : {};
    let format: Format | undefined;
    const onProblem = (line: number, reason: string) => addProblem(this.report, { ...where, line, reason });
    for await (const { cells, line } of readCsv(file, { onProblem, onBytes })) {
      if (format !== undefined) {
        this.report.lines++;
        await this.#take(format.read(cells), { ...where, line });
        continue;
      }
      format = formatOf(cells, file.name, this.#keep);
      if (format === undefined && isOneOfMany) return onProblem(1, 'it has no column of mail addresses');
      if (format === undefined) throw noAddresses(file.name, cells);
      this.report.format ||= format.name;
      addColumns(this.report, format.unused);
    }
  }

  async end(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  async #take(person: ListedPerson, where: { file?: string; line: number }): Promise<void> {
    const address = parseAddress(person.address);
    if (address === undefined) {
      const found = oneLine(person.address, 80);
      const problem = found === '' ? { reason: 'it has no address' } : { reason: 'this is no mail address', found };
      return addProblem(this.report, { ...where, ...problem });
    }
    this.#batch.push({
      line: where.line,
      file: where.file ?? '',
      address,
      key: addressKey(address),
      name: oneLine(person.name, MAX_NAME_LENGTH),
      language: tongueOf(person.language) ?? '',
      standing: STANDINGS.indexOf(person.standing),
      at: pastTime(person.at),
      topics: person.topics,
      everyDays: person.everyDays,
      pausedUntil: timeOf(person.pausedUntil),
      attributes: person.attributes,
    });
    if (this.#batch.length >= BATCH) await this.#flush();
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#writing;
    if (batch.length === 0) return;
    this.#writing = insertLines(this.#db, this.#importId, batch);
    // Whoever waits for it next is told.
    this.#writing.catch(() => {});
  }
}

function noAddresses(file: string, header: string[]): RoundupError {
  return new RoundupError(
    'input-invalid',
    `${file} has no column of mail addresses; its first line is: ${oneLine(header.join(', '), 200)}`,
    {
      hint: `Name one column ${ADDRESS_COLUMNS.map((name) => `"${name}"`).join(' or ')} in the first line.`,
    },
  );
}

/** As ISO 8601, or null where it is none. "2024-01-31 10:00:00" is taken as UTC. */
function timeOf(text: string): string | null {
  const iso = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text;
  const time = Date.parse(iso);
  // Within what a calendar of four digits has.
  return Number.isNaN(time) || time < 0 || time > 253_402_300_799_999 ? null : new Date(time).toISOString();
}

function pastTime(text: string): string | null {
  const time = text === '' ? null : timeOf(text);
  return time !== null && Date.parse(time) <= Date.now() ? time : null;
}
