import { ImapFlow } from 'imapflow';
import type { Mailbox } from '../config/index.ts';
import { type IncomingMail, MAX_MESSAGE_BYTES, type TakeMail } from './mail.ts';

// Reads a mailbox over IMAP (RFC 9051). Nothing is moved or deleted there: what was read gets a keyword, or, where the server keeps no
// keywords, the flag that mail programs show as read.

const READ = '$RoundupRead';
const SEEN = '\\Seen';
const AT_ONCE = 20;
const TIMEOUT_MS = 30_000;

/** Takes all that is new, and no more than `most`; returns how many. Throws what the server, or taking one, says. */
export async function fetchMail(mailbox: Mailbox, take: TakeMail, most = 500): Promise<number> {
  const client = clientFor(mailbox);
  // What goes wrong between commands ends the next one.
  client.on('error', () => {});
  await client.connect();
  try {
    const lock = await client.getMailboxLock(mailbox.folder);
    try {
      return await readAll(client, take, most);
    } finally {
      lock.release();
    }
  } finally {
    await client.logout().catch(() => client.close());
  }
}

/** Can it be opened? Throws what the server says. */
export async function probeMailbox(mailbox: Mailbox): Promise<void> {
  const client = clientFor(mailbox);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.mailboxOpen(mailbox.folder, { readOnly: true });
  } finally {
    await client.logout().catch(() => client.close());
  }
}

function clientFor({ host, port, secure, user, password }: Mailbox): ImapFlow {
  const isHere = /^(127\.|::1$|localhost$)/.test(host);
  return new ImapFlow({
    host,
    port,
    secure,
    // Over a network that is not ours no password goes in the clear.
    doSTARTTLS: secure || isHere ? undefined : true,
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: 2 * TIMEOUT_MS,
  });
}

async function readAll(client: ImapFlow, take: TakeMail, most: number): Promise<number> {
  const { permanentFlags } = client.mailbox === false ? { permanentFlags: undefined } : client.mailbox;
  const keepsKeywords = permanentFlags?.has('\\*') === true || permanentFlags?.has(READ) === true;
  const uids = await client.search(keepsKeywords ? { unKeyword: READ } : { seen: false }, { uid: true });
  const wanted = (uids === false ? [] : (uids ?? [])).slice(0, most);
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const some = wanted.slice(at, at + AT_ONCE);
    for (const uid of some) {
      const found = await client.fetchOne(String(uid), { source: { maxLength: MAX_MESSAGE_BYTES } }, { uid: true });
      if (found !== false && found.source !== undefined) await take(fetched(found.source));
    }
    await client.messageFlagsAdd(some.join(','), [keepsKeywords ? READ : SEEN], { uid: true });
  }
  return wanted.length;
}

/** The envelope is not there any more: Return-Path has its sender (RFC 5321 4.4), and these headers whom it was for. */
function fetched(message: Buffer): IncomingMail {
  const head =
    message
      .subarray(0, 64 * 1_024)
      .toString('latin1')
      .split(/\r?\n\r?\n/)[0] ?? '';
  const values = (name: string) =>
    [...head.matchAll(new RegExp(`^${name}:((?:.|\\r?\\n[ \\t])*)`, 'gim'))].map(([, value = '']) => value);
  const addresses = (names: string[]) =>
    names.flatMap(values).flatMap((value) => value.match(/[^\s<>",;:]+@[^\s<>",;:]+/g) ?? []);
  const [returnPath] = values('Return-Path');
  return {
    from: returnPath === undefined ? '' : (returnPath.match(/[^\s<>]+@[^\s<>]+/)?.[0] ?? ''),
    to: addresses(['Delivered-To', 'X-Original-To', 'Envelope-To', 'To', 'Cc']),
    message,
    client: '',
  };
}
