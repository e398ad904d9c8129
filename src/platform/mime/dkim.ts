import { createHash, createPrivateKey, type KeyObject, sign as signWithKey } from 'node:crypto';
import { promisify } from 'node:util';

// DKIM signatures (RFC 6376; Ed25519: RFC 8463) over the final bytes of a message. Headers are canonicalised as `relaxed`. The
// body is `simple`: ours is quoted-printable or ASCII, without white space at line ends, so that there is nothing in it that a
// server on the way would tidy up, and its hash is that of its bytes. RSA signing, the dear part, runs on the thread pool.

export interface DkimKey {
  domain: string;
  selector: string;
  algorithm: 'rsa' | 'ed25519';
  key: KeyObject;
}

/**
 * What is signed, where the message has it. List-Unsubscribe-Post must be among them for one-click unsubscribing to hold
 * (RFC 8058 4). Those that a reader sees are signed once more than they are there, so that nobody can add another
 * (RFC 6376 5.4.2, 8.15).
 */
const SIGNED = [
  'from',
  'reply-to',
  'to',
  'subject',
  'date',
  'message-id',
  'list-id',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'feedback-id',
  'content-language',
  'mime-version',
  'content-type',
];
const OVERSIGNED = new Set(['from', 'reply-to', 'to', 'subject', 'date', 'list-unsubscribe', 'list-unsubscribe-post']);
const HEADER_END = Buffer.from('\r\n\r\n');
const CRLF = Buffer.from('\r\n');
const BASE64_LINE = 72;

const signAsync = promisify<string | null, Uint8Array, KeyObject, Buffer>(signWithKey);

export function readDkimKey(pem: string): KeyObject {
  return createPrivateKey(pem);
}

/**
 * The message with one DKIM-Signature for each key in front of it; as it is where there is none. The same message and time
 * give the same bytes. `message` is without its last CRLF, which the hand-over adds. Rejects where a key does not sign.
 */
export async function signMessage(message: Uint8Array, keys: readonly DkimKey[], at: Date): Promise<Uint8Array[]> {
  if (keys.length === 0) return [message];
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const headerEnd = bytes.indexOf(HEADER_END);
  if (headerEnd === -1) throw new Error('a message without a body cannot be signed');
  const bodyHash = createHash('sha256')
    .update(bytes.subarray(headerEnd + HEADER_END.length))
    .update(CRLF)
    .digest('base64');
  const headers = relaxedHeaders(bytes.toString('utf8', 0, headerEnd));
  const signatures = await Promise.all(keys.map((key) => signatureHeader(key, { headers, bodyHash, at })));
  return [Buffer.from(signatures.join('')), message];
}

interface SigningInput {
  headers: Map<string, string[]>;
  bodyHash: string;
  at: Date;
}

async function signatureHeader(key: DkimKey, { headers, bodyHash, at }: SigningInput): Promise<string> {
  const names: string[] = [];
  const lines: string[] = [];
  for (const name of SIGNED) {
    const values = headers.get(name) ?? [];
    // From the last to the first (RFC 6376 5.4.2).
    for (const value of values.toReversed()) lines.push(`${name}:${value}\r\n`);
    names.push(...values.map(() => name), ...(OVERSIGNED.has(name) ? [name] : []));
  }
  const tags = [
    `v=1; a=${key.algorithm}-sha256; c=relaxed/simple; d=${key.domain}; s=${key.selector};`,
    ` t=${Math.floor(at.getTime() / 1_000)}; bh=${bodyHash};`,
    ...folded(` h=${names.join(':')};`, ':'),
    ' b=',
  ].join('\r\n');
  const unsigned = `dkim-signature:${relaxed(tags)}`;
  const input = Buffer.from(lines.join('') + unsigned);
  const signature = await signatureOf(key, input);
  const wrapped = signature.match(new RegExp(`.{1,${BASE64_LINE}}`, 'g'))?.join('\r\n ') ?? '';
  return `DKIM-Signature: ${tags}${wrapped}\r\n`;
}

/** RFC 8463 3: Ed25519 signs the hash, and does so too fast to be worth a thread. */
async function signatureOf({ algorithm, key }: DkimKey, input: Buffer): Promise<string> {
  if (algorithm === 'rsa') return (await signAsync('sha256', input, key)).toString('base64');
  return signWithKey(null, createHash('sha256').update(input).digest(), key).toString('base64');
}

/** By name in lower case, each value in its relaxed form (RFC 6376 3.4.2), in the order of the message. */
function relaxedHeaders(block: string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of block.split(/\r\n(?![ \t])/)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const values = headers.get(name) ?? [];
    if (values.length === 0) headers.set(name, values);
    values.push(relaxed(line.slice(colon + 1)));
  }
  return headers;
}

function relaxed(value: string): string {
  return value
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
}

/** Broken after a separator, so that no line is longer than 78 characters. */
function folded(text: string, separator: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(new RegExp(`(?<=${separator})`))) {
    if (line.length + part.length > 76) {
      lines.push(line);
      line = ' ';
    }
    line += part;
  }
  return [...lines, line];
}
