import { Readable, pipeline } from 'node:stream';
import { TextDecoder } from 'node:util';
import { type CsvError, parse } from 'csv-parse';
import type { ListedFile } from './files.ts';

// A CSV of any dialect, record by record: comma, semicolon, tab or bar; UTF-8, UTF-16 or what old Excel writes; quoted or not, with
// line breaks in it or not.

export interface CsvRecord {
  cells: string[];
  /** The line of the file that it ends on. */
  line: number;
}

const MAX_RECORD_BYTES = 100_000;
const HEAD_BYTES = 64 * 1_024;

/** What ends the reading early is given to `onProblem`, with its line. `onBytes` is told of what has been read. */
export async function* readCsv(
  file: ListedFile,
  { onProblem, onBytes }: { onProblem: (line: number, reason: string) => void; onBytes?: (count: number) => void },
): AsyncGenerator<CsvRecord> {
  const encoding = await encodingOf(file);
  const parser = parse({
    bom: true,
    delimiter: await delimiterOf(file, encoding),
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_BYTES,
    info: true,
    trim: true,
  });
  // What goes wrong in reading ends the parser, and so the loop below, with its reason.
  pipeline(Readable.from(decoded(await file.open(), encoding, onBytes)), parser, () => {});
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { cells: record, line: info.lines };
  } catch (error) {
    if ((error as CsvError).code?.startsWith('CSV_') !== true) throw error;
    const { lines } = error as CsvError & { lines?: number };
    onProblem(lines ?? 0, `the rest could not be read: ${(error as Error).message}`);
  }
}

async function* decoded(
  stream: Readable,
  encoding: string,
  onBytes: ((count: number) => void) | undefined,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of stream) {
    onBytes?.((chunk as Buffer).length);
    yield decoder.decode(chunk as Buffer, { stream: true });
  }
  yield decoder.decode();
}

/** By its mark; else UTF-8 where the whole file is, else what Excel and its like write in the west. */
async function encodingOf(file: ListedFile): Promise<'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isFirst = true;
  try {
    for await (const chunk of await file.open()) {
      const bytes = chunk as Buffer;
      if (isFirst && bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
      if (isFirst && bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
      isFirst = false;
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
    return 'utf-8';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'windows-1252';
    throw error;
  }
}

/** The most frequent of the usual separators in the first line that says anything. */
async function delimiterOf(file: ListedFile, encoding: string): Promise<string> {
  let head = '';
  const decoder = new TextDecoder(encoding);
  for await (const chunk of await file.open()) {
    head += decoder.decode(chunk as Buffer, { stream: true });
    if (head.length > HEAD_BYTES || /\S[^]*[\r\n]/.test(head)) break;
  }
  const header = head.split(/[\r\n]+/).find((line) => line.trim() !== '') ?? '';
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (char: string) => bare.split(char).length;
  return [',', ';', '\t', '|'].reduce((best, char) => (count(char) > count(best) ? char : best));
}
