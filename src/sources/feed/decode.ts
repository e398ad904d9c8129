import { TextDecoder } from 'node:util';

const BOMS: [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
const PROLOG = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']/;

/** Bytes to text: by the byte order mark, else the header's charset, else the XML prolog's, else UTF-8 (RFC 7303 3). */
export function decodeText(bytes: Uint8Array, contentType: string): string {
  const label = bomOf(bytes) ?? charsetOf(contentType) ?? prologOf(bytes) ?? 'utf-8';
  return decoderFor(label).decode(bytes);
}

function bomOf(bytes: Uint8Array): string | undefined {
  return BOMS.find(([, bom]) => bom.every((byte, index) => bytes[index] === byte))?.[0];
}

function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1];
}

function prologOf(bytes: Uint8Array): string | undefined {
  return PROLOG.exec(Buffer.from(bytes.subarray(0, 256)).toString('latin1'))?.[1];
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder('utf-8');
  }
}
