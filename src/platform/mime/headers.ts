import { encodeWord } from 'nodemailer/lib/mime-funcs';
import type { Mailbox } from '../../lib/addresses.ts';
import { oneLine } from '../../lib/text.ts';

// The one encoder through which every header value goes. Whatever text comes in, one header goes out: no CR, LF or NUL of the
// value's own, lines of at most 76 characters, 8-bit text as encoded words (RFC 2047).

const MAX_LINE = 76;
const ENCODED_WORD = 52;
const ATOM_TEXT = /^[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*$/;

/** `Subject: …` and its like: an unstructured value. */
export function textHeader(name: string, value: string): string {
  return fold(`${name}: ${encodeText(oneLine(value))}`);
}

/** `From: "Name" <address>` and its like (RFC 5322 3.4). The address must have come from parseAddress. */
export function mailboxHeader(name: string, mailbox: Mailbox): string {
  return fold(`${name}: ${mailboxText(mailbox)}`);
}

/** The value alone, folded so that it can stand behind `name: `. */
export function mailboxValue(name: string, mailbox: Mailbox): string {
  return mailboxHeader(name, mailbox).slice(name.length + 2);
}

/** A header whose value is ASCII made by us, such as a URL in angle brackets: folded at spaces only. */
export function plainHeader(name: string, value: string): string {
  return fold(`${name}: ${oneLine(value)}`);
}

/** `Phrase <id>`, as in List-ID (RFC 2919). */
export function phrase(text: string): string {
  const clean = oneLine(text);
  if (!isPlain(clean)) return encodeWords(clean);
  return ATOM_TEXT.test(clean) ? clean : `"${clean.replace(/["\\]/g, '\\$&')}"`;
}

function mailboxText({ name, address }: Mailbox): string {
  return oneLine(name) === '' ? `<${address}>` : `${phrase(name)} <${address}>`;
}

/** RFC 5322 3.3, in UTC. */
export function dateText(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}

function encodeText(value: string): string {
  return isPlain(value) ? value : encodeWords(value);
}

/** Can it stand as it is: printable ASCII that holds nothing like an encoded word and can be folded? */
function isPlain(value: string): boolean {
  return /^[ -~]*$/.test(value) && !value.includes('=?') && !/\S{60}/.test(value);
}

function encodeWords(value: string): string {
  return encodeWord(value, 'B', ENCODED_WORD);
}

/** Breaks a header at spaces, each following line beginning with one (RFC 5322 2.2.3). */
function fold(header: string): string {
  const lines: string[] = [];
  let line = '';
  for (const [index, word] of header.split(' ').entries()) {
    if (index > 1 && line.length + 1 + word.length > MAX_LINE) {
      lines.push(line);
      line = ` ${word}`;
    } else {
      line += index === 0 ? word : ` ${word}`;
    }
  }
  return [...lines, line].join('\r\n');
}
