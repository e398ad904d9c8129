import { sha256 } from '../lib/hash.ts';
import type { Database } from '../platform/database/index.ts';
import { reasonOf } from '../platform/errors.ts';
import { type FetchOptions, fetchDocument } from '../platform/fetch/index.ts';
import { addressesOf } from './address.ts';
import { type Framing, type ImageSize, makeImage } from './image.ts';
import { insertMedia, recordMediaSource } from './store.ts';

export interface WantedImage {
  url: string;
  /** Under which its addresses meet. */
  urlKey: string;
  isLocal: boolean;
  size: ImageSize;
  /** Without it the machine chooses what is seen. */
  framing?: Framing | 'whole' | undefined;
}

const LIMITS = { timeMs: 30_000, sizeBytes: 25 * 1024 * 1024, redirects: 5 };

/** Under which a picture of that size, and of that part, is kept. */
export function sizeName({ width, height }: ImageSize, framing?: Framing | 'whole'): string {
  const size = `${width}x${height}`;
  if (framing === undefined) return size;
  return framing === 'whole' ? `${size} whole` : `${size} ${framing.x},${framing.y},${framing.zoom}`;
}

/** Fetches a picture and keeps it as mails show it. What goes wrong is kept in words, not thrown. */
export async function fetchImage(
  db: Database,
  wanted: WantedImage,
  now: Date,
  options: FetchOptions = {},
): Promise<string | undefined> {
  const name = { urlKey: wanted.urlKey, size: sizeName(wanted.size, wanted.framing) };
  let problem = '';
  for (const url of addressesOf(wanted.url, wanted.size)) {
    try {
      const fetched = await fetchDocument(
        { url, isLocal: wanted.isLocal, accept: 'image/avif, image/webp, image/jpeg, image/png, image/gif' },
        { limits: LIMITS, ...options },
      );
      if (!fetched.changed) continue;
      const image = await makeImage(fetched.body, wanted.size, wanted.framing);
      const hash = sha256(image.bytes).slice(0, 40);
      await insertMedia(db, { ...image, hash }, now);
      await recordMediaSource(db, { ...name, hash, problem: null }, now);
      return undefined;
    } catch (error) {
      problem ||= reasonOf(error);
    }
  }
  await recordMediaSource(db, { ...name, hash: null, problem }, now);
  return problem;
}
