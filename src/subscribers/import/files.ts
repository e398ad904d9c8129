import { createReadStream } from 'node:fs';
import { type FileHandle, access, constants, open, stat } from 'node:fs/promises';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Entry, type ZipFile, open as openZip } from 'yauzl';
import { RoundupError, reasonOf } from '../../platform/errors.ts';

// A list comes as a file of its own, compressed, or as several in an archive, as Mailchimp has it. Nothing is unpacked onto the disk.

/** A text in the file. */
export interface ListedFile {
  name: string;
  /** From its beginning, each time. */
  open(): Promise<Readable>;
}

/** What an archive may hold, so that a small one does not become a large one. */
const MOST_FILES = 50;
const MOST_BYTES = 8 * 1024 ** 3;
const MOST_RATIO = 200;
const LISTS = /\.(csv|tsv|txt)$/i;

/** Throws `input-invalid` in words where the file cannot be read, is empty, or holds no list. */
export async function listedFiles(
  file: string,
  name = file,
  mostBytes = MOST_BYTES,
): Promise<{ size: number; files: ListedFile[] }> {
  const size = await readableSize(file);
  const head = await firstBytes(file, 4);
  if (head.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b])))
    return { size, files: [{ name: name.replace(/\.gz$/i, ''), open: async () => gunzipped(file, size, mostBytes) }] };
  if (head.equals(Buffer.from('PK\u0003\u0004', 'latin1'))) return { size, files: await zipped(file, mostBytes) };
  return { size, files: [{ name, open: async () => createReadStream(file) }] };
}

function gunzipped(file: string, size: number, mostBytes: number): Readable {
  // What goes wrong in either ends the reading of the last with its reason.
  const unpacked = pipeline(createReadStream(file), createGunzip(), () => {});
  return limited(unpacked, Math.min(Math.max(size, 1_024) * MOST_RATIO, mostBytes), file);
}

async function zipped(file: string, mostBytes: number): Promise<ListedFile[]> {
  const zip = await opened(file);
  try {
    const entries: Entry[] = [];
    for await (const entry of entriesOf(zip, file)) if (LISTS.test(nameOf(entry))) entries.push(entry);
    if (entries.length === 0) throw invalid(file, 'there is no .csv, .tsv or .txt in this archive');
    if (entries.length > MOST_FILES) throw invalid(file, `there are more than ${MOST_FILES} lists in this archive`);
    for (const entry of entries) {
      const { compressedSize, uncompressedSize, generalPurposeBitFlag } = entry;
      const fileName = nameOf(entry);
      if ((generalPurposeBitFlag & 1) === 1) throw invalid(file, `${fileName} in it is encrypted`);
      if (uncompressedSize > mostBytes || uncompressedSize > Math.max(compressedSize, 1_024) * MOST_RATIO)
        throw invalid(file, `${fileName} in it would be far larger than any list (${uncompressedSize} bytes)`);
    }
    return entries.map((entry) => ({
      name: nameOf(entry),
      open: () => entryStream(file, entry, mostBytes),
    }));
  } finally {
    zip.close();
  }
}

/** Whatever path it claims, it is a name to show. Names come as bytes, so that a strange one is nobody's error. */
function nameOf({ fileName }: Entry): string {
  const path = Buffer.isBuffer(fileName) ? fileName.toString('utf8') : fileName;
  return path.split(/[\\/]/).at(-1) ?? path;
}

function opened(file: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openZip(file, { lazyEntries: true, autoClose: false, decodeStrings: false }, (error, zip) =>
      error ? reject(invalid(file, `the archive is broken: ${reasonOf(error)}`)) : resolve(zip),
    );
  });
}

async function* entriesOf(zip: ZipFile, file: string): AsyncGenerator<Entry> {
  const next = () =>
    new Promise<Entry | undefined>((resolve, reject) => {
      const done = (act: () => void) => () => {
        zip.removeAllListeners();
        act();
      };
      zip.once('entry', (entry: Entry) => done(() => resolve(entry))());
      zip.once('end', () => done(() => resolve(undefined))());
      zip.once('error', (error: Error) =>
        done(() => reject(invalid(file, `the archive is broken: ${reasonOf(error)}`)))(),
      );
      zip.readEntry();
    });
  for (let entry = await next(); entry !== undefined; entry = await next()) yield entry;
}

async function entryStream(file: string, wanted: Entry, mostBytes: number): Promise<Readable> {
  const zip = await opened(file);
  return new Promise((resolve, reject) => {
    zip.openReadStream(wanted, (error, stream) => {
      if (error) {
        zip.close();
        return reject(invalid(file, `${nameOf(wanted)} in it is broken: ${reasonOf(error)}`));
      }
      stream.once('close', () => zip.close());
      resolve(limited(stream, mostBytes, file));
    });
  });
}

/** Ends with an error in words where more comes than there can be, and where it is damaged. */
function limited(stream: Readable, most: number, file: string): Readable {
  let bytes = 0;
  return Readable.from(
    (async function* () {
      try {
        for await (const chunk of stream) {
          bytes += (chunk as Buffer).length;
          if (bytes > most) throw invalid(file, 'it would be far larger than any list when it is unpacked');
          yield chunk as Buffer;
        }
      } catch (error) {
        throw error instanceof RoundupError ? error : invalid(file, `it is damaged: ${reasonOf(error)}`, error);
      }
    })(),
  );
}

async function firstBytes(file: string, count: number): Promise<Buffer> {
  const handle: FileHandle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function readableSize(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size === 0) throw new Error('it is empty');
    await access(file, constants.R_OK);
    return found.size;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw invalid(file, isMissing ? 'there is no such file' : reasonOf(cause), cause);
  }
}

function invalid(file: string, why: string, cause?: unknown): RoundupError {
  return new RoundupError('input-invalid', `${file} cannot be imported: ${why}`, { cause });
}
