import { addressKey, domainOf, parseAddress } from '../../lib/addresses.ts';
import { oneLine } from '../../lib/text.ts';
import { tongueOf } from '../../lib/tongues.ts';
import type { Database } from '../../platform/database/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { readCsv } from './csv.ts';
import { type ListedFile, listedFiles } from './files.ts';
import { ADDRESS_COLUMNS, type Format, formatOf } from './formats.ts';
import { type ImportRow, OUTCOMES, type Outcome, importRows } from './store.ts';

// Reads a list of subscribers in batches, so that a list of any length takes the memory of one batch. A line that is wrong is
// reported with its number and the others go on.

export type ImportReport = Record<Outcome, number> & {
  /** What wrote the list: "Mailchimp", "CSV". */
  format: string;
  lines: number;
  /** Lines that name a person who stood further up already. */
  repeated: number;
  invalid: number;
  /** The first of the invalid lines, in words. */
  problems: ImportProblem[];
  /** The first lines of each outcome. */
  samples: ImportSample[];
};

export interface ImportProblem {
  line: number;
  reason: string;
}

export interface ImportSample {
  outcome: Outcome;
  line: number;
  address: string;
}

export interface ImportOptions {
  newsletterId: number;
  /** On what ground these people get mail, kept as their consent: "imported from Mailchimp, 2026-11-22". */
  ground: string;
  /** The import's number in the books, for undoing it. */
  importId?: number | undefined;
  /** Lines that an earlier run of the same file has done. */
  skip?: number | undefined;
  /** What that one had come to. */
  before?: Partial<ImportReport> | undefined;
  /** What the file was called, where it is another name by now. */
  name?: string | undefined;
  onProgress?: ((share: number) => void) | undefined;
  /** After each batch: how far it is. */
  onBatch?: ((report: ImportReport) => Promise<void>) | undefined;
}

const BATCH = 2_000;
const MAX_PROBLEMS = 50;
const MAX_NAME_LENGTH = 200;
const SAMPLES = 3;
const SAMPLES_IN_ALL = SAMPLES * OUTCOMES.length;

/**
 * Imports a file: a CSV of any dialect, compressed or not, or an archive of several. Throws `input-invalid` where it cannot be a
 * list of subscribers at all.
 */
export async function importSubscribers(db: Database, file: string, options: ImportOptions): Promise<ImportReport> {
  const { size, files } = await listedFiles(file, options.name);
  const importer = new Importer(db, options);
  let read = 0;
  for (const one of files) {
    const progress = (count: number) => {
      read += count;
      options.onProgress?.(Math.min(1, read / Math.max(size, 1)));
    };
    await importer.readFile(one, files.length > 1, progress);
  }
  options.onProgress?.(1);
  return importer.report;
}

class Importer {
  readonly report: ImportReport = {
    format: '',
    lines: 0,
    subscribed: 0,
    alreadySubscribed: 0,
    left: 0,
    suppressed: 0,
    leftElsewhere: 0,
    struck: 0,
    unconfirmed: 0,
    repeated: 0,
    invalid: 0,
    problems: [],
    samples: [],
  };
  readonly #db: Database;
  readonly #options: ImportOptions;
  #batch = new Map<string, ImportRow>();

  constructor(db: Database, options: ImportOptions) {
    this.#db = db;
    this.#options = options;
    Object.assign(this.report, options.before, { lines: 0 });
  }

  /** `isOneOfMany`: in an archive, what is no list of addresses is passed over with a word. */
  async readFile(file: ListedFile, isOneOfMany: boolean, onBytes: (count: number) => void): Promise<void> {
    let format: Format | undefined;
    const onProblem = (line: number, reason: string) => this.#problem(line, reason);
    for await (const { cells, line } of readCsv(file, { onProblem, onBytes })) {
      if (format === undefined) {
        format = formatOf(cells, file.name);
        if (format === undefined && isOneOfMany)
          return this.#problem(1, `${file.name} has no column of mail addresses`);
        if (format === undefined) throw noAddresses(file.name, cells);
        this.report.format ||= format.name;
        continue;
      }
      this.report.lines++;
      if (this.report.lines <= (this.#options.skip ?? 0)) continue;
      await this.#take(format, cells, line);
    }
    await this.#flush();
  }

  async #take(format: Format, cells: string[], line: number): Promise<void> {
    const person = format.read(cells);
    const address = parseAddress(person.address);
    if (address === undefined) {
      const { address: text } = person;
      return this.#problem(line, text === '' ? 'it has no address' : `"${oneLine(text, 80)}" is not a mail address`);
    }
    const key = addressKey(address);
    if (this.#batch.has(key)) this.report.repeated++;
    else
      this.#batch.set(key, {
        line,
        address,
        addressKey: key,
        domain: domainOf(address),
        name: oneLine(person.name, MAX_NAME_LENGTH),
        language: tongueOf(person.language) ?? '',
        standing: person.standing,
        at: timeOf(person.at),
      });
    if (this.#batch.size >= BATCH) await this.#flush();
  }

  #problem(line: number, reason: string): void {
    this.report.invalid++;
    if (this.report.problems.length < MAX_PROBLEMS) this.report.problems.push({ line, reason });
  }

  async #flush(): Promise<void> {
    if (this.#batch.size === 0) return;
    const rows = [...this.#batch.values()];
    this.#batch = new Map();
    for (const { outcome, count, lines } of await importRows(this.#db, rows, this.#options)) {
      this.report[outcome] += count;
      const before = this.report.samples.filter((sample) => sample.outcome === outcome).length;
      for (const line of lines.slice(0, SAMPLES - before)) {
        const address = rows.find((row) => row.line === line)?.address ?? '';
        if (this.report.samples.length < SAMPLES_IN_ALL) this.report.samples.push({ outcome, line, address });
      }
    }
    await this.#options.onBatch?.(this.report);
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

/** As ISO 8601, or empty where it is none that can be in the past. "2024-01-31 10:00:00" is taken as UTC. */
function timeOf(text: string): string {
  const iso = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text;
  const time = Date.parse(iso);
  return Number.isNaN(time) || time > Date.now() || time < 0 ? '' : new Date(time).toISOString();
}
