import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomId } from '../../lib/ids.ts';

// The local inbox keeps its mail as a Maildir, so that any mail program can read it: written under tmp/, renamed into new/,
// whole or not at all whatever is killed. The envelope recipient is kept as a Delivered-To header.

export interface InboxEntry {
  /** The file's name, which is also its id; ids sort by time. */
  id: string;
  receivedAt: Date;
  sizeBytes: number;
  from: string;
  to: string;
  subject: string;
}

/** Bytes from which an entry's From and Subject are read. */
const HEAD_BYTES = 16_384;
/** The inbox is for looking, not for keeping. */
export const MAX_MESSAGES = 100_000;

export class Maildir {
  readonly #folder: string;
  #ids: string[] = [];
  #sequence = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<Maildir> {
    const maildir = new Maildir(folder);
    for (const sub of ['tmp', 'new', 'cur']) await mkdir(path.join(folder, sub), { recursive: true });
    maildir.#ids = (await readdir(path.join(folder, 'new'))).toSorted();
    return maildir;
  }

  get size(): number {
    return this.#ids.length;
  }

  get isFull(): boolean {
    return this.#ids.length >= MAX_MESSAGES;
  }

  /** Keeps a message; resolved means that it is there under its id. */
  async add(recipient: string, message: Buffer): Promise<string> {
    const order = (this.#sequence++ % 1_000_000).toString().padStart(6, '0');
    const id = `${Date.now()}.${order}-${randomId(5)}.roundup`;
    const draft = path.join(this.#folder, 'tmp', id);
    await writeFile(draft, Buffer.concat([Buffer.from(`Delivered-To: ${recipient}\r\n`), message]));
    await rename(draft, this.#file(id));
    this.#ids.push(id);
    return id;
  }

  /** The newest first. */
  async list(offset: number, limit: number): Promise<InboxEntry[]> {
    const end = Math.max(this.#ids.length - offset, 0);
    const ids = this.#ids.slice(Math.max(end - limit, 0), end).toReversed();
    return Promise.all(ids.map((id) => this.#entry(id)));
  }

  /** The message's bytes, or undefined for an id that is not here. */
  async read(id: string): Promise<Buffer | undefined> {
    return this.#ids.includes(id) ? readFile(this.#file(id)) : undefined;
  }

  async empty(): Promise<void> {
    const ids = this.#ids;
    this.#ids = [];
    for (const id of ids) await rm(this.#file(id), { force: true });
  }

  #file(id: string): string {
    return path.join(this.#folder, 'new', id);
  }

  async #entry(id: string): Promise<InboxEntry> {
    const { head, sizeBytes } = await readHead(this.#file(id));
    const header = (name: string) => headerIn(head, name);
    const [seconds] = id.split('.');
    return {
      id,
      receivedAt: new Date(Number(seconds)),
      sizeBytes,
      from: header('from'),
      to: header('delivered-to'),
      subject: header('subject'),
    };
  }
}

async function readHead(file: string): Promise<{ head: string; sizeBytes: number }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(Math.min(size, HEAD_BYTES)),
      0,
      Math.min(size, HEAD_BYTES),
      0,
    );
    return { head: buffer.toString('utf8', 0, bytesRead), sizeBytes: size };
  } finally {
    await handle.close();
  }
}

/** A raw header value, unfolded, its encoded words still encoded. */
function headerIn(head: string, name: string): string {
  const found = new RegExp(`^${name}:((?:.|\\r?\\n[ \\t])*)`, 'im').exec(head.split(/\r?\n\r?\n/)[0] ?? '');
  return (found?.[1] ?? '').replace(/\r?\n[ \t]/g, ' ').trim();
}
