import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';

// Forms with a file (RFC 7578), for routes that say so. The file goes to disk as it comes, into a folder of its own that is gone with the
// answer, or with whoever hangs up; what is beside it are the form's fields.

export interface Upload {
  path: string;
  /** What it is called where it comes from. */
  name: string;
  bytes: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    takesFile?: true;
  }
  interface FastifyRequest {
    upload: Upload | null;
    uploadFolder: string | null;
  }
}

/** What comes over the network unpacks to no more than this. */
export const MOST_UNPACKED_BYTES = 1024 ** 3;
const MOST_BYTES = 300 * 1024 * 1024;
const LIMITS = { fileSize: MOST_BYTES, files: 1, fields: 100, fieldSize: 200_000, parts: 110, headerPairs: 50 };

export function takeUploads(server: FastifyInstance, log: Log): void {
  server.decorateRequest('upload', null);
  server.decorateRequest('uploadFolder', null);
  server.addContentTypeParser(
    'multipart/form-data',
    async (request: FastifyRequest, payload: NodeJS.ReadableStream) => {
      if (request.routeOptions.config.takesFile !== true)
        throw new RoundupError('unsupported-media', 'Send it with the Content-Type that the reference names.');
      return readForm(request, payload);
    },
  );
  server.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.takesFile !== true) return;
    const clear = () =>
      removeFolder(request).catch((error: unknown) =>
        log.warn('an uploaded file could not be removed', { reason: reasonOf(error) }),
      );
    reply.raw.once('close', () => void clear());
  });
}

async function readForm(request: FastifyRequest, payload: NodeJS.ReadableStream): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'roundup-upload-'));
  request.uploadFolder = folder;
  const fields: Record<string, string> = {};
  const files: Readable[] = [];
  const writing: Promise<void>[] = [];
  let tooLarge = false;
  try {
    const parser = new Busboy({ headers: request.headers as BusboyHeaders, limits: LIMITS });
    parser.on('field', (name, value) => (fields[name] = value));
    parser.on('file', (_field, given, name) => {
      const stream = given as Readable;
      files.push(stream);
      // What is wrong with it is told by the form as a whole; without a listener it would end the process.
      stream.on('error', () => {});
      // A file field that was left empty comes without a name.
      if (name === undefined || name === '') return void stream.resume();
      stream.once('limit', () => (tooLarge = true));
      const written = keep(request, stream, { folder, name });
      written.catch(() => {});
      writing.push(written);
    });
    await pipeline(payload, parser);
    await Promise.all(writing);
  } catch (cause) {
    // One that hung up leaves its file's stream open for good.
    for (const stream of files) stream.destroy();
    await Promise.allSettled(writing);
    await removeFolder(request);
    throw new RoundupError('input-invalid', 'The form came broken, or not whole.', { cause });
  }
  // Whoever hung up before there was a folder is told nothing, and it is removed by nobody else.
  if (request.raw.socket.destroyed) {
    await removeFolder(request);
    throw new RoundupError('input-invalid', 'Whoever sent this has hung up.');
  }
  if (tooLarge) throw new RoundupError('too-large', `The file is larger than ${MOST_BYTES / 1024 ** 2} MB.`);
  return fields;
}

async function keep(
  request: FastifyRequest,
  stream: Readable,
  { folder, name }: { folder: string; name: string },
): Promise<void> {
  const file = createWriteStream(path.join(folder, 'upload'), { mode: 0o600 });
  await pipeline(stream, file);
  request.upload = {
    path: path.join(folder, 'upload'),
    name: path.basename(name).slice(0, 200),
    bytes: file.bytesWritten,
  };
}

/** Does something with a list that came; where its file is named in an error, that is nobody's business. */
export async function withList<T>(file: string, act: (file: string) => Promise<T>): Promise<T> {
  return act(file).catch((error: unknown) => {
    if (!(error instanceof RoundupError)) throw error;
    const message = error.message.replaceAll(file, 'The list');
    throw new RoundupError(error.code, message, { hint: error.hint, cause: error });
  });
}

async function removeFolder(request: FastifyRequest): Promise<void> {
  const { uploadFolder } = request;
  request.uploadFolder = null;
  if (uploadFolder !== null) await rm(uploadFolder, { recursive: true, force: true });
}
