import { type Tongue, directionOf } from '../lib/tongues.ts';
import { randomId } from '../lib/ids.ts';
import type { Mailbox } from '../lib/addresses.ts';
import { type LetterContent, renderLetter } from '../rendering/index.ts';
import { dateText, encodeQuotedPrintable, mailboxHeader, plainHeader, textHeader } from '../platform/mime/index.ts';
import { ar } from './words/ar.ts';
import { en } from './words/en.ts';
import { es } from './words/es.ts';
import { fr } from './words/fr.ts';
import type { LettersIn, ReaderLetter } from './words/letters.ts';

// Letters to readers, in their language. Nothing that a visitor typed is in them but the address that they go to.

const LETTERS: Record<Tongue, LettersIn> = { en, es, fr, ar };

export interface LetterView {
  publication: string;
  postalAddress: string;
  /** Where the button leads. */
  url: string;
  /** What stands for the `{names}` in the words; a paragraph of which nothing is left is left out. */
  values: Record<string, string>;
}

/** What a letter says, as a subject, HTML and text. */
export async function writeReaderLetter(
  letter: ReaderLetter,
  tongue: Tongue,
  { publication, postalAddress, url, values }: LetterView,
): Promise<{ subject: string; html: string; text: string }> {
  const words = LETTERS[tongue][letter];
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '').trim();
  const content: LetterContent = {
    language: tongue,
    direction: directionOf(tongue),
    subject: fill(words.subject),
    publication,
    postalAddress,
    title: fill(words.title),
    paragraphs: words.paragraphs.map(fill).filter(Boolean),
    button: words.button === undefined ? undefined : { label: words.button, url },
    small: (words.small ?? []).map(fill).filter(Boolean),
  };
  return { subject: content.subject, ...(await renderLetter(content)) };
}

export interface ReaderMail {
  subject: string;
  html: string;
  text: string;
  from: Mailbox;
  to: Mailbox;
  language: Tongue;
  /** The same at each try. */
  messageId: string;
  date: Date;
  /** The one-click address, where the letter belongs to a subscription (RFC 8058). */
  unsubscribeUrl?: string | undefined;
  /** The same by mail, as a mailto address. */
  unsubscribeMailto?: string | undefined;
}

/** The whole message: ASCII lines, none that begins with a dot, no CRLF at its end. */
export function readerMessage(mail: ReaderMail): Buffer {
  const { subject, html, text, from, to, language, messageId, date, unsubscribeUrl, unsubscribeMailto } = mail;
  const boundary = `=_${randomId()}`;
  const part = (type: string, body: string) => [
    `--${boundary}`,
    `Content-Type: ${type}; charset=utf-8`,
    'Content-Transfer-Encoding: quoted-printable',
    '',
    encodeQuotedPrintable(body.trimEnd()),
  ];
  const leaving =
    unsubscribeUrl === undefined
      ? []
      : [
          plainHeader(
            'List-Unsubscribe',
            [unsubscribeUrl, unsubscribeMailto].flatMap((way) => (way === undefined ? [] : [`<${way}>`])).join(', '),
          ),
          plainHeader('List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'),
        ];
  const lines = [
    mailboxHeader('From', from),
    mailboxHeader('To', to),
    textHeader('Subject', subject),
    plainHeader('Date', dateText(date)),
    plainHeader('Message-ID', `<${messageId}>`),
    // RFC 3834 5: nobody's out-of-office reply is wanted.
    plainHeader('Auto-Submitted', 'auto-generated'),
    ...leaving,
    plainHeader('Content-Language', language),
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative;\r\n boundary="${boundary}"`,
    '',
    ...part('text/plain', text),
    ...part('text/html', html),
    `--${boundary}--`,
  ];
  return Buffer.from(lines.join('\r\n'), 'utf8');
}
