import { TextDecoder } from 'node:util';
import { detect } from 'chardet';

const BOMS: [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
const PROLOG = /^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']/;
const META = /<meta\s[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)/i;
/** Encodings of which text may look like UTF-8 and be none. */
const NOT_ASCII_BASED = /^(utf-?16|utf-?32|iso-2022|hz|utf-7)/i;
const HEAD_BYTES = 4_096;
const SNIFFED_BYTES = 64 * 1024;

/**
 * Bytes to text: by the byte order mark, else by what the header, the XML prolog (RFC 7303 3) or the HTML's meta says, where
 * the bytes can be that, else by what they look like. Text that is valid UTF-8 is UTF-8, whatever is said of it.
 */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const mark = bomOf(bytes);
  if (mark !== undefined) return decoderFor(mark, false)?.decode(bytes) ?? '';
  const head = Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString('latin1');
  const said = [charsetOf(contentType), PROLOG.exec(head)?.[1], META.exec(head)?.[1]].filter(
    (label) => label !== undefined,
  );
  const order = said[0] !== undefined && NOT_ASCII_BASED.test(said[0]) ? said : ['utf-8', ...said];
  for (const label of [...order, ...wideLabels(bytes), 'utf-8']) {
    const text = decoded(label, bytes);
    if (text !== undefined) return text;
  }
  const damaged = said.some((label) => /^utf-?8$/i.test(label)) ? damagedUtf8(bytes) : undefined;
  return damaged ?? decoded(sniffed(bytes), bytes) ?? windowsText(Buffer.from(bytes).toString('latin1'));
}

/** Undefined where the bytes cannot be that, or nobody knows what that is. */
function decoded(label: string, bytes: Uint8Array): string | undefined {
  try {
    const decoder = decoderFor(label, true);
    const plain = decoder?.decode(bytes);
    const text = decoder?.encoding === 'windows-1252' && plain !== undefined ? windowsText(plain) : plain;
    return text === undefined ? undefined : withoutNulls(text);
  } catch {
    return undefined;
  }
}

/** A stray NUL is an accident; many of them are another encoding. */
function withoutNulls(text: string): string | undefined {
  if (!text.includes('\0')) return text;
  const bare = text.replaceAll('\0', '');
  return (text.length - bare.length) * 10 > text.length ? undefined : bare;
}

/** Text that says that it is UTF-8, and mostly is: a few broken bytes do not make it another encoding. */
function damagedUtf8(bytes: Uint8Array): string | undefined {
  const text = decoderFor('utf-8', false)?.decode(bytes) ?? '';
  const broken = text.split('\ufffd').length - 1;
  let whole = 0;
  for (let at = 0; at < text.length && whole <= broken; at++)
    if (text.charCodeAt(at) > 0x7f && text[at] !== '\ufffd') whole++;
  return whole > broken ? withoutNulls(text) : undefined;
}

function decoderFor(label: string, fatal: boolean): TextDecoder | undefined {
  try {
    return new TextDecoder(label, { fatal });
  } catch {
    return undefined;
  }
}

function bomOf(bytes: Uint8Array): string | undefined {
  return BOMS.find(([, bom]) => bom.every((byte, index) => bytes[index] === byte))?.[0];
}

/** UTF-16 without its mark: every other byte of markup is zero. */
function wideLabels(bytes: Uint8Array): string[] {
  if (bytes[0] === 0 && bytes[1] !== 0) return ['utf-16be'];
  return bytes[0] !== 0 && bytes[1] === 0 ? ['utf-16le'] : [];
}

function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*["']?([^"';\s]+)/i.exec(contentType)?.[1];
}

function sniffed(bytes: Uint8Array): string {
  return detect(bytes.subarray(0, SNIFFED_BYTES)) ?? 'windows-1252';
}

/** Some versions of Node decode windows-1252 as ISO 8859-1; they differ in these (encoding.spec.whatwg.org, index windows-1252). */
const WINDOWS_C1 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

function windowsText(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (letter) => WINDOWS_C1[letter.charCodeAt(0) - 0x80] ?? letter);
}
