export { SOFT_BREAK, encodeQuotedPrintable } from './quotedPrintable.ts';
export { dateText, mailboxHeader, mailboxText, phrase, plainHeader, textHeader } from './headers.ts';
