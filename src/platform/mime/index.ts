export { type DkimKey, readDkimKey, signMessage } from './dkim.ts';
export { SOFT_BREAK, encodeQuotedPrintable } from './quotedPrintable.ts';
export { dateText, mailboxHeader, mailboxValue, phrase, plainHeader, textHeader } from './headers.ts';
