import { ImapFlow } from 'imapflow';
import type { Mailbox } from '../config/index.ts';
import { type IncomingMail, MAX_MESSAGE_BYTES, type TakeMail } from './mail.ts';

// Reads a mailbox over IMAP (RFC 9051). Nothing is moved or deleted there: what was read gets a keyword, or, where the server keeps no
// keywords, the flag that mail programs show as read.

const READ = '$RoundupRead';
const SEEN = '\\Seen';
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
  if (uids === false || uids === undefined) throw new Error('the mailbox could not be searched');
  const flag = keepsKeywords ? READ : SEEN;
  let taken = 0;
  let problem: unknown;
  // One that cannot be taken is there the next time, and holds up no other.
  for (const uid of uids.slice(0, most)) {
    const failed = await readOne(client, uid, { take, flag }).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failed === undefined) taken++;
    problem ??= failed;
    if (!client.usable) break;
  }
  if (problem !== undefined) throw problem;
  return taken;
}

async function readOne(client: ImapFlow, uid: number, { take, flag }: { take: TakeMail; flag: string }): Promise<void> {
  const found = await client.fetchOne(String(uid), { source: { maxLength: MAX_MESSAGE_BYTES } }, { uid: true });
  // Deleted meanwhile, by somebody else.
  if (found === false || found.source === undefined) return;
  await take(fetched(found.source));
  if (!(await client.messageFlagsAdd(String(uid), [flag], { uid: true })))
    throw new Error(`mails cannot be marked as read (${flag}): the account needs the right to do so`);
}

const MAX_RECIPIENTS = 50;
const MAX_ADDRESS_LENGTH = 320;

/** The envelope is not there any more: Return-Path has its sender (RFC 5321 4.4), and these headers whom it was for. */
function fetched(message: Buffer): IncomingMail {
  const fields = headerFields(message);
  const addressesIn = (names: string[]) =>
    fields
      .filter(([name]) => names.includes(name))
      .flatMap(([, value]) => value.split(/[\s<>",;:]/))
      .filter((word) => word.includes('@') && word.length <= MAX_ADDRESS_LENGTH);
  return {
    from: addressesIn(['return-path'])[0] ?? '',
    to: addressesIn(['delivered-to', 'x-original-to', 'envelope-to', 'to', 'cc']).slice(0, MAX_RECIPIENTS),
    message,
    client: '',
  };
}

const MAX_HEAD_BYTES = 64 * 1_024;

/** Names in lower case, values unfolded. */
function headerFields(message: Buffer): [string, string][] {
  const fields: [string, string][] = [];
  for (const line of message.subarray(0, MAX_HEAD_BYTES).toString('latin1').split(/\r?\n/)) {
    if (line === '') break;
    const last = fields.at(-1);
    const at = line.indexOf(':');
    if (/^[ \t]/.test(line)) {
      if (last !== undefined) last[1] += ` ${line.trim()}`;
    } else if (at > 0) fields.push([line.slice(0, at).toLowerCase(), line.slice(at + 1)]);
  }
  return fields;
}
