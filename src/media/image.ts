import type { Sharp } from 'sharp';

// A picture, made fit for mail: checked by its content, turned upright, cut to the shape of its place, at twice the size that
// it is shown at, as JPEG or PNG within a limit of bytes, with nothing in it but the picture.

export interface ImageSize {
  /** Pixels; half of it is how large it is shown. */
  width: number;
  height: number;
}

/** What is to be seen of a picture: around which point, in percent, and how much closer than need be; else the machine chooses. */
export interface Framing {
  x: number;
  y: number;
  /** From 1, all that fits. */
  zoom: number;
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
export async function makeImage(bytes: Buffer, size: ImageSize, framing?: Framing | 'whole'): Promise<MadeImage> {
  if (!isPicture(bytes)) throw new Error(`it is no JPEG, PNG, GIF, WebP or AVIF${looksLike(bytes)}`);
  // Loaded by whoever makes one.
  const { default: sharp } = await import('sharp');
  const open = () => sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 }).autoOrient();
  const { autoOrient, hasAlpha } = await open().metadata();
  const { width, height } = autoOrient;
  if (width < SMALLEST || height < SMALLEST) throw new Error(`it has only ${width} × ${height} pixels`);
  const isOpaque = hasAlpha !== true || (await open().stats()).isOpaque;
  // Decoded once: what is tried after that is tried on the small picture.
  const picture = { width, height };
  const cutOut = framing === undefined || framing === 'whole' ? undefined : frameOf(picture, size, framing);
  const place = framing === 'whole' ? within(picture, size) : fitted(cutOut ?? picture, size);
  const chosen = cutOut === undefined ? open() : open().extract(cutOut);
  const cut = chosen.resize({ ...place, fit: 'cover', position: 'attention' }).toColourspace('srgb');
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

/** The part of a picture that has the shape of its place, around a point, as far as the picture reaches. In pixels. */
export function frameOf(picture: ImageSize, place: ImageSize, { x, y, zoom }: Framing) {
  const largest = Math.min(picture.width / place.width, picture.height / place.height);
  const scale = largest / Math.min(4, Math.max(1, zoom));
  const width = Math.max(1, Math.min(picture.width, Math.round(place.width * scale)));
  const height = Math.max(1, Math.min(picture.height, Math.round(place.height * scale)));
  return { left: startOf(x, picture.width, width), top: startOf(y, picture.height, height), width, height };
}

/** Where a part begins whose middle is at so many percent, inside the whole. */
function startOf(at: number, whole: number, part: number): number {
  return Math.round(Math.min(Math.max((at / 100) * whole - part / 2, 0), whole - part));
}

/** All of it, as large as its place allows. */
function within(picture: ImageSize, place: ImageSize): ImageSize {
  const scale = Math.min(1, place.width / picture.width, place.height / picture.height);
  return {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
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
