import { recordAct } from '../audit/index.ts';
import { sha256 } from '../lib/hash.ts';
import type { Database } from '../platform/database/index.ts';
import { RoundupError, reasonOf } from '../platform/errors.ts';
import { type ImageSize, makeImage } from './image.ts';
import { type Media, insertMedia } from './store.ts';

/**
 * Keeps a picture that somebody sent: checked by its content, whatever it is called, and encoded anew, so that nothing in it
 * comes along but the picture. Throws `unsupported-media`.
 */
export async function keepUpload(
  db: Database,
  bytes: Buffer,
  size: ImageSize,
  { by, at, framing }: { by: string; at: Date; framing?: 'whole' },
): Promise<Omit<Media, 'bytes'>> {
  const image = await makeImage(bytes, size, framing).catch((cause: unknown) => {
    throw new RoundupError('unsupported-media', `The picture cannot be taken: ${reasonOf(cause)}.`, {
      hint: 'Send a JPEG, PNG, GIF, WebP or AVIF.',
      cause,
    });
  });
  const hash = sha256(image.bytes).slice(0, 40);
  const { bytes: _bytes, ...kept } = image;
  await db.transaction().execute(async (tx) => {
    await insertMedia(tx, { ...image, hash }, at);
    await recordAct(tx, { actor: by, act: 'picture kept', subject: `media ${hash}`, detail: { ...kept } });
  });
  return { ...kept, hash };
}
