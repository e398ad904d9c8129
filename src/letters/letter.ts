import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Mailbox } from '../lib/addresses.ts';
import { randomId } from '../lib/ids.ts';
import { PROJECT_ROOT } from '../lib/root.ts';
import { dateText, encodeQuotedPrintable, mailboxHeader, plainHeader, textHeader } from '../platform/mime/index.ts';
import type { StuffedMessage } from '../platform/smtp/index.ts';

// One-off mails, plain text: notices to editors. What a letter says stands in templates/letters, its first line being the
// subject.

export type LetterName =
  // Of editions:
  | 'edition-proposed'
  | 'approval-reminder'
  | 'approval-missed'
  | 'approval-withdrawn'
  | 'standing-approval-used'
  | 'slot-missed'
  | 'too-little-news'
  | 'review-asked'
  | 'review-sent-back'
  // Of accounts:
  | 'invitation'
  | 'password-reset'
  // Of the mail server:
  | 'test-mail'
  // Of sources:
  | 'source-failing'
  | 'source-silent'
  // Of sends:
  | 'domain-held'
  | 'edition-held'
  | 'mail-not-made';

export interface Letter {
  subject: string;
  text: string;
}

const FOLDER = path.join(PROJECT_ROOT, 'templates/letters');

export async function writeLetter(name: LetterName, view: Record<string, string | number>): Promise<Letter> {
  // Loaded by whoever writes one.
  const { default: Handlebars } = await import('handlebars');
  const template = Handlebars.compile(readFileSync(path.join(FOLDER, `${name}.txt.hbs`), 'utf8'), {
    noEscape: true,
    strict: true,
  });
  const [subject = '', ...lines] = template(view).split('\n');
  return { subject, text: `${lines.join('\n').trim()}\n` };
}

/** The whole message, in the form in which a relay's pool takes it. */
export function letterMessage(letter: Letter, from: Mailbox, to: Mailbox, date: Date): StuffedMessage {
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const lines = [
    mailboxHeader('From', from),
    mailboxHeader('To', to),
    textHeader('Subject', letter.subject),
    plainHeader('Date', dateText(date)),
    plainHeader('Message-ID', `<${randomId()}@${domain}>`),
    // RFC 3834 5: nobody's out-of-office reply is wanted.
    plainHeader('Auto-Submitted', 'auto-generated'),
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    encodeQuotedPrintable(letter.text.trimEnd()),
  ];
  return [Buffer.from(lines.join('\r\n'), 'utf8')];
}
