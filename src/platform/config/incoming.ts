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
  const incoming: Incoming = { listen: [], mailboxes: [] };
  for (const one of text.split(/\s+/)) {
    const url = URL.canParse(one) ? new URL(one) : undefined;
    const host = url?.hostname.replace(/^\[|\]$/g, '') ?? '';
    if (url === undefined || host === '' || url.search !== '') return undefined;
    const scheme = url.protocol.slice(0, -1);
    if (scheme === 'smtp' || scheme === 'lmtp') {
      if (url.username !== '' || !/^\/?$/.test(url.pathname)) return undefined;
      incoming.listen.push({ protocol: scheme, host, port: Number(url.port || (scheme === 'smtp' ? 25 : 24)) });
    } else if (scheme === 'imap' || scheme === 'imaps') {
      const secure = scheme === 'imaps';
      const [user, password, folder] = [url.username, url.password, url.pathname.slice(1)].map(plain);
      if (!user || !password || folder === undefined) return undefined;
      const port = Number(url.port || (secure ? 993 : 143));
      incoming.mailboxes.push({ host, port, secure, user, password, folder: folder || 'INBOX' });
    } else return undefined;
  }
  return incoming;
}

function plain(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
