// Quoted-printable (RFC 2045 6.7), written so that its output needs nothing more on its way: a dot at the beginning of a line
// is encoded (no dot-stuffing, RFC 5321 4.5.2), and so is the F of "From " (mbox). A text can be encoded in runs that are
// joined later, since every run begins and ends at a line's beginning.

const MAX_LINE = 76;
const HEX = '0123456789ABCDEF';
/** Ends a run whose line goes on in the next one. */
export const SOFT_BREAK = '=\r\n';

/** Encodes text; its line ends (LF or CRLF) become CRLF. The output is ASCII, in lines of at most 76 characters. */
export function encodeQuotedPrintable(text: string): string {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.map(encodeLine).join('\r\n');
}

function encodeLine(line: string): string {
  const bytes = Buffer.from(line, 'utf8');
  let out = '';
  let width = 0;
  for (let i = 0; i < bytes.length; i++) {
    const token = tokenAt(bytes, i, width === 0);
    // One column is kept for the "=" of a soft break; the last token of a line may use it.
    const last = i === bytes.length - 1;
    if (width + token.length > (last ? MAX_LINE : MAX_LINE - 1)) {
      out += SOFT_BREAK;
      width = 0;
      i--;
      continue;
    }
    out += token;
    width += token.length;
  }
  return out;
}

function tokenAt(bytes: Buffer, i: number, atStart: boolean): string {
  const byte = bytes[i] as number;
  const isSpace = byte === 0x20 || byte === 0x09;
  if (isSpace) return i === bytes.length - 1 ? escaped(byte) : String.fromCharCode(byte);
  if (byte < 0x21 || byte > 0x7e || byte === 0x3d) return escaped(byte);
  if (atStart && (byte === 0x2e || (byte === 0x46 && bytes.toString('latin1', i, i + 5) === 'From ')))
    return escaped(byte);
  return String.fromCharCode(byte);
}

function escaped(byte: number): string {
  return `=${HEX[byte >> 4]}${HEX[byte & 15]}`;
}
