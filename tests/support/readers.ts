import PostalMime from 'postal-mime';
import type { App } from '../../src/app.ts';
import { sendReaderLetters } from '../../src/newsroom/index.ts';
import type { SmtpSink } from './smtpSink.ts';

// Readers' pages and letters, as a reader has them.

export type Fields = Record<string, string | string[]>;

/** Sends a form as a browser does. */
export function postFields(url: string, fields: Fields = {}, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams();
  for (const [name, values] of Object.entries(fields)) for (const value of [values].flat()) body.append(name, value);
  return fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
}

/** Lets every letter go that is due; returns all that have come, in order. */
export async function lettersSent(app: App, sink: SmtpSink) {
  while ((await sendReaderLetters(await app.newsroom())) > 0);
  return Promise.all(sink.mails.map(({ message }) => PostalMime.parse(message)));
}

/** Where a letter's link to such a page leads, from the server's root; `/none` where there is no such link. */
export function pathIn(text: string, page: string): string {
  const url = text.split(/\s/).find((word) => word.startsWith(`https://news.example.org/${page}/`));
  return (url ?? 'https://news.example.org/none').replace('https://news.example.org', '');
}
