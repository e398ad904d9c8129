import { escapeHtml } from '../lib/escape.ts';
import { wrap } from '../lib/wrap.ts';

const WIDTH = 1_200;
const HEIGHT = 630;
const CHARACTERS_A_LINE = 30;

/** The picture beside a link in a chat or a network (Open Graph): an edition's photograph, or its words on a card. JPEG. */
export async function shareImage(
  photo: Uint8Array | undefined,
  { title, above, direction }: { title: string; above: string; direction: 'ltr' | 'rtl' },
): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const base =
    photo === undefined
      ? sharp(Buffer.from(card(title, above, direction)))
      : sharp(photo).resize({ width: WIDTH, height: HEIGHT, fit: 'cover', position: 'attention' });
  return base.flatten({ background: '#fffdf9' }).jpeg({ quality: 80, mozjpeg: true }).toBuffer();
}

function card(title: string, above: string, direction: 'ltr' | 'rtl'): string {
  const isRtl = direction === 'rtl';
  const place = `x="${isRtl ? WIDTH - 90 : 90}" direction="${direction}" text-anchor="start"`;
  const lines = wrap(title, CHARACTERS_A_LINE).split('\n').slice(0, 5);
  const rows = lines
    .map(
      (line, at) => `<text ${place} y="${230 + at * 78}" font-size="64" font-weight="bold">${escapeHtml(line)}</text>`,
    )
    .join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="Georgia, 'DejaVu Serif', serif" fill="#1d1b18">
    <rect width="${WIDTH}" height="${HEIGHT}" fill="#fffdf9"/><rect width="${WIDTH}" height="18" fill="#9a2a1d"/>
    <text ${place} y="120" font-size="34" fill="#5f574c">${escapeHtml(above)}</text>${rows}</svg>`;
}
