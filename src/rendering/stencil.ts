import type { Mailbox } from '../lib/addresses.ts';
import { escapeHtml } from '../lib/escape.ts';
import {
  SOFT_BREAK,
  encodeQuotedPrintable,
  mailboxHeader,
  phrase,
  plainHeader,
  textHeader,
} from '../platform/mime/index.ts';
import { type Cut, type GapName, openGaps } from './gaps.ts';

// The stencil is the finished MIME message, encoded once and cut at its gaps. For each reader only the gaps' values are
// encoded: what a mail costs is a copy of its bytes. In the bodies a gap stands on lines of its own, between soft line breaks,
// so that neither its length nor its first character touches what is around it.

export interface Stencil {
  /** The key that signs the tokens in the gaps, so that a retry after a change of keys is the same mail. */
  keyId: string;
  /** The envelope's sender where no return path is configured. */
  sender: string;
  segments: Segment[];
}

export type Segment = string | { gap: GapName; form: GapForm };

/** How a gap's value is written: as it is, or in a body as quoted-printable text or HTML. */
type GapForm = 'plain' | 'text' | 'html';

export interface StencilInput {
  from: Mailbox;
  replyTo: Mailbox | null;
  subject: string;
  html: Cut;
  text: Cut;
  language: string;
  hash: string;
  /** `name <id>` of the list (RFC 2919). */
  list: { name: string; id: string };
  feedbackId: string;
  keyId: string;
  /** The one-click address (RFC 8058) for a token. */
  unsubscribeUrl: (token: string) => string;
  /** A mail that says the same (RFC 2369 3.2), as a mailto address for a token; undefined where none comes in. */
  unsubscribeMailto?: ((token: string) => string) | undefined;
}

/** What goes into the gaps for one reader. `to` and `messageId` are header values. */
export type GapValues = Record<GapName, string>;

export function makeStencil(input: StencilInput): Stencil {
  // "=_" cannot stand in quoted-printable text (RFC 2045 6.7), so no body can hold the boundary.
  const boundary = `=_${input.hash.slice(0, 24)}`;
  const part = (type: string) =>
    [
      `--${boundary}`,
      `Content-Type: ${type}; charset=utf-8`,
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '',
    ].join('\r\n');
  const segments: Segment[] = [
    ...headers(input, boundary),
    `\r\n${part('text/plain')}`,
    ...body(input.text, 'text'),
    `\r\n${part('text/html')}`,
    ...body(input.html, 'html'),
    // Without a last line end: the hand-over adds it, with the dot.
    `\r\n--${boundary}--`,
  ];
  return { keyId: input.keyId, sender: input.from.address, segments: merged(segments) };
}

/** The whole message for one reader: ASCII lines of at most 998 characters, none beginning with a dot, no CRLF at its end. */
export function splice(stencil: Stencil, values: GapValues): Buffer {
  return new Splicer(stencil).splice((gap) => values[gap]);
}

/** So that the next reader's message, whose name is longer, fits into the same place. */
const SLACK_BYTES = 1_024;

/** A stencil made ready for many readers: what is the same for all of them is there as bytes. */
export class Splicer {
  readonly #parts: (Buffer | number)[];
  readonly #gaps: { gap: GapName; form: GapForm; count: number }[] = [];
  readonly #fixedBytes: number;

  constructor({ segments }: Stencil) {
    this.#parts = segments.map((segment) =>
      typeof segment === 'string' ? Buffer.from(segment, 'latin1') : this.#indexOf(segment),
    );
    this.#fixedBytes = this.#parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 0 : part.length), 0);
  }

  /**
   * The message with the gaps filled by `valueOf`, which is asked once a gap and form. It is written into `space` where that is
   * large enough, and is then good until the next message is.
   */
  splice(valueOf: (gap: GapName) => string, space?: Buffer): Buffer {
    // An address with a local part beyond ASCII (RFC 6531) stands in the To header as UTF-8.
    const values = this.#gaps.map(({ gap, form }) => {
      const text = written(valueOf(gap), form);
      return { text, bytes: Buffer.byteLength(text) };
    });
    let size = this.#fixedBytes;
    for (const [index, { bytes }] of values.entries()) size += bytes * (this.#gaps[index]?.count ?? 0);
    const place = space !== undefined && space.length >= size ? space : Buffer.allocUnsafeSlow(size + SLACK_BYTES);
    const message = place.subarray(0, size);
    let at = 0;
    for (const part of this.#parts) {
      if (typeof part === 'number') at += message.write(values[part]?.text ?? '', at);
      else {
        message.set(part, at);
        at += part.length;
      }
    }
    return message;
  }

  #indexOf({ gap, form }: { gap: GapName; form: GapForm }): number {
    const known = this.#gaps.findIndex((other) => other.gap === gap && other.form === form);
    const entry = this.#gaps[known];
    if (entry !== undefined) entry.count++;
    return entry === undefined ? this.#gaps.push({ gap, form, count: 1 }) - 1 : known;
  }
}

function headers(input: StencilInput, boundary: string): Segment[] {
  const gaps = openGaps();
  const lines = [
    mailboxHeader('From', input.from),
    ...(input.replyTo === null ? [] : [mailboxHeader('Reply-To', input.replyTo)]),
    `To: ${gaps.marker('to')}`,
    textHeader('Subject', input.subject),
    `Date: ${gaps.marker('date')}`,
    `Message-ID: <${gaps.marker('messageId')}>`,
    plainHeader('List-ID', `${phrase(input.list.name)} <${input.list.id}>`),
    `List-Unsubscribe: ${waysToLeave(input, gaps.marker('unsubscribeToken'))}`,
    'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    plainHeader('Feedback-ID', input.feedbackId),
    ...(input.language === '' ? [] : [plainHeader('Content-Language', input.language)]),
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
  ];
  const head = gaps.cut(`${lines.join('\r\n')}\r\n`);
  return head.map((part) => (typeof part === 'string' ? part : { gap: part.gap, form: 'plain' }));
}

/** The one-click address first: whoever knows it takes it. */
function waysToLeave({ unsubscribeUrl, unsubscribeMailto }: StencilInput, token: string): string {
  const url = `<${unsubscribeUrl(token)}>`;
  return unsubscribeMailto === undefined ? url : `${url},\r\n <${unsubscribeMailto(token)}>`;
}

function body(cut: Cut, form: GapForm): Segment[] {
  return cut.flatMap((part, index) => {
    if (typeof part !== 'string') return [{ gap: part.gap, form }, SOFT_BREAK];
    const encoded = encodeQuotedPrintable(part);
    return index === cut.length - 1 ? [encoded] : [encoded, SOFT_BREAK];
  });
}

/** Most values are tokens, which are the same in any form. */
const ANYWHERE = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,74}$/;

function written(value: string, form: GapForm): string {
  if (ANYWHERE.test(value)) return value;
  switch (form) {
    case 'plain':
      return value;
    case 'text':
      return encodeQuotedPrintable(value);
    case 'html':
      return encodeQuotedPrintable(escapeHtml(value));
  }
}

function merged(segments: Segment[]): Segment[] {
  const out: Segment[] = [];
  for (const segment of segments) {
    const last = out.at(-1);
    if (typeof segment === 'string' && typeof last === 'string') out[out.length - 1] = last + segment;
    else out.push(segment);
  }
  return out;
}
