import type { Sharp } from 'sharp';

// A picture, made fit for mail: checked by its content, turned upright, cut to the shape of its place, at twice the size that
// it is shown at, as JPEG or PNG within a limit of bytes, with nothing in it but the picture.

export interface ImageSize {
  /** Pixels; half of it is how large it is shown. */
  width: number;
  height: number;
}

export interface MadeImage {
  bytes: Buffer;
  type: 'image/jpeg' | 'image/png';
  width: number;
  height: number;
}

export const MOST_BYTES = 200 * 1024;
const MOST_PIXELS = 50_000_000;
const SMALLEST = 32;
const QUALITIES = [82, 74, 66, 56, 46];
const SCALES = [1, 0.8, 0.6, 0.45];

/** By the first bytes of it: JPEG, PNG, GIF, WebP, AVIF. What draws by instructions, such as SVG, is none. */
export function isPicture(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 32).toString('latin1');
  return (
    head.startsWith('\xff\xd8\xff') ||
    head.startsWith('\x89PNG\r\n') ||
    /^GIF8[79]a/.test(head) ||
    /^RIFF....WEBP/s.test(head) ||
    /^....ftyp(avif|avis|mif1|miaf)/s.test(head)
  );
}

/** Throws in words, as the end of a sentence: "it …". */
export async function makeImage(bytes: Buffer, size: ImageSize): Promise<MadeImage> {
  if (!isPicture(bytes)) throw new Error(`it is no JPEG, PNG, GIF, WebP or AVIF${looksLike(bytes)}`);
  // Loaded by whoever makes one.
  const { default: sharp } = await import('sharp');
  const open = () => sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 }).autoOrient();
  const { autoOrient, hasAlpha } = await open().metadata();
  const { width, height } = autoOrient;
  if (width < SMALLEST || height < SMALLEST) throw new Error(`it has only ${width} × ${height} pixels`);
  const isOpaque = hasAlpha !== true || (await open().stats()).isOpaque;
  // Decoded once: what is tried after that is tried on the small picture.
  const place = fitted({ width, height }, size);
  const cut = open()
    .resize({ ...place, fit: 'cover', position: 'attention' })
    .toColourspace('srgb');
  const { data, info } = await cut.raw().toBuffer({ resolveWithObject: true });
  const { channels } = info;
  for (const scale of SCALES) {
    const size = {
      width: Math.max(1, Math.round(place.width * scale)),
      height: Math.max(1, Math.round(place.height * scale)),
    };
    const small = () => sharp(data, { raw: { ...place, channels } }).resize(size);
    const made = isOpaque ? await smallJpeg(small) : ((await smallPng(small)) ?? (await smallJpeg(small)));
    if (made !== undefined) return { ...made, ...size };
  }
  throw new Error(`it cannot be made smaller than ${MOST_BYTES / 1024} KB`);
}

/** The shape of its place, never larger than the picture itself. */
function fitted(picture: ImageSize, place: ImageSize): ImageSize {
  const ratio = place.width / place.height;
  const width = Math.round(Math.min(place.width, picture.width, picture.height * ratio));
  return { width, height: Math.max(1, Math.round(width / ratio)) };
}

async function smallJpeg(cut: () => Sharp): Promise<Pick<MadeImage, 'bytes' | 'type'> | undefined> {
  for (const quality of QUALITIES) {
    const bytes = await cut().flatten({ background: '#ffffff' }).jpeg({ quality, mozjpeg: true }).toBuffer();
    if (bytes.length <= MOST_BYTES) return { bytes, type: 'image/jpeg' };
  }
  return undefined;
}

async function smallPng(cut: () => Sharp): Promise<Pick<MadeImage, 'bytes' | 'type'> | undefined> {
  const bytes = await cut().png({ compressionLevel: 9, palette: true }).toBuffer();
  return bytes.length <= MOST_BYTES ? { bytes, type: 'image/png' } : undefined;
}

function looksLike(bytes: Buffer): string {
  const start = bytes.subarray(0, 500).toString('latin1').trimStart().toLowerCase();
  if (/<svg[\s>]/.test(start)) return ' but an SVG drawing';
  if (/^<(!doctype|html)/.test(start)) return ' but a web page';
  return bytes.length === 0 ? ': it is empty' : '';
}
