import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { RoundupError } from '../../platform/errors.ts';
import { withList } from '../uploads.ts';

// Lists that come and go as files.

export const LIST = {
  types: ['text/csv', 'application/zip', 'application/gzip'],
  limitBytes: 50 * 1024 * 1024,
  description: 'The list',
};

export function sendFile(reply: FastifyReply, type: string, name: string, rows: AsyncGenerator<string>): FastifyReply {
  return reply
    .type(`${type}; charset=utf-8`)
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Readable.from(rows));
}

/** Throws `input-invalid` for none. */
export function bytesOf(body: unknown): Buffer {
  if (!Buffer.isBuffer(body) || body.length === 0) throw new RoundupError('input-invalid', 'The body is empty.');
  return body;
}

/** Keeps them in a file of their own while something is done with it. */
export async function asFile<T extends object>(bytes: Buffer, act: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'roundup-import-'));
  try {
    const file = path.join(folder, 'list.csv');
    await writeFile(file, bytes, { mode: 0o600 });
    return await withList(file, act);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
