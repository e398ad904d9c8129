import { createReadStream } from 'node:fs';
import { access, constants, open, stat } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { type CsvError, parse } from 'csv-parse';
import { addressKey, domainOf, parseAddress } from '../lib/addresses.ts';
import { oneLine } from '../lib/text.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { type ImportCounts, type ImportRow, importRows } from './store.ts';

// Reads a CSV of subscribers in batches, so that a list of any length takes the memory of one batch. A line that is wrong is
// reported with its number and the others go on.

export interface ImportReport extends ImportCounts {
  lines: number;
  /** Lines that name a person who stood further up already. */
  repeated: number;
  invalid: number;
  /** The first of the invalid lines, in words. */
  problems: ImportProblem[];
}

export interface ImportProblem {
  line: number;
  reason: string;
}

export interface ImportOptions {
  newsletterId: number;
  /** On what ground these people get mail, kept as their consent: "imported from Mailchimp, 2026-11-22". */
  ground: string;
  onProgress?: (share: number) => void;
}

const BATCH = 2_000;
const MAX_PROBLEMS = 50;
const MAX_NAME_LENGTH = 200;
const MAX_RECORD_BYTES = 100_000;
const ADDRESS_COLUMNS = ['email', 'email address', 'e-mail', 'address', 'mail'];
const NAME_COLUMNS = ['name', 'full name', 'display name'];
const FIRST_NAME_COLUMNS = ['first name', 'first_name', 'firstname'];
const LAST_NAME_COLUMNS = ['last name', 'last_name', 'lastname'];

/** Imports a CSV file with a header line. Throws `input-invalid` where the file cannot be a list of subscribers at all. */
export async function importSubscribers(db: Database, file: string, options: ImportOptions): Promise<ImportReport> {
  const size = await readableSize(file);
  const importer = new Importer(db, file, options);
  const stream = createReadStream(file);
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(file),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    info: true,
    trim: true,
  });
  // What goes wrong in reading ends the parser, and so the loop below, with its reason.
  pipeline(Readable.from(decoded(stream, await encodingOf(file))), parser, () => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      await importer.take(record, info.lines);
      if (importer.report.lines % BATCH === 0) options.onProgress?.(stream.bytesRead / Math.max(size, 1));
    }
  } catch (error) {
    if ((error as CsvError).code?.startsWith('CSV_') !== true) throw error;
    importer.problem(
      (error as CsvError & { lines?: number }).lines ?? 0,
      `the rest could not be read: ${(error as Error).message}`,
    );
  }
  await importer.flush();
  options.onProgress?.(1);
  return importer.report;
}

class Importer {
  readonly report: ImportReport = {
    lines: 0,
    subscribed: 0,
    alreadySubscribed: 0,
    left: 0,
    suppressed: 0,
    repeated: 0,
    invalid: 0,
    problems: [],
  };
  readonly #db: Database;
  readonly #file: string;
  readonly #options: ImportOptions;
  #columns: Columns | undefined;
  #batch = new Map<string, ImportRow>();

  constructor(db: Database, file: string, options: ImportOptions) {
    this.#db = db;
    this.#file = file;
    this.#options = options;
  }

  async take(record: string[], line: number): Promise<void> {
    if (this.#columns === undefined) {
      this.#columns = columnsOf(record, this.#file);
      return;
    }
    this.report.lines++;
    const text = record[this.#columns.address] ?? '';
    const address = parseAddress(text);
    if (address === undefined) {
      this.problem(line, text === '' ? 'it has no address' : `"${oneLine(text, 80)}" is not a mail address`);
      return;
    }
    const key = addressKey(address);
    if (this.#batch.has(key)) this.report.repeated++;
    else
      this.#batch.set(key, {
        address,
        addressKey: key,
        domain: domainOf(address),
        name: nameIn(record, this.#columns),
      });
    if (this.#batch.size >= BATCH) await this.flush();
  }

  problem(line: number, reason: string): void {
    this.report.invalid++;
    if (this.report.problems.length < MAX_PROBLEMS) this.report.problems.push({ line, reason });
  }

  async flush(): Promise<void> {
    if (this.#batch.size === 0) return;
    const counts = await importRows(
      this.#db,
      this.#options.newsletterId,
      [...this.#batch.values()],
      this.#options.ground,
    );
    this.report.subscribed += counts.subscribed;
    this.report.alreadySubscribed += counts.alreadySubscribed;
    this.report.left += counts.left;
    this.report.suppressed += counts.suppressed;
    this.#batch = new Map();
  }
}

interface Columns {
  address: number;
  name: number;
  firstName: number;
  lastName: number;
}

function columnsOf(header: string[], file: string): Columns {
  const names = header.map((name) => name.toLowerCase());
  const find = (known: string[]) => names.findIndex((name) => known.includes(name));
  const address = find(ADDRESS_COLUMNS);
  if (address === -1) {
    throw new RoundupError(
      'input-invalid',
      `${file} has no column of mail addresses; its first line is: ${oneLine(header.join(', '), 200)}`,
      {
        hint: `Name one column ${ADDRESS_COLUMNS.map((name) => `"${name}"`).join(' or ')} in the first line.`,
      },
    );
  }
  return { address, name: find(NAME_COLUMNS), firstName: find(FIRST_NAME_COLUMNS), lastName: find(LAST_NAME_COLUMNS) };
}

function nameIn(record: string[], { name, firstName, lastName }: Columns): string {
  const whole = record[name] ?? [record[firstName], record[lastName]].filter(Boolean).join(' ');
  return oneLine(whole, MAX_NAME_LENGTH);
}

async function readableSize(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size === 0) throw new Error('it is empty');
    await access(file, constants.R_OK);
    return found.size;
  } catch (cause) {
    throw new RoundupError(
      'input-invalid',
      `${file} cannot be imported: ${(cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : reasonOf(cause)}`,
      { cause },
    );
  }
}

async function* decoded(stream: Readable, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of stream) yield decoder.decode(chunk as Buffer, { stream: true });
  yield decoder.decode();
}

/** UTF-8 where the whole file is, else what Excel and its like write in the west. */
async function encodingOf(file: string): Promise<'utf-8' | 'windows-1252'> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(file)) decoder.decode(chunk as Buffer, { stream: true });
    decoder.decode();
    return 'utf-8';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'windows-1252';
    throw error;
  }
}

/** The most frequent of the usual separators in the first line. */
async function delimiterOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8_192), 0, 8_192, 0);
    const [header = ''] = buffer.toString('utf8', 0, bytesRead).split(/\r?\n/);
    const count = (char: string) => header.split(char).length;
    return [',', ';', '\t', '|'].reduce((best, char) => (count(char) > count(best) ? char : best));
  } finally {
    await handle.close();
  }
}
