// INCOMING: where mail that comes back to us is taken, or fetched: addresses to listen on, and mailboxes to read.

export interface Listening {
  protocol: 'smtp' | 'lmtp';
  host: string;
  port: number;
}

export interface Mailbox {
  host: string;
  port: number;
  /** With TLS from the first byte; else by STARTTLS, without which no password is sent but to this machine. */
  secure: boolean;
  user: string;
  password: string;
  folder: string;
}

export interface Incoming {
  listen: Listening[];
  mailboxes: Mailbox[];
}

export const INCOMING_WANTS =
  'smtp://0.0.0.0:25 or lmtp://127.0.0.1:24 to listen, imaps://user:password@host/INBOX to fetch, several with spaces between';

/** Undefined where any of it cannot be read. */
export function parseIncoming(text: string): Incoming | undefined {
  const urls = text.split(/\s+/).map((one) => (URL.canParse(one) ? new URL(one) : undefined));
  const known = urls.filter((url) => url !== undefined && url.hostname !== '' && url.search === '') as URL[];
  const listen = known.filter(({ protocol }) => /^(smtp|lmtp):$/.test(protocol)).map(parseListening);
  const mailboxes = known.filter(({ protocol }) => /^imaps?:$/.test(protocol)).map(parseMailbox);
  if (listen.length + mailboxes.length < urls.length) return undefined;
  if (!isWhole(listen) || !isWhole(mailboxes)) return undefined;
  return { listen, mailboxes };
}

function isWhole<T>(list: (T | undefined)[]): list is T[] {
  return !list.includes(undefined);
}

function parseListening({ protocol, hostname, port, username, pathname }: URL): Listening | undefined {
  if (username !== '' || !/^\/?$/.test(pathname)) return undefined;
  const isSmtp = protocol === 'smtp:';
  return { protocol: isSmtp ? 'smtp' : 'lmtp', host: bare(hostname), port: Number(port || (isSmtp ? 25 : 24)) };
}

function parseMailbox({ protocol, hostname, port, username, password, pathname }: URL): Mailbox | undefined {
  const secure = protocol === 'imaps:';
  const [user, secret, folder] = [username, password, pathname.slice(1)].map(plain);
  if (!user || !secret || folder === undefined) return undefined;
  const number = Number(port || (secure ? 993 : 143));
  return { host: bare(hostname), port: number, secure, user, password: secret, folder: folder || 'INBOX' };
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function plain(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
